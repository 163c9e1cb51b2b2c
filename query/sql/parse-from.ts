/**
 * The FROM clause: tables, subqueries, UNNEST, table functions, and joins. A comma binds less than JOIN does, and both
 * are read in a loop.
 */
import type { Query, Span, TableAlias, TableExpr } from './ast.ts';
import { SqlProblem } from './errors.ts';
import { readCall } from './parse-call.ts';
import type { Reader } from './parse-reader.ts';

/** They read what lies outside: Druid has them for its ingestion by SQL. */
const externalFunctions: ReadonlySet<string> = new Set(['EXTERN', 'S3', 'HTTP', 'INLINE', 'LOCALFILES']);

export function readFrom(reader: Reader): TableExpr {
  let left = readJoins(reader, readTable(reader));
  while (reader.accept(',')) {
    const right = readJoins(reader, readTable(reader));
    left = cross(left, right);
  }
  return left;
}

function cross(left: TableExpr, right: TableExpr): TableExpr {
  const span = { at: left.at, end: right.end };
  return { kind: 'join', type: 'CROSS', natural: false, left, right, on: null, using: null, ...span };
}

type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';

function readJoins(reader: Reader, first: TableExpr): TableExpr {
  let left = first;
  for (;;) {
    if (reader.accept('CROSS')) {
      reader.expect('JOIN');
      left = cross(left, readTable(reader));
      continue;
    }
    const natural = reader.accept('NATURAL');
    const type = readJoinType(reader);
    if (type === null) {
      if (natural) throw reader.unexpected();
      return left;
    }
    const right = readTable(reader);
    const on = !natural && reader.accept('ON') ? reader.grammar.expression(reader) : null;
    const using = !natural && on === null && reader.accept('USING') ? reader.names() : null;
    if (!natural && on === null && using === null) throw reader.unexpected();
    left = { kind: 'join', type, natural, left, right, on, using, ...reader.spanFrom(left.at) };
  }
}

function readJoinType(reader: Reader): JoinType | null {
  if (reader.accept('JOIN')) return 'INNER';
  if (reader.accept('INNER')) {
    reader.expect('JOIN');
    return 'INNER';
  }
  for (const type of ['LEFT', 'RIGHT', 'FULL'] as const)
    if (reader.accept(type)) {
      reader.accept('OUTER');
      reader.expect('JOIN');
      return type;
    }
  return null;
}

function readTable(reader: Reader): TableExpr {
  const { at } = reader.peek();
  if (reader.is('(')) {
    const inside = readParenthesizedTable(reader);
    return inside.kind === 'query' ? subquery(reader, inside.query, at) : inside.table;
  }
  if (reader.sees('LATERAL') && !reader.is('UNNEST', 1))
    throw new SqlProblem(
      'LATERAL is not supported here: found it before a table, expected UNNEST(...) after it',
      reader.peek(),
    );
  reader.accept('LATERAL');
  if (reader.is('UNNEST')) return readUnnest(reader);
  if (reader.is('TABLE') && reader.is('(', 1)) return readTableFunction(reader);
  const path = [reader.name()];
  while (reader.accept('.')) path.push(reader.name());
  refuseAddition(reader);
  const alias = readAlias(reader);
  return { kind: 'table', path, alias, ...reader.spanFrom(at) };
}

/** What Druid's grammar has behind a table and no engine of ours runs: refused by name. */
function refuseAddition(reader: Reader): void {
  for (const word of ['TABLESAMPLE', 'EXTEND', 'MATCH_RECOGNIZE'])
    if (reader.sees(word)) throw new SqlProblem(`${word} is not supported: leave it out`, reader.peek());
}

function subquery(reader: Reader, query: Query, at: number): TableExpr {
  const alias = readAlias(reader);
  return { kind: 'subquery', query, alias, ...reader.spanFrom(at) };
}

type ParenthesizedTable =
  | (Span & { readonly kind: 'query'; readonly query: Query })
  | (Span & { readonly kind: 'table'; readonly table: TableExpr });

/** `(SELECT ...)` or `(a JOIN b)`, in any number of parentheses; decided without going back. */
function readParenthesizedTable(reader: Reader): ParenthesizedTable {
  const { at } = reader.expect('(');
  const inside = reader.nest(() => readInParentheses(reader));
  reader.expect(')');
  return { ...inside, ...reader.spanFrom(at) };
}

function readInParentheses(reader: Reader): ParenthesizedTable {
  const { at } = reader.peek();
  if (reader.isQueryStart() && !(reader.is('TABLE') && reader.is('(', 1)))
    return { kind: 'query', query: reader.grammar.query(reader), at, end: at };
  if (!reader.is('(')) return { kind: 'table', table: readFrom(reader), at, end: at };
  const inside = readParenthesizedTable(reader);
  if (inside.kind === 'query' && reader.isQueryContinued())
    return { kind: 'query', query: reader.grammar.continueQuery(reader, inside.query, at), at, end: at };
  if (inside.kind === 'query' && reader.is(')')) return inside;
  const first = inside.kind === 'query' ? subquery(reader, inside.query, at) : inside.table;
  let table = readJoins(reader, first);
  while (reader.accept(',')) table = cross(table, readJoins(reader, readTable(reader)));
  return { kind: 'table', table, at, end: at };
}

function readUnnest(reader: Reader): TableExpr {
  const { at } = reader.next();
  reader.expect('(');
  const expr = reader.nest(() => reader.grammar.expression(reader));
  if (reader.sees(','))
    throw new SqlProblem(
      'UNNEST of several arrays is not supported: write one UNNEST for each',
      reader.peek(),
    );
  reader.expect(')');
  if (reader.sees('WITH'))
    throw new SqlProblem('WITH ORDINALITY is not supported: leave it out', reader.peek());
  const alias = readAlias(reader);
  return { kind: 'unnest', expr, alias, ...reader.spanFrom(at) };
}

function readTableFunction(reader: Reader): TableExpr {
  const { at } = reader.next();
  reader.expect('(');
  const name = reader.peek();
  if (name.kind === 'word' && externalFunctions.has(name.value))
    throw new SqlProblem(
      `${name.value} is not supported: a query reads data sources and system tables, nothing outside`,
      name,
    );
  const call = reader.nest(() => readCall(reader));
  reader.expect(')');
  refuseAddition(reader);
  const alias = readAlias(reader);
  return { kind: 'function', call, alias, ...reader.spanFrom(at) };
}

/** `[AS] t [(a, b)]` */
function readAlias(reader: Reader): TableAlias | null {
  const name = reader.alias();
  if (name === null) return null;
  const columns = reader.is('(') ? reader.names() : [];
  return { name, columns, ...reader.spanFrom(name.at) };
}
