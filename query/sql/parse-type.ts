/** Type names of CAST: a closed list, each under one name however it was written. */
import type { TypeName } from './ast.ts';
import { SqlProblem } from './errors.ts';
import { readWhole } from './parse-literal.ts';
import type { Reader } from './parse-reader.ts';

/** How a type is written -> how it is called in the tree. */
const typeNames: ReadonlyMap<string, string> = new Map([
  ['BOOLEAN', 'BOOLEAN'],
  ['TINYINT', 'TINYINT'],
  ['SMALLINT', 'SMALLINT'],
  ['INT', 'INTEGER'],
  ['INTEGER', 'INTEGER'],
  ['BIGINT', 'BIGINT'],
  ['REAL', 'REAL'],
  ['FLOAT', 'FLOAT'],
  ['DOUBLE', 'DOUBLE'],
  ['DEC', 'DECIMAL'],
  ['DECIMAL', 'DECIMAL'],
  ['NUMERIC', 'DECIMAL'],
  ['CHAR', 'CHAR'],
  ['CHARACTER', 'CHAR'],
  ['VARCHAR', 'VARCHAR'],
  ['DATE', 'DATE'],
  ['TIMESTAMP', 'TIMESTAMP'],
]);

export function readType(reader: Reader): TypeName {
  const { at } = reader.peek();
  const name = readTypeName(reader);
  const precision: number[] = [];
  if (reader.accept('(')) {
    precision.push(readWhole(reader));
    if (reader.accept(',')) precision.push(readWhole(reader));
    reader.expect(')');
  }
  if (name === 'TIMESTAMP') readTimeZone(reader);
  const array = reader.accept('ARRAY');
  return { name, precision, array, ...reader.spanFrom(at) };
}

function readTypeName(reader: Reader): string {
  const token = reader.peek();
  // Druid writes its complex types as TYPE('COMPLEX<json>').
  if (reader.is('TYPE') && reader.is('(', 1)) {
    reader.next();
    reader.next();
    const { value } = reader.string();
    reader.expect(')');
    return value.toUpperCase();
  }
  const name = token.kind === 'word' ? typeNames.get(token.value) : undefined;
  if (name === undefined) throw unknownType(reader);
  reader.next();
  if (name === 'DOUBLE') reader.accept('PRECISION');
  if (name === 'CHAR' && reader.accept('VARYING')) return 'VARCHAR';
  return name;
}

function unknownType(reader: Reader): SqlProblem {
  const token = reader.peek();
  if (token.kind !== 'word') {
    reader.expected(...[...typeNames.keys()].map((name) => `"${name}"`));
    return reader.unexpected();
  }
  return new SqlProblem(
    `Unknown type '${reader.sql.slice(token.at, token.end).slice(0, 80)}', expected one of ` +
      `${[...new Set(typeNames.values())].join(', ')} or one of them with ARRAY`,
    token,
  );
}

/** Druid has one kind of TIMESTAMP, so only the form that changes nothing is taken. */
function readTimeZone(reader: Reader): void {
  if (reader.accept('WITHOUT')) {
    reader.expect('TIME');
    reader.expect('ZONE');
  } else if (reader.sees('WITH')) {
    throw new SqlProblem(
      'TIMESTAMP WITH TIME ZONE is not supported: use TIMESTAMP and the context parameter sqlTimeZone',
      reader.peek(),
    );
  }
}
