/**
 * Goes on from the newest checkpoint of the replica: its files change hands in Postgres, are fetched and verified here.
 *
 * A file that is missing or does not match its SHA-256 costs time, never rows: its sequence and those after it are read
 * again from their starts (protocol.md 4). While deep storage is away the attempt waits instead of reading again.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import { comparePositions } from '../../domain/positions.ts';
import type { Positions } from '../../domain/positions.ts';
import { adoptCheckpoint } from '../../storage/checkpoints.ts';
import type { CheckpointFile, CheckpointRow, CheckpointSequence } from '../../storage/checkpoints.ts';
import type { SequenceRow } from '../../storage/generations.ts';
import type { Lease } from '../../storage/attempts.ts';
import type { IngestDeps } from './deps.ts';
import type { SealedSequence } from './protocol.ts';

export type Adopted = {
  readonly sealed: SealedSequence;
  /** Local file to where deep storage has it. */
  readonly uploaded: ReadonlyMap<string, CheckpointFile>;
};

export type AdoptOptions = {
  readonly deps: Pick<IngestDeps, 'pool' | 'deepStorage' | 'log'>;
  readonly lease: Lease;
  readonly checkpoint: CheckpointRow;
  /** Unpublished ones, by ordinal. */
  readonly sequences: readonly SequenceRow[];
  readonly folder: string;
  /** Repeats a call while an outside system is away. */
  readonly persistently: <T>(what: string, call: () => Promise<T>) => Promise<T>;
  /** A file is here and verified. */
  readonly onFetched: () => void;
};

/** What could be taken over, by sequence. Sequences that are not in it begin at their starts. */
export async function adoptNewest(options: AdoptOptions): Promise<ReadonlyMap<string, Adopted>> {
  const { deps, lease, checkpoint, persistently } = options;
  const adopted = new Map<string, Adopted>();
  const answer = await persistently('adopting a checkpoint', () =>
    adoptCheckpoint(deps.pool, lease, checkpoint.checkpointId),
  );
  if (answer.kind === 'refused') {
    warn(options, `checkpoint ${checkpoint.checkpointId} was refused: ${answer.reason}`);
    return adopted;
  }
  for (const row of options.sequences) {
    const listed = checkpoint.sequences.find(({ sequenceId }) => sequenceId === row.sequenceId);
    const taken = listed === undefined ? null : await takeSequence(options, row, listed, adopted.size);
    // One position per partition: what follows a sequence that is read again is read again too.
    if (taken === null) break;
    adopted.set(row.sequenceId, taken);
  }
  return adopted;
}

async function takeSequence(
  options: AdoptOptions,
  row: SequenceRow,
  listed: CheckpointSequence,
  number: number,
): Promise<Adopted | null> {
  if (row.ends !== null && isBeyond(listed.positions, row.ends)) {
    warn(options, `checkpoint of sequence ${row.sequenceId} lies beyond its ends`);
    return null;
  }
  const uploaded = new Map<string, CheckpointFile>();
  try {
    for (const [index, file] of listed.files.entries()) {
      const localPath = join(options.folder, `adopted-${number}-${index}.spill`);
      await fetchVerified(options, file, localPath);
      uploaded.set(localPath, file);
    }
  } catch (error) {
    if (!isHeadgateError(error) || error.code !== 'SEGMENT_CORRUPT') throw error;
    warn(options, `${error.message}; sequence ${row.sequenceId} is read again from its start`);
    return null;
  }
  const files = [...uploaded].map(([localPath, { size, sha256, rows }]) => ({
    localPath,
    size,
    sha256,
    rows,
  }));
  const { sequenceId, positions, counters } = listed;
  return { sealed: { sequenceId, positions, counters, files }, uploaded };
}

async function fetchVerified(options: AdoptOptions, file: CheckpointFile, localPath: string): Promise<void> {
  const { deps, persistently } = options;
  await persistently('fetching a spill', () => deps.deepStorage.fetch(file.path, localPath));
  const { size } = await stat(localPath);
  const sha256 = await sha256Of(localPath);
  if (size === file.size && sha256 === file.sha256) return options.onFetched();
  throw new HeadgateError(
    'SEGMENT_CORRUPT',
    `spill ${file.path} has ${size} bytes and SHA-256 ${sha256}, expected ${file.size} and ${file.sha256}`,
    { details: { path: file.path } },
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

function isBeyond(positions: Positions, ends: Positions): boolean {
  return Object.entries(positions).some(([partition, position]) => {
    const end = ends[partition];
    return end !== undefined && comparePositions(position, end) > 0;
  });
}

function warn(options: AdoptOptions, message: string): void {
  options.deps.log.warn({ taskId: options.lease.taskId }, message);
}
