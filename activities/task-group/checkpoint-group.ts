/**
 * The coordinator: pauses the replicas of a generation, collects how far each came, lets Postgres write the common
 * ends, and lets them read on. One short activity, no workflow task within the pause (design 6).
 *
 * Nobody is waited for longer than a second: the ends then come from durable positions, and who is behind reads on to
 * them. Who keeps leaving pauses unanswered though it reads is named, so that it gets a new attempt. Every step is keyed
 * by the request number, so a retry goes on instead of repeating.
 */
import { Context } from '@temporalio/activity';
import { generationLabel } from '../../domain/ids.ts';
import {
  endSequence,
  endWhenAnswered,
  noteUnanswered,
  readAnswers,
  requestPause,
} from '../../storage/control.ts';
import type { EndOutcome } from '../../storage/control.ts';
import { readControlNotice } from '../../storage/control-notices.ts';
import { readGeneration } from '../../storage/generations.ts';
import type { GenerationRow } from '../../storage/generations.ts';
import { heartbeating } from '../attend.ts';
import { Bell } from '../bell.ts';
import type { ControlDeps } from '../control-deps.ts';
import { tell } from '../tell.ts';
import { about, sequenceEnded } from './group-story.ts';
import { settledAs } from './standing.ts';
import type { CheckpointGroupInput, CheckpointGroupResult } from './contract.ts';

const leaseMs = 30_000;
const answerLimitMs = 1_000;
/** NOTIFY is quick and may be lost; this is the safety net. */
const pollMs = 100;
/** A replica that reads may miss one pause; after so many in a row it is replaced. */
const pausesMissed = 2;

export async function checkpointGroup(
  deps: ControlDeps,
  input: CheckpointGroupInput,
): Promise<CheckpointGroupResult> {
  const answers = await Answers.listen(deps, generationLabel(input.key));
  try {
    return await heartbeating(() => coordinate(deps, input, answers));
  } finally {
    answers.close();
  }
}

async function coordinate(
  deps: ControlDeps,
  { key, final, ordinal, why }: CheckpointGroupInput,
  answers: Answers,
): Promise<CheckpointGroupResult> {
  const { cancellationSignal } = Context.current();
  for (;;) {
    cancellationSignal.throwIfAborted();
    const row = await readGeneration(deps.pool, key);
    if (!row) return { kind: 'discarded', why: 'Postgres does not know this generation' };
    const open = row.sequences.find((sequence) => sequence.state === 'open');
    // Ended before: by an earlier try of this call, or by another replica's request for the same sequence.
    if (!open || (ordinal !== null && open.ordinal > ordinal)) return endedBefore(row, open?.ordinal ?? null);
    const began = deps.now();
    const readers = readersOf(row);
    answers.expect(readers.length);
    const asked = await requestPause(deps.pool, { key, ordinal: open.ordinal, leaseMs });
    if (asked.kind !== 'requested') continue;
    const request = { key, ordinal: open.ordinal, requestNo: asked.requestNo, final };
    const { ended, silent } = await endWithAnswers(deps, request, readers, answers);
    // A replica's lease ran out while we were away: ask again under a new number.
    if (ended.kind !== 'ended') continue;
    const result = {
      ordinal: open.ordinal,
      final: ended.final,
      answers: readers.length - silent.length,
      tookMs: Math.round(deps.now() - began),
    };
    await tell(
      deps,
      sequenceEnded(row, { ...result, ends: ended.ends, why: why ?? null, asked: readers.length }),
    );
    return { kind: 'ended', ...result, mute: await muteOnes(deps, row, silent) };
  }
}

function endedBefore(row: GenerationRow, openOrdinal: number | null): CheckpointGroupResult {
  const settled = settledAs(row);
  if (settled?.kind === 'discarded') return settled;
  const done = row.sequences.filter((sequence) => sequence.state !== 'open').at(-1);
  return {
    kind: 'ended',
    ordinal: openOrdinal === null ? (done?.ordinal ?? 0) : openOrdinal - 1,
    final: openOrdinal === null,
    answers: 0,
    tookMs: 0,
  };
}

function readersOf(row: GenerationRow): readonly string[] {
  return row.tasks
    .filter((task) => task.state === 'RUNNING' && task.attempts > 0)
    .map(({ taskId }) => taskId);
}

/** Ends the sequence as soon as every reader has answered, or after a second. `silent`: those that had not by then. */
async function endWithAnswers(
  deps: ControlDeps,
  request: Parameters<typeof endSequence>[1],
  readers: readonly string[],
  answers: Answers,
): Promise<{ readonly ended: EndOutcome; readonly silent: readonly string[] }> {
  const until = deps.now() + answerLimitMs;
  const { cancellationSignal } = Context.current();
  for (let rings = answers.rings; ;) {
    const rest = until - deps.now();
    if (readers.length > 0 && rest > 0) await answers.wait(rings, Math.min(pollMs, rest), cancellationSignal);
    if (deps.now() >= until) break;
    rings = answers.rings;
    const ended = await endWhenAnswered(deps.pool, { ...request, awaiting: readers });
    if (ended.kind !== 'waiting') return { ended, silent: [] };
  }
  const answered = await readAnswers(deps.pool, request.key, request.requestNo);
  const silent = readers.filter((reader) => answered.every(({ taskId }) => taskId !== reader));
  return { ended: await endSequence(deps.pool, request), silent };
}

/** Rings when as many replicas as are expected have answered, or something else has changed. */
class Answers {
  readonly #bell: Bell;
  readonly #wanted: { answers: number };

  private constructor(bell: Bell, wanted: { answers: number }) {
    this.#bell = bell;
    this.#wanted = wanted;
  }

  static async listen(deps: ControlDeps, label: string): Promise<Answers> {
    const wanted = { answers: 0 };
    const concerns = (payload: string): boolean => {
      const { label: of, notice } = readControlNotice(payload);
      if (of !== label || notice.kind === 'pause') return false;
      return notice.kind === 'look' || notice.answers >= wanted.answers;
    };
    return new Answers(await Bell.listen(deps.notifications, 'headgate_control', concerns), wanted);
  }

  expect(answers: number): void {
    this.#wanted.answers = answers;
  }

  get rings(): number {
    return this.#bell.rings;
  }

  async wait(seen: number, limitMs: number, signal: AbortSignal): Promise<void> {
    await this.#bell.wait(seen, limitMs, signal);
  }

  close(): void {
    this.#bell.close();
  }
}

/** Those that read, live, and have now left too many pauses unanswered: each is to have a new attempt. */
async function muteOnes(
  deps: ControlDeps,
  { key }: GenerationRow,
  silent: readonly string[],
): Promise<readonly string[]> {
  if (silent.length === 0) return [];
  const mute = await noteUnanswered(deps.pool, { taskIds: silent, limit: pausesMissed });
  for (const taskId of mute)
    await tell(deps, {
      ...about(key),
      kind: 'taskLost',
      taskId,
      text: `Task ${taskId} reads but has not answered ${pausesMissed} pauses in a row; a new attempt of it goes on from its checkpoint.`,
      details: { ending: 'mute', pausesMissed },
    });
  return mute;
}
