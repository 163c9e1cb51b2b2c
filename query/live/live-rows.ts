/**
 * The rows that running tasks hold of unpublished sequences, for one query: of every sequence of its snapshot one
 * replica's rows, each once, as Parquet files on this machine's disk.
 *
 * A complete answer never holds less than an earlier complete one of this process did. Where that cannot be had in
 * time, or nobody answers, the group is named in `incomplete`; it is never an error.
 */
import { setMaxListeners } from 'node:events';
import type { LiveSequence, LiveSnapshot } from '../../storage/live-sequences.ts';
import { type AskWorker, askOverHttp } from './ask-worker.ts';
import { type LiveClock, realClock } from './clock.ts';
import { Holders } from './holders.ts';
import { type LiveLimits, type LiveLog, defaultLiveLimits } from './limits.ts';
import { Patience } from './patience.ts';
import { PieceStore, type StoredPiece } from './piece-store.ts';
import { ReplicaChoice } from './replicas.ts';
import { SequenceQuestion, type SequenceOutcome } from './sequence-question.ts';
import { ServedPositions, groupName } from './served.ts';
import { SharedAnswers } from './shared-answers.ts';

export type LivePieces = {
  readonly dataSource: string;
  readonly sequenceId: string;
  readonly rollup: boolean;
  readonly pieces: readonly StoredPiece[];
};

export type LiveAnswer =
  | {
      readonly kind: 'rows';
      readonly sequences: readonly LivePieces[];
      /** Task groups (`<supervisor>/group-<n>`) of which rows may be missing. */
      readonly incomplete: readonly string[];
      /** The files may go from then on; calling it again does nothing. */
      readonly release: () => void;
    }
  /** Take a new snapshot and ask again. */
  | { readonly kind: 'stale'; readonly why: string };

export type GatherOptions = {
  /** What is not here by then is incomplete. */
  readonly deadlineMs: number;
  /** For replicas that must catch up to what was served before. */
  readonly waitMs?: number;
  /** Answers `rows` in any case. */
  readonly final?: boolean;
};

export type LiveRowsDeps = {
  /** Of this process alone; emptied at the start. */
  readonly folder: string;
  /** The live sequences of these data sources at this moment, outside any snapshot: who holds them now. */
  readonly refresh: (dataSources: readonly string[]) => Promise<readonly LiveSequence[]>;
  readonly log: LiveLog;
  readonly fetch?: typeof fetch;
  readonly clock?: LiveClock;
  readonly limits?: Partial<LiveLimits>;
};

/** For tests: what stands in for the network, the disk and the memory of what was served. */
export type LiveRowsParts = {
  readonly ask?: AskWorker;
  readonly store?: PieceStore;
  readonly served?: ServedPositions;
};

export class LiveRows {
  readonly #deps: LiveRowsDeps;
  readonly #limits: LiveLimits;
  readonly #clock: LiveClock;
  readonly #store: PieceStore;
  readonly #answers: SharedAnswers;
  readonly #served: ServedPositions;
  readonly #replicas: ReplicaChoice;
  readonly #patience = new Patience();
  readonly #closing = new AbortController();

