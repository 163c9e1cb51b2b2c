/** Names of SQL types, as CAST and parameters write them. */
import type { TypeName } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import { arrayOf, types } from '../typed-sql.ts';
import type { SqlType } from '../typed-sql.ts';

const named: ReadonlyMap<string, SqlType> = new Map<string, SqlType>([
  ['BOOLEAN', types.boolean],
  ['TINYINT', types.integer],
  ['SMALLINT', types.integer],
  ['INTEGER', types.integer],
  ['INT', types.integer],
  ['BIGINT', types.bigint],
  ['LONG', types.bigint],
  ['REAL', types.float],
  ['FLOAT', types.float],
  ['DOUBLE', types.double],
  ['DOUBLE PRECISION', types.double],
  ['DECIMAL', types.decimal],
  ['NUMERIC', types.decimal],
  ['CHAR', types.varchar],
  ['VARCHAR', types.varchar],
  ['STRING', types.varchar],
  ['TIMESTAMP', types.timestamp],
  ['DATE', types.date],
  ['COMPLEX<JSON>', types.complex],
]);

export function typeNamed(name: string): SqlType | null {
  return named.get(name.trim().toUpperCase()) ?? null;
}

export function castType(written: TypeName): SqlType {
  const type = typeNamed(written.name);
  if (type === null) throw new SqlProblem(`Unknown identifier '${written.name}'`, written);
  return written.array ? arrayOf(type) : type;
}
