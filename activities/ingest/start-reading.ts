/**
 * From a lease to a thread that reads: the checkpoint is taken over, the identity of the stream goes along, and the
 * unpublished sequences of the generation, and only those, are handed to the thread.
 */
import { HeadgateError } from '../../domain/errors.ts';
import type { CheckpointRow } from '../../storage/checkpoints.ts';
import type { SequenceRow } from '../../storage/generations.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { adoptNewest } from './adopt.ts';
import type { Adopted } from './adopt.ts';
import type { Attempt } from './attempt.ts';
import type { SequenceSetup } from './protocol.ts';
import { setupOf } from './sequence-book.ts';

/** An empty poll this often tells that the task lives. */
const pollMs = 500;

export async function startReading(attempt: Attempt, checkpoint: CheckpointRow | null): Promise<void> {
  const { channel, deps, folder, held, input } = attempt;
  const { generation, spec } = held;
  const unpublished = generation.sequences.filter(({ state }) => state === 'open' || state === 'ended');
  const adopted: ReadonlyMap<string, Adopted> =
    checkpoint === null ? new Map() : await adopt(attempt, checkpoint, unpublished);
  const identity = await storedIdentity(attempt);
  // What is over is in the book too, before what is live: the control row names every sequence of the generation, and
  // one that the book does not know is taken for a new one.
  for (const row of generation.sequences.filter((row) => !unpublished.includes(row))) attempt.book.add(row);
  await channel.start({
    taskId: input.taskId,
    source: deps.sourceOf(spec.io, input.taskId),
    identity,
    partitions: generation.partitions,
    topic: spec.io.topic,
    inputFormat: spec.io.inputFormat,
    wantsLetters: spec.io.deadLetters !== null,
    schema: spec.dataSchema,
    tuning: spec.tuning,
    pollMs,
    folder,
    sequences: unpublished.map((row) => booked(attempt, row, adopted.get(row.sequenceId))),
  });
  attempt.meter.mark();
}

async function adopt(
  attempt: Attempt,
  checkpoint: CheckpointRow,
  sequences: readonly SequenceRow[],
): Promise<ReadonlyMap<string, Adopted>> {
  const adopted = await adoptNewest({
    deps: attempt.deps,
    lease: attempt.held.lease,
    checkpoint,
    sequences,
    folder: attempt.folder,
    persistently: (what, call) => attempt.persistently(what, call),
    onFetched: () => attempt.meter.mark(),
  });
  if (adopted.size > 0) attempt.checkpointId = checkpoint.checkpointId;
  return adopted;
}

function booked(attempt: Attempt, row: SequenceRow, adopted: Adopted | undefined): SequenceSetup {
  const sequence = attempt.book.add(row);
  for (const [localPath, file] of adopted?.uploaded ?? []) sequence.uploaded.set(localPath, file);
  return setupOf(sequence, adopted?.sealed ?? null);
}

/** Of the partitions of this generation; positions of two streams can never meet in one generation. */
async function storedIdentity(attempt: Attempt): Promise<string | null> {
  const { deps, held, input } = attempt;
  const { stream, partitions } = held.generation;
  const rows = await attempt.persistently('reading partitions', () =>
    readPartitions(deps.pool, input.supervisorId),
  );
  const identities = new Set(
    rows
      .filter((row) => row.stream === stream && partitions.includes(row.partition))
      .map(({ sourceIdentity }) => sourceIdentity),
  );
  if (identities.size <= 1) return [...identities][0] ?? null;
  throw new HeadgateError(
    'STREAM_IDENTITY_CHANGED',
    `task ${input.taskId}: its partitions belong to ${identities.size} incarnations of stream ${stream}: ${[...identities].join(', ')}; reset the supervisor`,
  );
}
