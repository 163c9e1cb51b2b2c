/**
 * What is kept of records that could not be read: the newest reports of each supervisor, and how far such records were
 * delivered as dead letters. Neither decides about rows; both may be repeated.
 */
import type { ParseReport } from '../domain/parse-report.ts';
import { toPosition, type Positions } from '../domain/positions.ts';
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

/** Newest first. */
export async function readParseReports(database: Database, supervisorId: string): Promise<ParseReport[]> {
  const { rows } = await query(
    database,
    'select report from parse_report where supervisor_id = $1 order by at desc, digest',
    [supervisorId],
  );
  return rows.map((row) => rowOf(row['report']) as ParseReport);
}

/** Where records were read under which spec: letters of another one are other letters. */
export type LetterScope = {
  readonly supervisorId: string;
  readonly term: string;
  readonly specVersion: number;
};

/** Next to deliver by partition; a partition that is absent had none yet. */
export async function readDeliveredLetters(database: Database, scope: LetterScope): Promise<Positions> {
  const { rows } = await query(
    database,
    `select partition, delivered::text as delivered from dead_letter_progress
     where supervisor_id = $1 and term = $2 and spec_version = $3`,
    [scope.supervisorId, scope.term, scope.specVersion],
  );
  return Object.fromEntries(
    rows.map((row) => [textOf(row, 'partition'), toPosition(BigInt(textOf(row, 'delivered')))]),
  );
}

export async function markLettersDelivered(
  database: Database,
  scope: LetterScope,
  positions: Positions,
): Promise<void> {
  await call(database, 'letters_delivered', { ...scope, positions });
}
