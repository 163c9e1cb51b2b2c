/** Asks a stream for its partitions and bounds, in bounded time; what goes wrong is an answer, not an exception. */
import { HeadgateError, isHeadgateError, messageOf } from '../../domain/errors.ts';
import { toPosition } from '../../domain/positions.ts';
import type { Position } from '../../domain/positions.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import type { ObservedError } from '../../domain/supervisor/observation.ts';
import type { StreamFacts } from '../../domain/supervisor/facts.ts';
import type { RecordSource } from '../../streams/record-source.ts';
import { TimeLag } from './time-lag.ts';

const limitMs = 10_000;

/** Keeps one source open per spec version: a look every period must not mean a connection every period. */
export class StreamEye {
  readonly #open: (spec: SupervisorSpec) => RecordSource;
  #current: { version: number; spec: SupervisorSpec; source: RecordSource; timeLag: TimeLag } | null = null;

  constructor(open: (spec: SupervisorSpec) => RecordSource) {
    this.#open = open;
  }

  async look(spec: SupervisorSpec, version: number): Promise<StreamFacts> {
    try {
      return await within(limitMs, spec.io.topic, this.#ask(await this.#sourceOf(spec, version), spec));
    } catch (error) {
      // What hung once may hang for ever: begin with a new connection.
      await this.close();
      return { kind: 'failed', error: observedError(error) };
    }
  }

  /**
   * Milliseconds behind the newest record, where the spec of the last look wants them and they can be known. Beside the
   * look: it may take some seconds, once per offsetFetchPeriod.
   */
  async timeLags(
    current: ReadonlyMap<string, Position>,
    latest: Readonly<Record<string, Position>>,
  ): Promise<ReadonlyMap<string, number>> {
    const open = this.#current;
    if (open === null || !open.spec.io.emitTimeLag) return new Map();
    const everyMs = open.spec.tuning.offsetFetchPeriodMs;
    return open.timeLag.measure(open.source, { current, latest, everyMs });
  }

  /** Of a bounded spec only its own partitions, as far as they exist: the others are none of its business. */
  async #ask(source: RecordSource, spec: SupervisorSpec): Promise<StreamFacts> {
    const stream = await source.describe();
    const { bounded } = spec.io;
    const partitions = stream.partitions.filter(
      (name) => bounded === null || Object.hasOwn(bounded.starts, name),
    );
    const [earliest, latest] = await Promise.all([
      source.positions(partitions, 'earliest'),
      source.positions(partitions, 'latest'),
    ]);
    const identities = Object.fromEntries(stream.identities);
    const [identity = ''] = spec.io.isPattern ? [] : stream.identities.values();
    return { kind: 'ok', identity, identities, partitions, earliest: texts(earliest), latest: texts(latest) };
  }

  async #sourceOf(spec: SupervisorSpec, version: number): Promise<RecordSource> {
    if (this.#current?.version !== version) {
      await this.close();
      this.#current = { version, spec, source: this.#open(spec), timeLag: new TimeLag() };
    }
    return this.#current!.source;
  }

  async close(): Promise<void> {
    const open = this.#current;
    this.#current = null;
    await open?.source.close().catch(() => undefined);
  }
}

export function observedError(error: unknown): ObservedError {
  const code = isHeadgateError(error) ? error.code : 'INTERNAL';
  return { code, message: messageOf(error), streamException: code.startsWith('STREAM_') };
}

function texts(positions: ReadonlyMap<string, bigint>): Record<string, Position> {
  return Object.fromEntries([...positions].map(([partition, position]) => [partition, toPosition(position)]));
}

async function within<T>(ms: number, topic: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new HeadgateError('STREAM_UNREACHABLE', `topic ${topic}: no answer within ${ms / 1000} s`)),
      ms,
    );
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
