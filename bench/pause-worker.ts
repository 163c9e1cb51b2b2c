/**
 * An ingest process of `bench:pause`: the real attempt of one replica, without Temporal. It reports when each pause was
 * ordered, when the thread stood still, and when it was told to go on.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { asFromThread } from '../activities/ingest/protocol.ts';
import type { IngestDeps } from '../activities/ingest/deps.ts';
import { Failpoints } from '../activities/ingest/failpoints.ts';
import { HighWater } from '../activities/ingest/high-water.ts';
import { LiveBoard } from '../activities/ingest/live-board.ts';
import { MemoryBudget } from '../activities/ingest/memory-budget.ts';
import { NoticeBoard } from '../activities/ingest/notice-board.ts';
import { Siblings } from '../activities/ingest/siblings.ts';
import { runAttempt } from '../activities/ingest/task-runner.ts';
import { ThreadPool } from '../activities/ingest/thread-pool.ts';
import type { SpawnThread } from '../activities/ingest/thread-pool.ts';
import { openLocalDeepStorage } from '../segments/deep-storage/local.ts';
import { Notifications } from '../storage/notifications.ts';
import { openPool } from '../storage/pool.ts';
import type { IngestInput } from '../workflows/contract.ts';

export type WorkerOrder = {
  readonly url: string;
  readonly folder: string;
  readonly name: string;
  readonly rowsPerSecond: number | null;
  readonly input: IngestInput;
};

/** Times of one pause of this replica, in milliseconds since the epoch, with fractions. */
export type PauseTimes = { readonly ordered: number; readonly stood: number; readonly freed: number };

const now = () => performance.timeOrigin + performance.now();

process.once('message', (order: WorkerOrder) => {
  run(order).catch((error: unknown) => {
    console.error(order.name, error);
    process.exit(1);
  });
});

async function run({ url, folder, name, rowsPerSecond, input }: WorkerOrder): Promise<void> {
  const pool = openPool({ url, max: 12, applicationName: name });
  const notices = new NoticeBoard();
  await notices.listen(new Notifications(url));
  const deps: IngestDeps = {
    pool,
    notices,
    deepStorage: openLocalDeepStorage(join(folder, 'deep')),
    threads: new ThreadPool({ spawn: timed(rowsPerSecond), threads: 1, log: console.error }),
    memory: new MemoryBudget(512 * 1024 * 1024),
    siblings: new Siblings(),
    highWater: new HighWater(),
    failpoints: new Failpoints(undefined, () => undefined),
    live: new LiveBoard(),
    workerId: name,
    scratch: join(tmpdir(), `${name}-${process.pid}`),
    sourceOf: () => ({ kind: 'test', name: 'endless' }),
    letterSink: () => {
      throw new Error('no letters here');
    },
    signalGroup: () => Promise.resolve(),
    log: { info: () => undefined, warn: (facts, message) => console.error(name, message, facts) },
  };
  const stop = new AbortController();
  await runAttempt(deps, input, {
    activityRun: name,
    attempt: 1,
    heartbeat: () => undefined,
    stop: stop.signal,
  });
  process.exit(0);
}

/** Threads whose pauses are timed where the main thread sees them. */
function timed(rowsPerSecond: number | null): SpawnThread {
  return (handlers) => {
    const boot = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(
      new URL('./pause-thread.ts', import.meta.url).href,
    )}); })`;
    const worker = new Worker(boot, { eval: true, workerData: { rowsPerSecond } });
    let ordered = 0;
    let stood = 0;
    worker.on('message', (message: unknown) => {
      if (asFromThread(message).kind === 'paused') stood = now();
      handlers.onMessage(message);
    });
    worker.on('error', (error) => console.error(error));
    worker.on('exit', (code) => handlers.onExit(`exit code ${code}`));
    return {
      post: (message) => {
        if (message.kind === 'pause') ordered = now();
        if (message.kind === 'ends' && ordered > 0) {
          process.send?.({ ordered, stood, freed: now() } satisfies PauseTimes);
          ordered = 0;
        }
        worker.postMessage(message);
      },
      terminate: async () => {
        await worker.terminate();
      },
    };
  };
}
