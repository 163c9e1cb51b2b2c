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
import type { GenerationKey } from '../../domain/ids.ts';
import { endSequence, noteUnanswered, readAnswers, requestPause } from '../../storage/control.ts';
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
  const bell = await Bell.listen(deps.notifications, 'headgate_control', generationLabel(input.key));
  try {
    return await heartbeating(() => coordinate(deps, input, bell));
  } finally {
    bell.close();
  }
}

async function coordinate(
  deps: ControlDeps,
  { key, final, ordinal, why }: CheckpointGroupInput,
  bell: Bell,
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
    const asked = await requestPause(deps.pool, { key, ordinal: open.ordinal, leaseMs });
    if (asked.kind !== 'requested') continue;
    const readers = readersOf(row);
    const answered = await collectAnswers(deps, row.key, { readers, requestNo: asked.requestNo, bell });
    const { requestNo } = asked;
    const ended = await endSequence(deps.pool, { key, ordinal: open.ordinal, requestNo, final });
    // A replica's lease ran out while we were away: ask again under a new number.
    if (ended.kind === 'superseded') continue;
    if (ended.kind === 'discarded') continue;
    const result = {
      ordinal: open.ordinal,
      final: ended.final,
      answers: answered.size,
      tookMs: deps.now() - began,
    };
    await tell(
      deps,
      sequenceEnded(row, { ...result, ends: ended.ends, why: why ?? null, asked: readers.length }),
    );
    const silent = readers.filter((taskId) => !answered.has(taskId));
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

/** Waits until every replica that reads has answered, or for a second. Answers who did. */
async function collectAnswers(
  deps: ControlDeps,
  key: GenerationKey,
  { readers, requestNo, bell }: { readers: readonly string[]; requestNo: number; bell: Bell },
): Promise<ReadonlySet<string>> {
  const { cancellationSignal } = Context.current();
  const until = deps.now() + answerLimitMs;
  for (;;) {
    const rings = bell.rings;
    const answers = readers.length === 0 ? [] : await readAnswers(deps.pool, key, requestNo);
    const rest = until - deps.now();
    if (answers.length >= readers.length || rest <= 0) return new Set(answers.map(({ taskId }) => taskId));
    await bell.wait(rings, Math.min(pollMs, rest), cancellationSignal);
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
