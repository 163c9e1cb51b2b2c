/** Statements that are no queries, refused by name: a caller who meant one learns what to do instead. */
import { SqlProblem } from './errors.ts';
import type { Reader } from './parse-reader.ts';

const byIngestion = 'rows come from supervisors; change data by ingesting';
const bySupervisor = 'data sources come and go with supervisors; use POST /druid/indexer/v1/supervisor';
const byContext = 'give settings in the field "context" of the request';
const bySchema = 'read INFORMATION_SCHEMA.TABLES and INFORMATION_SCHEMA.COLUMNS';
const never = 'a query cannot reach files, other databases, extensions or settings';
const oneQuery = 'every request is one query on its own';

const advice: ReadonlyMap<string, string> = new Map([
  ...['UPSERT', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE'].map((word) => [word, byIngestion] as const),
  ...['CREATE', 'DROP', 'ALTER', 'COMMENT'].map((word) => [word, bySupervisor] as const),
  ...['SET', 'RESET', 'USE'].map((word) => [word, byContext] as const),
  ...['DESCRIBE', 'SHOW', 'SUMMARIZE'].map((word) => [word, bySchema] as const),
  ...['COPY', 'ATTACH', 'DETACH', 'PRAGMA', 'INSTALL', 'LOAD', 'EXPORT', 'IMPORT'].map(
    (word) => [word, never] as const,
  ),
  ...['CALL', 'CHECKPOINT', 'FORCE', 'VACUUM', 'ANALYZE', 'GRANT', 'REVOKE', 'PIVOT', 'UNPIVOT'].map(
    (word) => [word, never] as const,
  ),
  ...['BEGIN', 'START', 'COMMIT', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE'].map(
    (word) => [word, oneQuery] as const,
  ),
  ...['PREPARE', 'EXECUTE', 'DEALLOCATE', 'DECLARE', 'FETCH', 'LOCK'].map(
    (word) => [word, oneQuery] as const,
  ),
]);

/** Null when the statement is none of these. */
export function refusedStatement(reader: Reader): SqlProblem | null {
  const token = reader.peek();
  if (token.kind !== 'word') return null;
  // Druid's own words, and like there without a place.
  if (token.value === 'INSERT' || token.value === 'REPLACE')
    return new SqlProblem(
      `${token.value} operations are not supported by requested SQL engine [native], consider using MSQ.`,
      null,
    );
  const hint = advice.get(token.value);
  if (hint === undefined) return null;
  return new SqlProblem(
    `${token.value} is not supported: found a ${token.value} statement, expected one SELECT or EXPLAIN PLAN FOR; ${hint}`,
    token,
  );
}
