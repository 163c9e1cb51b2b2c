/**
 * What is kept of records that could not be read: the newest reports of each supervisor, and how far such records were
 * delivered as dead letters. Neither decides about rows; both may be repeated.
 */
import type { ParseReport } from '../domain/parse-report.ts';
import { toPosition, type Position } from '../domain/positions.ts';
import { call, type Database, query } from './call.ts';
import { rowOf, textOf } from './decode.ts';

export async function noteParseReports(
  database: Database,
  input: {
    supervisorId: string;
    /** All but the newest so many are forgotten. */
    keep: number;
    reports: readonly { digest: string; atMs: number; report: ParseReport }[];
  },
): Promise<void> {
  await call(database, 'note_parse_reports', input);
}

/** Of one supervisor, whatever its spec asks for: all of them are one answer. */
export const parseReportsMost = 5_000;

/** Newest first. */
export async function readParseReports(database: Database, supervisorId: string): Promise<ParseReport[]> {
  const { rows } = await query(
    database,
    'select report from parse_report where supervisor_id = $1 order by at desc, digest limit $2',
    [supervisorId, parseReportsMost],
  );
  return rows.map((row) => rowOf(row['report']) as ParseReport);
}

/** Letters under another spec are other letters. */
export type LetterScope = { readonly supervisorId: string; readonly specVersion: number };

/** Everything from `start` to below `delivered` is delivered. */
export type LetterRange = {
  readonly partition: string;
  readonly incarnation: string;
  /** That of a sequence. */
  readonly start: Position;
  readonly delivered: Position;
};

export async function readDeliveredLetters(database: Database, scope: LetterScope): Promise<LetterRange[]> {
  const { rows } = await query(
    database,
    `select partition, incarnation::text as incarnation, start_position::text as start, delivered::text as delivered
     from delivered_letters where supervisor_id = $1 and spec_version = $2`,
    [scope.supervisorId, scope.specVersion],
  );
  return rows.map((row) => ({
    partition: textOf(row, 'partition'),
    incarnation: textOf(row, 'incarnation'),
    start: toPosition(BigInt(textOf(row, 'start'))),
    delivered: toPosition(BigInt(textOf(row, 'delivered'))),
  }));
}

export async function markLettersDelivered(
  database: Database,
  scope: LetterScope,
  ranges: readonly LetterRange[],
): Promise<void> {
  await call(database, 'letters_delivered', { ...scope, ranges });
}
