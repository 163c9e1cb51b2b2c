/**
 * One SQL function call = one autocommit statement (protocol.md, head), with Postgres's errors turned into ours.
 *
 * A violation that a trigger or a constraint found is INVARIANT_VIOLATED; everything else is METADATA_UNAVAILABLE and
 * may be repeated: every function answers a repeated call as it did the first time.
 */
import { HeadgateError, messageOf } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { type Row, rowOf, textOf } from './decode.ts';

/** What a pool and a client have in common. */
export interface Database {
  query(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** The answer of `headgate_<name>(input)`, one JSON value. */
export async function call(database: Database, name: string, input: Json): Promise<unknown> {
  const { rows } = await query(database, `select headgate_${name}($1::jsonb) as answer`, [
    JSON.stringify(input),
  ]);
  return rows[0]?.['answer'];
}

/** An answer with a `kind`; a supervisor whose publishing is stopped, or a restored database, is thrown (protocol.md 7). */
export async function callForRow(database: Database, name: string, input: Json): Promise<Row> {
  const answer = rowOf(await call(database, name, input));
  if (answer['kind'] === 'halted') throw halted(rowOf(answer['halted']));
  return answer;
}

export async function query(
  database: Database,
  text: string,
  values: readonly unknown[] = [],
): Promise<{ rows: Row[] }> {
  try {
    return await database.query(text, [...values]);
  } catch (error) {
    throw translated(error);
  }
}

/** Postgres does not know what the caller holds: it went back in time, or the id is wrong. */
export function unknownThing(what: string): HeadgateError {
  return new HeadgateError(
    'METADATA_TIME_TRAVEL',
    `postgres does not know ${what}, although it once did; was it restored? run headgate doctor`,
    { details: { unknown: what } },
  );
}

/** True when the statement may have been committed although it failed for us: the reply was lost. */
export function isOutcomeUnknown(cause: unknown): boolean {
  const code = sqlState(cause);
  return code === undefined || code.startsWith('08') || code.startsWith('57P');
}

function halted(why: Row): HeadgateError {
  const code = textOf(why, 'code') === 'METADATA_TIME_TRAVEL' ? 'METADATA_TIME_TRAVEL' : 'INVARIANT_VIOLATED';
  return new HeadgateError(
    code,
    `publishing is stopped: ${textOf(why, 'why')}; look into it, then run headgate doctor --accept-restore`,
  );
}

/** What Postgres or the way to it said, as one of ours. */
export function translated(error: unknown): HeadgateError {
  const code = sqlState(error);
  const details = code === undefined ? {} : { sqlState: code };
  // HG001 is headgate_violation(); class 23 is a constraint, our last backstop; class 22 is a value no caller may pass.
  if (code === 'HG001' || code?.startsWith('23') || code?.startsWith('22'))
    return new HeadgateError('INVARIANT_VIOLATED', `postgres refused: ${messageOf(error)}`, {
      cause: error,
      details,
    });
  return new HeadgateError('METADATA_UNAVAILABLE', `postgres: ${messageOf(error)}`, {
    cause: error,
    details,
  });
}

function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
