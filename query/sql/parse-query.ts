/**
 * Queries: WITH, SELECT and its clauses, VALUES, UNION and its like, ORDER BY, LIMIT, OFFSET, FETCH.
 *
 * INTERSECT binds tighter than UNION and EXCEPT. A run of UNION ALL comes out balanced, as AND does: it is associative,
 * and its first query, which names the columns, stays the leftmost.
 */
import type {
  Cte,
  Expr,
  GroupingElement,
  Name,
  Query,
  QueryBody,
  Select,
  SelectItem,
  Span,
  Values,
  Window,
} from './ast.ts';
import { SqlProblem } from './errors.ts';
import { readOrderBy, readWindow } from './parse-call.ts';
import { readFrom } from './parse-from.ts';
import type { Reader } from './parse-reader.ts';

export function readQuery(reader: Reader): Query {
  const { at } = reader.peek();
  const ctes = reader.accept('WITH') ? readCtes(reader) : [];
  return finishQuery(reader, at, ctes, readBody(reader, readPrimary(reader)));
}

/** `(query) UNION ...`: the part in parentheses was read already. */
export function continueQuery(reader: Reader, query: Query, at: number): Query {
  return finishQuery(reader, at, [], readBody(reader, { kind: 'nested', query, at, end: query.end }));
}

function finishQuery(reader: Reader, at: number, ctes: readonly Cte[], body: QueryBody): Query {
  const orderBy = readOrderBy(reader);
  const bounds = readLimits(reader);
  return { with: ctes, body, orderBy, ...bounds, ...reader.spanFrom(at) };
}

function readCtes(reader: Reader): Cte[] {
  if (reader.sees('RECURSIVE'))
    throw new SqlProblem('WITH RECURSIVE is not supported: use WITH', reader.peek());
  return reader.list(() => {
    const name = reader.name();
    const columns = reader.is('(') ? reader.names() : [];
    reader.expect('AS');
    reader.expect('(');
    const query = reader.nest(() => readQuery(reader));
    reader.expect(')');
    return { name, columns, query, ...reader.spanFrom(name.at) };
  });
}

function readBody(reader: Reader, first: QueryBody): QueryBody {
  let left = readIntersections(reader, first);
  while (reader.is('UNION') || reader.is('EXCEPT')) {
    if (reader.is('UNION') && reader.is('ALL', 1)) {
      left = readUnionAll(reader, left);
      continue;
    }
    const operator = reader.next().value === 'UNION' ? 'UNION' : 'EXCEPT';
    const all = readAll(reader);
    const right = readIntersections(reader, readPrimary(reader));
    left = { kind: 'set', operator, all, left, right, ...reader.spanFrom(left.at) };
  }
  return left;
}

function readUnionAll(reader: Reader, first: QueryBody): QueryBody {
  let level = [first];
  while (reader.acceptWords('UNION', 'ALL')) level.push(readIntersections(reader, readPrimary(reader)));
  while (level.length > 1) {
    const next: QueryBody[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = [level[index], level[index + 1]];
      if (left === undefined) continue;
      if (right === undefined) next.push(left);
      else next.push({ kind: 'set', operator: 'UNION', all: true, left, right, at: left.at, end: right.end });
    }
    level = next;
  }
  return level[0] ?? first;
}

function readIntersections(reader: Reader, first: QueryBody): QueryBody {
  let left = first;
  while (reader.accept('INTERSECT')) {
    const all = readAll(reader);
    const right = readPrimary(reader);
    left = { kind: 'set', operator: 'INTERSECT', all, left, right, ...reader.spanFrom(left.at) };
  }
  return left;
}

function readAll(reader: Reader): boolean {
  if (reader.accept('ALL')) return true;
  reader.accept('DISTINCT');
  return false;
}

function readPrimary(reader: Reader): QueryBody {
  const { at } = reader.peek();
  if (reader.is('SELECT')) return readSelect(reader);
  if (reader.is('VALUES')) return readValues(reader);
  if (reader.is('TABLE')) return readTable(reader);
  reader.expect('(');
  const query = reader.nest(() => readQuery(reader));
  reader.expect(')');
  return { kind: 'nested', query, ...reader.spanFrom(at) };
}

/** `TABLE t` is `SELECT * FROM t`. */
function readTable(reader: Reader): Select {
  const { at } = reader.next();
  const path = [reader.name()];
  while (reader.accept('.')) path.push(reader.name());
  const span = reader.spanFrom(at);
  const place = reader.spanFrom(path[0]?.at ?? at);
  return {
    kind: 'select',
    distinct: false,
    items: [{ kind: 'star', qualifier: [], ...span }],
    from: { kind: 'table', path, alias: null, ...place },
    where: null,
    groupBy: null,
    having: null,
    windows: [],
    ...span,
  };
}

function readValues(reader: Reader): Values {
  const { at } = reader.next();
  const rows = reader.list(() => {
    const row = reader.grammar.expression(reader);
    return row.kind === 'row' ? row.items : [row];
  });
  return { kind: 'values', rows, ...reader.spanFrom(at) };
}