  constructor(deps: LiveRowsDeps, parts: LiveRowsParts = {}) {
    this.#deps = deps;
    // Every query and every exchange listens.
    setMaxListeners(0, this.#closing.signal);
    const limits = { ...defaultLiveLimits, ...deps.limits };
    this.#limits = limits;
    const clock = deps.clock ?? realClock;
    this.#clock = clock;
    const store =
      parts.store ?? new PieceStore({ folder: deps.folder, bytesMax: limits.diskBytesMax, now: clock.now });
    this.#store = store;
    const ask =
      parts.ask ??
      askOverHttp({
        fetch: deps.fetch ?? fetch,
        store,
        limits,
        log: deps.log,
        signal: this.#closing.signal,
      });
    this.#answers = new SharedAnswers({ ask, store, clock }, limits);
    this.#served = parts.served ?? new ServedPositions();
    this.#replicas = new ReplicaChoice(limits.silentAsideMs);
  }

  /** Throws QUERY_LIMIT when the rows do not fit on the disk. */
  async gather(snapshot: LiveSnapshot, options: GatherOptions): Promise<LiveAnswer> {
    this.#store.removeIdle(this.#limits.idleMs);
    const startMs = this.#clock.now();
    const absent = await this.#absentGroups(snapshot, options);
    if (absent.kind === 'stale') return absent;
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const forward = (): void => stop.abort();
    this.#closing.signal.addEventListener('abort', forward, { once: true });
    const deadline = setTimeout(forward, Math.min(2 ** 31 - 1, Math.max(0, options.deadlineMs - startMs)));
    try {
      const found = await this.#askAll(snapshot.sequences, { ...options, startMs, stop });
      return this.#assembled(found, absent.groups, startMs);
    } finally {
      clearTimeout(deadline);
      this.#closing.signal.removeEventListener('abort', forward);
    }
  }

  close(): void {
    this.#closing.abort();
    this.#store.close();
  }

  /** Rows that were served, were discarded, and are not being read again yet: they will be soon. */
  async #absentGroups(
    snapshot: LiveSnapshot,
    { deadlineMs, final }: GatherOptions,
  ): Promise<{ kind: 'groups'; groups: readonly string[] } | { kind: 'stale'; why: string }> {
    const overtaken = new Set(this.#served.prune(snapshot).map(({ supervisorId }) => supervisorId));
    if (overtaken.size > 0 && final !== true)
      return { kind: 'stale', why: `another query has seen newer segments of ${[...overtaken].join(', ')}` };
    const behind = [...overtaken].flatMap((supervisorId) => {
      const named = snapshot.sequences.filter((sequence) => sequence.supervisorId === supervisorId);
      return named.length === 0 ? [supervisorId] : named.map(groupName);
    });
    const groups = this.#served.uncovered(snapshot);
    const startMs = this.#clock.now();
    if (final !== true && groups.some((group) => !this.#patience.isGivenUp(group))) {
      await this.#clock.sleep(Math.min(this.#limits.graceMs, deadlineMs - startMs), this.#closing.signal);
      return { kind: 'stale', why: `rows of ${groups.join(', ')} are to be read again` };
    }
    for (const group of groups)
      this.#lacked(
        group,
        { group, startMs, waitMs: 0 },
        'its rows were discarded and are not read again yet',
      );
    for (const group of new Set(snapshot.sequences.map(groupName)))
      if (!groups.includes(group)) this.#recovered(group, group);
    return { kind: 'groups', groups: [...behind, ...groups] };
  }

  async #askAll(
    sequences: readonly LiveSequence[],
    options: GatherOptions & { startMs: number; stop: AbortController },
  ): Promise<Found[]> {
    const { startMs, stop, final = false, deadlineMs } = options;
    const deps = {
      answers: this.#answers,
      served: this.#served,
      replicas: this.#replicas,
      clock: this.#clock,
      limits: this.#limits,
      holders: new Holders(sequences, { ...this.#deps, clock: this.#clock }),
    };
    const asked = sequences.map(async (sequence): Promise<Found> => {
      const waitMs = options.waitMs ?? this.#limits.waitMs;
      const untilMs = this.#patience.waitUntilMs(sequence.sequenceId, startMs, waitMs);
      const question = new SequenceQuestion(sequence, deps, {
        waitUntilMs: Math.min(untilMs, deadlineMs),
        graceUntilMs: Math.min(untilMs, deadlineMs, startMs + this.#limits.graceMs),
        final,
        signal: stop.signal,
      });
      const outcome = await question.outcome();
      if (outcome.kind === 'stale') stop.abort();
      return { sequence, outcome };
    });
    return allOrNone(asked, stop);
  }

  #assembled(found: readonly Found[], absent: readonly string[], startMs: number): LiveAnswer {
    const stale = found.find(({ outcome }) => outcome.kind === 'stale');
    if (stale?.outcome.kind === 'stale') {
      for (const { outcome } of found) releaseOf(outcome)();
      return { kind: 'stale', why: `sequence ${stale.sequence.sequenceId}: ${stale.outcome.why}` };
    }
    const incomplete = new Set(absent);
    const sequences: LivePieces[] = [];
    for (const { sequence, outcome } of found) {
      if (outcome.kind === 'stale') continue;
      const { answer, missing } = outcome;
      const group = groupName(sequence);
      if (missing === null) this.#recovered(sequence.sequenceId, group);
      else {
        incomplete.add(group);
        const { waitMs } = this.#limits;
        this.#lacked(sequence.sequenceId, { group, startMs, waitMs }, missing);
      }
      if (answer === null) continue;
      this.#served.record(sequence, answer.positions);
      const { sequenceId, dataSource } = sequence;
      if (answer.pieces.length > 0)
        sequences.push({ dataSource, sequenceId, rollup: answer.rollup, pieces: answer.pieces });
    }
    const release = (): void => {
      for (const { outcome } of found) releaseOf(outcome)();
    };
    return { kind: 'rows', sequences, incomplete: [...incomplete], release };
  }

  #lacked(key: string, query: { group: string; startMs: number; waitMs: number }, why: string): void {
    const { group, ...rest } = query;
    if (this.#patience.lacked(key, { ...rest, nowMs: this.#clock.now() }))
      this.#deps.log.warn(
        { group, waitedFor: key, why },
        'live rows are incomplete, and not waited for again',
      );
  }

  #recovered(key: string, group: string): void {
    if (this.#patience.recovered(key))
      this.#deps.log.info({ group, waitedFor: key }, 'live rows are complete again');
  }
}

type Found = { readonly sequence: LiveSequence; readonly outcome: SequenceOutcome };

/** An error of one stops the others, and nothing of them stays pinned. */
async function allOrNone(asked: readonly Promise<Found>[], stop: AbortController): Promise<Found[]> {
  for (const one of asked) one.catch(() => stop.abort());
  const settled = await Promise.allSettled(asked);
  const failed = settled.find((one) => one.status === 'rejected');
  const found = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (failed === undefined) return found;
  for (const { outcome } of found) releaseOf(outcome)();
  throw failed.reason;
}

function releaseOf(outcome: SequenceOutcome): () => void {
  return outcome.kind === 'rows' && outcome.answer !== null ? outcome.answer.pin.release : () => undefined;
}
