/**
 * From a lease to a thread that reads: the checkpoint is taken over, the identity of each partition's stream goes along,
 * and the unpublished sequences of the generation, and only those, are handed to the thread.
 */
import type { Positions } from '../../domain/positions.ts';
import type { CheckpointRow } from '../../storage/checkpoints.ts';
import type { SequenceRow } from '../../storage/generations.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { adoptNewest } from './adopt.ts';
import type { Adopted } from './adopt.ts';
import type { Attempt } from './attempt.ts';
import type { SequenceSetup } from './protocol.ts';
import { setupOf } from './sequence-book.ts';

/** An empty poll this often tells that the task lives. */
const pollMs = 1_000;

/** Answers where reading begins in the first of them. */
export async function startReading(attempt: Attempt, checkpoint: CheckpointRow | null): Promise<Positions> {
  const { channel, deps, folder, held, input } = attempt;
  const { generation, spec } = held;
  const unpublished = generation.sequences.filter(({ state }) => state === 'open' || state === 'ended');
  const adopted: ReadonlyMap<string, Adopted> =
    checkpoint === null ? new Map() : await adopt(attempt, checkpoint, unpublished);
  const identities = await storedIdentities(attempt);
  // What is over is in the book too, before what is live: the control row names every sequence of the generation, and
  // one that the book does not know is taken for a new one.
  for (const row of generation.sequences.filter((row) => !unpublished.includes(row))) attempt.book.add(row);
  const sequences = unpublished.map((row) => booked(attempt, row, adopted.get(row.sequenceId)));
  await channel.start({
    taskId: input.taskId,
    source: deps.sourceOf(spec.io, input.taskId),
    identities,
    partitions: generation.partitions,
    ...(spec.io.bounded === null ? {} : { bounds: spec.io.bounded.ends }),
    topic: spec.io.topic,
    inputFormat: spec.io.inputFormat,
    wantsLetters: spec.io.deadLetters !== null,
    schema: spec.dataSchema,
    tuning: spec.tuning,
    pollMs,
    folder,
    sequences,
  });
  attempt.meter.mark();
  return sequences[0]?.sealed?.positions ?? sequences[0]?.starts ?? {};
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

/** Of the partitions of this generation; the thread compares them with the stream before it reads (protocol.md 3.2). */
async function storedIdentities(attempt: Attempt): Promise<Readonly<Record<string, string>>> {
  const { deps, held, input } = attempt;
  const { stream, partitions } = held.generation;
  const rows = await attempt.persistently('reading partitions', () =>
    readPartitions(deps.pool, input.supervisorId),
  );
  const own = new Set(partitions);
  return Object.fromEntries(
    rows
      .filter((row) => row.stream === stream && own.has(row.partition))
      .map(({ partition, sourceIdentity }) => [partition, sourceIdentity]),
  );
}
