/**
 * A real ingest thread. It runs from `dist/`: a worker thread has no TypeScript loader, so under a test runner, where this
 * very file is TypeScript, the built file is taken.
 */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../domain/errors.ts';
import type { SpawnThread } from './thread-pool.ts';

const mebibyte = 1024 * 1024;

function entry(): URL {
  const here = import.meta.url;
  return here.endsWith('.ts')
    ? new URL('../../dist/activities/ingest/thread/main.js', here)
    : new URL('./thread/main.js', here);
}

/** The byte budget is an estimate within a factor of two, and one task may hold all of it; merging needs its own room. */
export function spawnWorkerThread(options: { memoryBytes: number }): SpawnThread {
  const maxOldGenerationSizeMb = Math.ceil((2 * options.memoryBytes) / mebibyte) + 512;
  return (handlers) => {
    const worker = new Worker(entry(), { resourceLimits: { maxOldGenerationSizeMb } });
    let why = 'it stopped by itself';
    worker.on('message', handlers.onMessage);
    worker.on('error', (error: unknown) => (why = messageOf(error)));
    worker.on('exit', (code) => handlers.onExit(`${why} (exit code ${code})`));
    return {
      post: (message) => worker.postMessage(message),
      terminate: async () => {
        await worker.terminate();
      },
    };
  };
}
