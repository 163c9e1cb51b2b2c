/**
 * Who holds the sequences of a query at this moment. A snapshot says which rows count; where they are may be looked up
 * again while a replica is waited for, so that a task that was taken over elsewhere is found. All sequences of a query
 * share a look, and a look is good for a while.
 */
import { messageOf } from '../../domain/errors.ts';
import type { LiveSequence, LiveTask } from '../../storage/live-sequences.ts';
import type { LiveClock } from './clock.ts';
import type { LiveLog } from './limits.ts';

const goodForMs = 250;

type Look = {
  readonly atMs: number;
  readonly found: Promise<ReadonlyMap<string, readonly LiveTask[]> | undefined>;
};

export class Holders {
  readonly #dataSources: readonly string[];
  readonly #refresh: (dataSources: readonly string[]) => Promise<readonly LiveSequence[]>;
  readonly #clock: LiveClock;
  readonly #log: LiveLog;
  #look: Look | null = null;

  constructor(
    sequences: readonly LiveSequence[],
    deps: {
      refresh: (dataSources: readonly string[]) => Promise<readonly LiveSequence[]>;
      clock: LiveClock;
      log: LiveLog;
    },
  ) {
    this.#dataSources = [...new Set(sequences.map(({ dataSource }) => dataSource))];
    this.#refresh = deps.refresh;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Null: the sequence is not live any more. Undefined: it could not be looked up. */
  async tasksOf(sequence: LiveSequence): Promise<readonly LiveTask[] | null | undefined> {
    const nowMs = this.#clock.now();
    if (this.#look === null || nowMs - this.#look.atMs >= goodForMs)
      this.#look = { atMs: nowMs, found: this.#find() };
    const found = await this.#look.found;
    return found === undefined ? undefined : (found.get(sequence.sequenceId) ?? null);
  }

  async #find(): Promise<ReadonlyMap<string, readonly LiveTask[]> | undefined> {
    try {
      const now = await this.#refresh(this.#dataSources);
      return new Map(now.map(({ sequenceId, tasks }) => [sequenceId, tasks]));
    } catch (error) {
      this.#log.warn({ why: messageOf(error) }, 'who holds live rows could not be looked up');
      return undefined;
    }
  }
}
