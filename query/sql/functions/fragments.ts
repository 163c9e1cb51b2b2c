/** Pieces of DuckDB SQL that functions and casts are made of; nothing of a caller gets in here except as a literal. */
import type { SqlType, TypedSql } from '../typed-sql.ts';

/** A text as a literal, whatever is in it. */
export function text(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return quoted.includes('\0') ? `(${quoted.replaceAll('\0', "'||chr(0)||'")})` : quoted;
}

/** A moment as a literal of type TIMESTAMP. */
export function timestamp(ms: number): string {
  const date = new Date(ms);
  const year = Number.isNaN(date.getTime()) ? Number.NaN : date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) return `make_timestamp_ms(${ms})`;
  return `TIMESTAMP '${date.toISOString().replace('T', ' ').replace('Z', '')}'`;
}

/** Longer operands are evaluated once: copies of copies would grow without bound. */
const inlineMax = 48;

/**
 * An expression that needs its operands more than once. Short ones stand where `body` puts them; when one is long they
 * all become fields of one row that a lambda reads. Inside a body, another `once` needs another variable.
 */
export function once(
  operands: readonly string[],
  body: (...names: string[]) => string,
  variable = 'v',
): string {
  if (operands.every((operand) => operand.length <= inlineMax)) return `(${body(...operands)})`;
  const [only = ''] = operands;
  if (operands.length === 1) return `list_transform([${only}], lambda ${variable}: ${body(variable)})[1]`;
  const fields = operands.map((operand, index) => `f${index} := ${operand}`);
  const names = operands.map((_, index) => `${variable}.f${index}`);
  return `list_transform([struct_pack(${fields.join(', ')})], lambda ${variable}: ${body(...names)})[1]`;
}

/** A list with every value replaced; `body` may only name its argument and constants. */
export function each(list: string, body: (value: string) => string): string {
  return `list_transform(${list}, lambda e: ${body('e')})`;
}

export function duckdbType(type: SqlType): string {
  switch (type.name) {
    case 'INTEGER':
    case 'BIGINT':
      return 'BIGINT';
    case 'FLOAT':
      return 'FLOAT';
    case 'DOUBLE':
    case 'DECIMAL':
      return 'DOUBLE';
    case 'BOOLEAN':
    case 'TIMESTAMP':
    case 'DATE':
    case 'INTERVAL':
      return type.name;
    case 'NULL':
    case 'COMPLEX':
      return 'VARCHAR';
    case 'VARCHAR':
      return type.multi ? 'VARCHAR[]' : 'VARCHAR';
    case 'ARRAY':
      return `${duckdbType(type.element)}[]`;
    case 'SKETCH':
      return 'BLOB';
  }
}

export function nullOf(type: SqlType): TypedSql {
  return { sql: `CAST(NULL AS ${duckdbType(type)})`, type, constant: { value: null } };
}
