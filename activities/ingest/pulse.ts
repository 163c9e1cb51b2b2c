/**
 * The heartbeat of an attempt and its row in `task_progress`, once a second (every 10 s while nothing changes), and the end of an attempt that stands still.
 *
 * A heartbeat is sent when the task got on since the last one. Waiting for an outside system, or for memory, is borne for
 * 30 s, then the attempt is given up; a thread that hangs simply stops the heartbeat, and the server starts the next attempt.
 */
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';
import { recordProgress } from '../../storage/attempts.ts';
import type { Attempt } from './attempt.ts';
import { untilBeat } from './beat.ts';
import { Bell } from './bell.ts';
import { reportLeaseLost } from './lease-lost.ts';
import type { IdleReason, ProgressReport } from './protocol.ts';
import { RateMeter } from './rate-meter.ts';

const beatEveryMs = 1_000;
const patienceMs = 30_000;
/** An idle task says where it stands now and then only: a hundred quiet supervisors must cost little. */
const recordIdleEveryMs = 10_000;

/** Waiting for somebody else's word; bounded by the pause lease or repeated until answered. */
const idleByOrder: ReadonlySet<IdleReason> = new Set<IdleReason>(['paused', 'full', 'bound']);

export type Heartbeat = (details: Json) => void;

export class Pulse {
  readonly #attempt: Attempt;
  readonly #heartbeat: Heartbeat;
  readonly #rates: RateMeter;
  #ticks = -1;
  #recorded = { text: '', atMs: 0, records: 0 };

  constructor(attempt: Attempt, heartbeat: Heartbeat) {
    this.#attempt = attempt;
    this.#heartbeat = heartbeat;
    const { held, input } = attempt;
    const own = held.generation.tasks.find(({ taskId }) => taskId === input.taskId);
    this.#rates = new RateMeter(own?.progress ?? null, Date.now());
  }

  async run(): Promise<void> {
    await Promise.all([
      this.#everySecond(async () => this.beatIfAlive()),
      this.#everySecond(() => this.#record()),
      this.#everySecond(() => this.#noteParseReports()),
    ]);
  }

  async #everySecond(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#attempt;
    while (!signal.aborted) {
      await work();
      await new Bell().wait(0, untilBeat(beatEveryMs, Date.now()), signal);
    }
  }

  /** Details are for people: where the attempt stands, never where the next one starts. */
  beat(): void {
    const { checkpointId, held, input, report } = this.#attempt;
    this.#heartbeat({
      taskId: input.taskId,
      epoch: held.lease.epoch,
      checkpointId,
      positions: digest(report),
      records: report?.counters.records ?? 0,
    });
  }

  beatIfAlive(): void {
    const { meter, report } = this.#attempt;
    const ticks = report?.ticks ?? 0;
    if (ticks !== this.#ticks) meter.mark();
    this.#ticks = ticks;
    if (meter.takeProgress()) return this.beat();
    const idle = report?.idle ?? null;
    const waitingFor = meter.waitingFor;
    if (waitingFor === null && idle !== 'memory') {
      if (idle !== null && idleByOrder.has(idle)) this.beat();
      return;
    }
    if (meter.stalledMs < patienceMs) return this.beat();
    this.#attempt.fail(waitingFor === null ? noMemory(this.#attempt) : tooLong(this.#attempt, waitingFor));
  }

  async #noteParseReports(): Promise<void> {
    const { deps, input, parseReports } = this.#attempt;
    await parseReports.flush(deps.pool, input.supervisorId).catch((error: unknown) => {
      if (!isHeadgateError(error) || error.code !== 'METADATA_UNAVAILABLE') throw error;
    });
  }

  /** One try: a second later there is a newer one to write. */
  async #record(): Promise<void> {
    const { report } = this.#attempt;
    if (report === null) return;
    this.#rates.note(report);
    const now = Date.now();
    const { positions, counters, recordsRead, rowsInMemory, bytesInMemory } = report;
    const text = JSON.stringify([positions, counters]);
    if (text === this.#recorded.text && now - this.#recorded.atMs < recordIdleEveryMs) return;
    const seconds = (now - this.#recorded.atMs) / 1_000;
    const rowsPerSecond = Math.max(0, Math.round((counters.records - this.#recorded.records) / seconds));
    this.#recorded = { text, atMs: now, records: counters.records };
    const { deps, held } = this.#attempt;
    const answer = await recordProgress(deps.pool, held.lease, {
      positions,
      counters,
      rowsPerSecond,
      recordsRead,
      rowsInMemory,
      bytesInMemory,
      movingAverages: this.#rates.averages,
      pollIdleRatio: this.#rates.pollIdleRatio,
    }).catch((error: unknown) => {
      if (error instanceof HeadgateError && error.code === 'METADATA_UNAVAILABLE') return 'ok';
      throw error;
    });
    if (answer === 'fenced') await reportLeaseLost(this.#attempt, 'lease');
  }
}

/** A few partitions by name, the rest as a number: details stay far below a kilobyte. */
function digest(report: ProgressReport | null): Json {
  const entries = Object.entries(report?.positions ?? {});
  const shown = Object.fromEntries(entries.slice(0, 8));
  return entries.length > 8 ? { ...shown, more: entries.length - 8 } : shown;
}

function tooLong(attempt: Attempt, call: { readonly what: string; readonly error: unknown }): unknown {
  if (call.error !== null) return call.error;
  return new HeadgateError(
    'STORAGE_UNAVAILABLE',
    `task ${attempt.input.taskId}: ${call.what} has had no answer for ${patienceMs / 1_000} s; the next attempt goes on`,
  );
}

function noMemory(attempt: Attempt): HeadgateError {
  return new HeadgateError(
    'MEMORY_LIMIT',
    `task ${attempt.input.taskId}: no memory for rows for ${patienceMs / 1_000} s; raise HEADGATE_INGEST_MEMORY or run fewer tasks per worker`,
  );
}
