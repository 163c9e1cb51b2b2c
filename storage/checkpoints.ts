/**
 * Intents before bytes, checkpoints after bytes, adoption by another attempt (protocol.md 3.3 and 4).
 *
 * A checkpoint is whole or absent: its files are durable before it is inserted, and it changes hands with all of them.
 */
import type { IngestCounters } from '../domain/counters.ts';
import type { Positions } from '../domain/positions.ts';
import type { Lease } from './attempts.ts';
import { type Database, callForRow } from './call.ts';
import { type Row, countersOf, numberOf, positionsOf, rowsOf, textOf, wordOf } from './decode.ts';

export type CheckpointFile = {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly rows: number;
};

export type CheckpointSequence = {
  readonly sequenceId: string;
  /** Next to read. */
  readonly positions: Positions;
  readonly counters: IngestCounters;
  /** All of them, new and older. */
  readonly files: readonly CheckpointFile[];
};

export type CheckpointRow = {
  readonly checkpointId: string;
  readonly taskId: string;
  readonly epoch: string;
  readonly sequences: readonly CheckpointSequence[];
  readonly atMs: number;
};

/** Before the first byte of each path. */
export async function insertIntents(
  database: Database,
  lease: Lease,
  input: { kind: 'publish' | 'checkpoint'; paths: readonly string[] },
): Promise<'ok' | 'fenced'> {
  const answer = await callForRow(database, 'insert_intents', { lease, ...input });
  return wordOf(answer, 'kind', ['ok', 'fenced']);
}

/** After its files are durable. `beyondEnd`: an end was written below these positions meanwhile; go back. */
export async function insertCheckpoint(
  database: Database,
  lease: Lease,
  input: { checkpointId: string; sequences: readonly CheckpointSequence[] },
): Promise<'ok' | 'fenced' | 'beyondEnd'> {
  const answer = await callForRow(database, 'insert_checkpoint', { lease, ...input });
  return wordOf(answer, 'kind', ['ok', 'fenced', 'beyondEnd']);
}

export async function adoptCheckpoint(
  database: Database,
  lease: Lease,
  checkpointId: string,
): Promise<{ kind: 'adopted' } | { kind: 'refused'; reason: string }> {
  const answer = await callForRow(database, 'adopt', { lease, checkpointId });
  const kind = wordOf(answer, 'kind', ['adopted', 'refused']);
  return kind === 'adopted' ? { kind } : { kind, reason: textOf(answer, 'reason') };
}

export function checkpointOf(row: Row): CheckpointRow {
  return {
    checkpointId: textOf(row, 'checkpointId'),
    taskId: textOf(row, 'taskId'),
    epoch: textOf(row, 'epoch'),
    atMs: numberOf(row, 'atMs'),
    sequences: rowsOf(row['sequences']).map((sequence) => ({
      sequenceId: textOf(sequence, 'sequenceId'),
      positions: positionsOf(sequence['positions']),
      counters: countersOf(sequence['counters']),
      files: rowsOf(sequence['files']).map((file) => ({
        path: textOf(file, 'path'),
        size: numberOf(file, 'size'),
        sha256: textOf(file, 'sha256'),
        rows: numberOf(file, 'rows'),
      })),
    })),
  };
}
