/**
 * Publishes the sequences of the generation in their order: merge, intents, bytes, commit (protocol.md 3.3 to 3.7).
 *
 * Files have names never used before and are never deleted here: what is left behind is the reaper's. An answer that was
 * lost is asked for again with the same publish id. A sequence that a sibling published is success.
 */
import { randomUUID } from 'node:crypto';
import { assert, unreachable } from '../../domain/assert.ts';
import { HeadgateError } from '../../domain/errors.ts';
import { segmentPath } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import { finishTask } from '../../storage/attempts.ts';
import { insertIntents } from '../../storage/checkpoints.ts';
import { readGeneration } from '../../storage/generations.ts';
import { commitSequence } from '../../storage/publish.ts';
import type { CommitInput, CommitOutcome } from '../../storage/publish.ts';
import type { Attempt } from './attempt.ts';
import { untilBeat } from './beat.ts';
import { reportLeaseLost } from './lease-lost.ts';
import type { BookedSequence } from './sequence-book.ts';
import type { BuiltSegments } from './task-channel.ts';

/** For a change that was not told. */
const lookEveryMs = 1_000;
/** Between two commits while a predecessor is not published; a notice shortens it. */
const aheadPollMs = 200;
const aheadPollReadingMs = 1_000;
/** After this the slot is given back, if nothing is left to read (protocol.md 3.5). */
const aheadPatienceMs = 5_000;

export async function publishSequences(attempt: Attempt): Promise<void> {
  const { book, signal } = attempt;
  while (!attempt.isEnding) {
    const seen = book.changed.count;
    const next = book.live()[0];
    if (next === undefined) return await finish(attempt);
    if (next.isRead) await publishOne(attempt, next);
    else await book.changed.wait(seen, untilBeat(lookEveryMs, Date.now()), signal);
  }
}

/** No live sequence is left: everything is published, or some of it was discarded. */
async function finish(attempt: Attempt): Promise<void> {
  const { book, deps, input } = attempt;
  const why = book.discardWhy;
  if (why !== null) return attempt.end({ kind: 'result', result: { kind: 'discarded', why } });
  await attempt.persistently('finishing the task', () =>
    finishTask(deps.pool, { taskId: input.taskId, state: 'SUCCESS', error: null, counted: false }),
  );
  attempt.end({ kind: 'result', result: { kind: 'published' } });
}

async function publishOne(attempt: Attempt, sequence: BookedSequence): Promise<void> {
  const built = await attempt.channel.build(sequence.row.sequenceId, headerOf(attempt, sequence));
  attempt.meter.mark();
  // A sibling was faster; the control loop has seen it.
  if (built === null || sequence.state !== 'live') return;
  const commit = commitInputOf(attempt, sequence, built);
  const paths = commit.segments.map(({ path }) => path);
  if (paths.length > 0) await upload(attempt, paths, built);
  await attempt.office?.settled();
  if (!attempt.signal.aborted) await commitUntilAnswered(attempt, sequence, commit);
}

/** Row counts and columns are in the file itself; this says where its rows come from. */
function headerOf(attempt: Attempt, { row, ends }: BookedSequence): Json {
  const { generation } = attempt.held;
  return {
    supervisorId: attempt.input.supervisorId,
    specVersion: generation.specVersion,
    sequenceId: row.sequenceId,
    stream: generation.stream,
    starts: row.starts,
    ends: ends ?? {},
  };
}

function commitInputOf(attempt: Attempt, { row, ends }: BookedSequence, built: BuiltSegments): CommitInput {
  const publishId = randomUUID();
  const { dataSource } = attempt.held.generation;
  return {
    publishId,
    sequenceId: row.sequenceId,
    ranges: Object.entries(row.starts).map(([partition, start]) => {
      const end = ends?.[partition];
      const incarnation = row.incarnations[partition];
      assert(
        end !== undefined && incarnation !== undefined,
        `sequence ${row.sequenceId} has no end or incarnation for partition ${partition}`,
      );
      return { partition, incarnation, start, end };
    }),
    segments: built.files.map(({ localPath: _, ...file }, number) => ({
      path: segmentPath({ dataSource, startMs: file.startMs, endMs: file.endMs, publishId, number }),
      ...file,
    })),
    counters: built.counters,
  };
}

