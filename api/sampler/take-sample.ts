/**
 * Takes a sample in a thread of its own, with bounded memory and time: what somebody else's records or expressions cost must
 * not be felt by other callers. A few at a time.
 */
import { Worker } from 'node:worker_threads';
import { HeadgateError, type ErrorCode } from '../../domain/errors.ts';
import type { SampleOrder } from './sampler-request.ts';

export type SampleAnswer =
  | { readonly kind: 'sampled'; readonly text: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode | null; readonly message: string };

/** What a thread is started with. */
export type SamplerData = { readonly order: SampleOrder; readonly secretEnvPrefixes: readonly string[] };

const memoryMb = 512;
const atOnceMost = 2;
/** Beyond the sample's own time: starting, answering, closing. */
const graceMs = 15_000;

function entry(): URL {
  const here = import.meta.url;
  return here.endsWith('.ts')
    ? new URL('../../dist/api/sampler/sampler-thread.js', here)
    : new URL('./sampler-thread.js', here);
}

export class Sampler {
  readonly #running = new Set<Worker>();
  readonly #secretEnvPrefixes: readonly string[];

  constructor(options: { readonly secretEnvPrefixes: readonly string[] }) {
    this.#secretEnvPrefixes = options.secretEnvPrefixes;
  }

  /** Druid's answer as JSON text. Throws what kept it from being taken, as the caller's mistake where it is one. */
  async take(order: SampleOrder): Promise<string> {
    if (this.#running.size >= atOnceMost)
      throw new HeadgateError(
        'REQUEST_INVALID',
        `Failed to sample data: ${atOnceMost} samples are being taken already; try again in a moment`,
        { details: { status: 429 } },
      );
    const worker = new Worker(entry(), {
      workerData: { order, secretEnvPrefixes: this.#secretEnvPrefixes } satisfies SamplerData,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    this.#running.add(worker);
    try {
      const answer = await answerOf(worker, order.limits.timeoutMs + graceMs);
      if (answer.kind === 'sampled') return answer.text;
      // What is not one of our errors is our own mistake.
      if (answer.code === null) throw new Error(answer.message);
      throw failed(answer.message, answer.code);
    } finally {
      this.#running.delete(worker);
      await worker.terminate();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((worker) => worker.terminate()));
  }
}

function answerOf(worker: Worker, patienceMs: number): Promise<SampleAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(failed(`not finished within ${patienceMs / 1_000} s`, null)),
      patienceMs,
    );
    const settle = (end: () => void) => {
      clearTimeout(timer);
      end();
    };
    worker.once('message', (answer: SampleAnswer) => settle(() => resolve(answer)));
    worker.once('error', (error: unknown) => settle(() => reject(asRefusal(error))));
    worker.once('exit', () => settle(() => reject(failed('it was stopped', null))));
  });
}

function asRefusal(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return failed(`it needs more than ${memoryMb} MB of memory; ask for fewer rows`, null);
}

/** As Druid: what keeps a sample from being taken is the caller's to put right (400). */
function failed(why: string, code: ErrorCode | null): HeadgateError {
  return new HeadgateError(code ?? 'REQUEST_INVALID', `Failed to sample data: ${why}`, {
    details: { status: 400 },
  });
}