function readSelect(reader: Reader): Select {
  const { at } = reader.next();
  if (reader.sees('STREAM'))
    throw new SqlProblem('SELECT STREAM is not supported: leave STREAM out', reader.peek());
  const distinct = reader.accept('DISTINCT');
  if (!distinct) reader.accept('ALL');
  const items = reader.list(() => readItem(reader));
  const from = reader.accept('FROM') ? readFrom(reader) : null;
  const where = reader.accept('WHERE') ? reader.grammar.expression(reader) : null;
  const groupBy = reader.accept('GROUP') ? readGroupBy(reader) : null;
  const having = reader.accept('HAVING') ? reader.grammar.expression(reader) : null;
  const windows = reader.accept('WINDOW') ? reader.list(() => readNamedWindow(reader)) : [];
  return { kind: 'select', distinct, items, from, where, groupBy, having, windows, ...reader.spanFrom(at) };
}

function readNamedWindow(reader: Reader): Span & { name: Name; window: Window } {
  const name = reader.name();
  reader.expect('AS');
  return { name, window: readWindow(reader), ...reader.spanFrom(name.at) };
}

function readItem(reader: Reader): SelectItem {
  const { at } = reader.peek();
  const qualifier = readStar(reader);
  if (qualifier !== null) return { kind: 'star', qualifier, ...reader.spanFrom(at) };
  const expr = reader.grammar.expression(reader);
  const alias = reader.alias();
  return { kind: 'expr', expr, alias, ...reader.spanFrom(at) };
}

/** `*` and `t.*`; null when it is neither. */
function readStar(reader: Reader): Name[] | null {
  let length = 0;
  while (reader.isName(length) && reader.is('.', length + 1)) length += 2;
  if (!reader.is('*', length)) return null;
  const qualifier: Name[] = [];
  for (let index = 0; index < length; index += 2) {
    qualifier.push(reader.name());
    reader.expect('.');
  }
  reader.expect('*');
  return qualifier;
}

function readGroupBy(reader: Reader): GroupingElement[] {
  reader.expect('BY');
  if (reader.sees('DISTINCT'))
    throw new SqlProblem('GROUP BY DISTINCT is not supported: leave DISTINCT out', reader.peek());
  reader.accept('ALL');
  return reader.list(() => readGroupingElement(reader));
}

function readGroupingElement(reader: Reader): GroupingElement {
  const { at } = reader.peek();
  if (reader.is('(') && reader.is(')', 1)) {
    reader.next();
    reader.next();
    return { kind: 'set', exprs: [], ...reader.spanFrom(at) };
  }
  if (reader.acceptWords('GROUPING', 'SETS')) return readGroupingSets(reader, 'GROUPING SETS', at);
  if (reader.accept('ROLLUP')) return readGroupingSets(reader, 'ROLLUP', at);
  if (reader.accept('CUBE')) return readGroupingSets(reader, 'CUBE', at);
  const isParenthesis = reader.is('(');
  const expr = reader.grammar.expression(reader);
  // `(a, b)` is a set; `(a, b) = (1, 2)` and `ROW(a, b)` are expressions.
  if (isParenthesis && expr.kind === 'row' && expr.at === at)
    return { kind: 'set', exprs: expr.items, ...reader.spanFrom(at) };
  return { kind: 'expr', expr, ...reader.spanFrom(at) };
}

function readGroupingSets(
  reader: Reader,
  kind: 'GROUPING SETS' | 'ROLLUP' | 'CUBE',
  at: number,
): GroupingElement {
  reader.expect('(');
  const elements = reader.nest(() => reader.list(() => readGroupingElement(reader)));
  reader.expect(')');
  return { kind, elements, ...reader.spanFrom(at) };
}

type Limits = { readonly limit: Expr | null; readonly offset: Expr | null };

function readLimits(reader: Reader): Limits {
  let limit = reader.accept('LIMIT') ? readLimit(reader) : null;
  let offset: Expr | null = null;
  if (reader.accept('OFFSET')) {
    offset = readCount(reader);
    if (!reader.accept('ROWS')) reader.accept('ROW');
  }
  if (limit === null && reader.accept('FETCH')) {
    reader.expectAny(['FIRST', 'NEXT']);
    limit = readCount(reader);
    reader.expectAny(['ROWS', 'ROW']);
    reader.expect('ONLY');
  }
  return { limit, offset };
}

function readLimit(reader: Reader): Expr | null {
  return reader.accept('ALL') ? null : readCount(reader);
}

/** Digits or a parameter. */
function readCount(reader: Reader): Expr {
  const token = reader.peek();
  if (!reader.is('?') && token.kind !== 'number') {
    reader.expected('<UNSIGNED_INTEGER_LITERAL>', '<DECIMAL_NUMERIC_LITERAL>');
    throw reader.unexpected();
  }
  return reader.grammar.expression(reader, Number.POSITIVE_INFINITY);
}
