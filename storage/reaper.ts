/**
 * Which files may go (protocol.md 6). A path is answered only after its row says `reaped` and that is committed; from
 * then on nothing can publish or adopt it. Any error here means: delete nothing.
 */
import { letterFolder } from '../domain/ids.ts';
import { type Database, call, query } from './call.ts';
import { textOf, textsOf } from './decode.ts';

/** Intents nobody can use any more, older than the grace period, now reaped: delete path and path.tmp of each. */
export async function reapIntents(database: Database, options: { graceMs: number }): Promise<string[]> {
  return [...textsOf(await call(database, 'reap_intents', options))];
}

/** Every path ever reaped, or those of the ones given: an object under such a name is garbage at any age. */
export async function reapedPaths(database: Database, among?: readonly string[]): Promise<string[]> {
  const { rows } = await query(
    database,
    `select path from upload_intent
     where state = 'reaped' and ($1::text[] is null or path = any ($1)) order by path`,
    [among ?? null],
  );
  return rows.map((row) => textOf(row, 'path'));
}

/** Those without a row: files of somebody else, or older than this database. Only reported, and deleted after a long grace. */
export async function unknownPaths(database: Database, paths: readonly string[]): Promise<string[]> {
  const { rows } = await query(
    database,
    `select p as path from unnest($1::text[]) p
     where not exists (select 1 from upload_intent i where i.path = p) order by p`,
    [paths.filter((path) => !path.startsWith(letterFolder))],
  );
  return rows.map((row) => textOf(row, 'path'));
}

/**
 * Retires segments that have been out of use for longer than `killDelayMs` (longer than any query): their rows are gone
 * and their paths reaped when this answers. Delete the files.
 */
export async function unusedSegments(
  database: Database,
  options: { killDelayMs: number },
): Promise<string[]> {
  return [...textsOf(await call(database, 'retire_segments', options))];
}