async function upload(attempt: Attempt, paths: readonly string[], built: BuiltSegments): Promise<void> {
  const { deps, held, meter } = attempt;
  const answer = await attempt.persistently('announcing segments', () =>
    insertIntents(deps.pool, held.lease, { kind: 'publish', paths }),
  );
  if (answer === 'fenced') return await reportLeaseLost(attempt, 'lease');
  deps.failpoints.pass('F4');
  for (const [number, path] of paths.entries()) {
    const local = built.files[number]?.localPath ?? '';
    const put = attempt.persistently('uploading a segment', () => deps.deepStorage.put(path, local));
    deps.failpoints.pass('F5');
    await put;
    meter.mark();
  }
  deps.failpoints.pass('F6');
}

/** Repeats the commit while its answer is lost or a predecessor is not there yet; every other outcome ends it. */
async function commitUntilAnswered(
  attempt: Attempt,
  sequence: BookedSequence,
  commit: CommitInput,
): Promise<void> {
  const waitingSinceMs = Date.now();
  while (!attempt.signal.aborted && sequence.state === 'live') {
    const seen = attempt.bell.count;
    const outcome = await commitOnce(attempt, commit);
    if (outcome.kind !== 'ahead') return await applyOutcome(attempt, sequence, outcome);
    // Waiting for another generation is no standstill of this one.
    attempt.meter.mark();
    const isPatient = Date.now() - waitingSinceMs < aheadPatienceMs;
    if (!isPatient && attempt.book.isEverythingRead && (await giveWay(attempt, sequence))) return;
    await attempt.bell.wait(seen, isPatient ? aheadPollMs : aheadPollReadingMs, attempt.signal);
  }
}

async function commitOnce(attempt: Attempt, commit: CommitInput): Promise<CommitOutcome> {
  const { deps, held, input } = attempt;
  const outcome = await attempt.persistently('committing', () => {
    deps.failpoints.pass('F7');
    const sent = commitSequence(deps.pool, held.lease, {
      ...commit,
      ...deps.highWater.of(input.supervisorId),
    });
    deps.failpoints.pass('F8');
    return sent;
  });
  if (outcome.kind === 'committed') {
    deps.failpoints.pass('F9');
    deps.highWater.committed(input.supervisorId, outcome.commitSeq);
  }
  return outcome;
}

/** False when the predecessor was published or discarded just now: then the next commit tells. */
async function giveWay(attempt: Attempt, sequence: BookedSequence): Promise<boolean> {
  const generation = await attempt.persistently('reading the generation', () =>
    readGeneration(attempt.deps.pool, attempt.key),
  );
  const row = generation?.sequences.find(({ sequenceId }) => sequenceId === sequence.row.sequenceId);
  const predecessor = row?.predecessorIds[0];
  if (predecessor === undefined) return false;
  attempt.end({ kind: 'waiting', sequenceId: predecessor });
  return true;
}

async function applyOutcome(
  attempt: Attempt,
  sequence: BookedSequence,
  outcome: Exclude<CommitOutcome, { kind: 'ahead' }>,
): Promise<void> {
  const { book, channel, deps, input } = attempt;
  const { sequenceId } = sequence.row;
  switch (outcome.kind) {
    case 'committed':
    case 'already':
      deps.log.info({ taskId: input.taskId, sequenceId, outcome: outcome.kind }, 'sequence published');
      attempt.meter.mark();
      if (sequence.state === 'live') book.published(sequenceId);
      return channel.drop(sequenceId);
    case 'discarded':
      return book.discarded(sequenceId, outcome.why);
    case 'fenced':
      return await reportLeaseLost(attempt, outcome.by);
    case 'overread':
      throw new HeadgateError(
        'PUBLISH_OVERREAD',
        `task ${input.taskId}: sequence ${sequenceId} was read to other ends than the written ones; the next attempt goes back`,
        { details: { sequenceId, ends: outcome.ends, found: sequence.ends ?? {} } },
      );
    case 'stale':
      throw new HeadgateError(
        'PUBLISH_STALE',
        `task ${input.taskId}: sequence ${sequenceId} cannot be published any more: ${outcome.detail}`,
        { details: { sequenceId } },
      );
    case 'reaped':
      throw new HeadgateError(
        'PUBLISH_REAPED',
        `task ${input.taskId}: files of sequence ${sequenceId} were reaped before the commit`,
        { details: { sequenceId } },
      );
    default:
      unreachable(outcome);
  }
}
