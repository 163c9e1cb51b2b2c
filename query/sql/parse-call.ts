/** Calls of functions in the ordinary form, with DISTINCT, ORDER BY, WITHIN GROUP, FILTER and OVER. */
import type { Call, Expr, Frame, FrameBound, Name, OrderItem, Span, Window } from './ast.ts';
import { SqlProblem } from './errors.ts';
import type { Reader } from './parse-reader.ts';

/** An operand of BETWEEN must not take the AND that follows; a frame's bound neither. */
const tighterThanAnd = 32;

type Arguments = {
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  readonly star: boolean;
  readonly orderBy: readonly OrderItem[];
};

export function readCall(reader: Reader): Call {
  const name = readFunctionName(reader);
  reader.expect('(');
  const inside = reader.nest(() => readArguments(reader));
  reader.expect(')');
  return finishCall(reader, name, inside);
}

/** A call whose arguments were written in a form of their own: `SUBSTRING(x FROM 1)`. */
export function callOf(reader: Reader, name: Name, args: readonly Expr[]): Call {
  return finishCall(reader, name, { args, distinct: false, star: false, orderBy: [] });
}

/** Any word that stands before a parenthesis; the table of functions knows whether there is such a function. */
export function readFunctionName(reader: Reader): Name {
  const token = reader.peek();
  if (token.kind !== 'word' && token.kind !== 'quoted') throw reader.unexpected();
  reader.next();
  return {
    text: token.value.toUpperCase(),
    quoted: token.kind === 'quoted',
    at: token.at,
    end: token.end,
  };
}

function readArguments(reader: Reader): Arguments {
  const none = { args: [], distinct: false, star: false, orderBy: [] };
  if (reader.is(')')) return none;
  if (reader.is('*') && reader.is(')', 1)) {
    reader.next();
    return { ...none, star: true };
  }
  const distinct = reader.accept('DISTINCT');
  if (!distinct) reader.accept('ALL');
  const args = reader.list(() => readArgument(reader));
  return { args, distinct, star: false, orderBy: readOrderBy(reader) };
}

function readArgument(reader: Reader): Expr {
  if (reader.peek(1).value === '=>' && reader.peek(1).kind === 'symbol')
    throw new SqlProblem('Named arguments are not supported: give the arguments in order', {
      at: reader.peek().at,
      end: reader.peek(1).end,
    });
  return reader.grammar.expression(reader);
}

function finishCall(reader: Reader, name: Name, inside: Arguments): Call {
  const nulls = reader.acceptWords('IGNORE', 'NULLS')
    ? 'ignore'
    : reader.acceptWords('RESPECT', 'NULLS')
      ? 'respect'
      : null;
  const orderBy = reader.is('WITHIN') ? readWithinGroup(reader) : inside.orderBy;
  const filter = reader.is('FILTER') ? readFilter(reader) : null;
  const over = reader.accept('OVER') ? readOver(reader) : null;
  return { kind: 'call', name, ...inside, orderBy, filter, over, nulls, ...reader.spanFrom(name.at) };
}

function readWithinGroup(reader: Reader): OrderItem[] {
  reader.expect('WITHIN');
  reader.expect('GROUP');
  reader.expect('(');
  if (!reader.is('ORDER')) throw reader.unexpected();
  const items = reader.nest(() => readOrderBy(reader));
  reader.expect(')');
  return items;
}

function readFilter(reader: Reader): Expr {
  reader.expect('FILTER');
  reader.expect('(');
  reader.expect('WHERE');
  const filter = reader.nest(() => reader.grammar.expression(reader));
  reader.expect(')');
  return filter;
}

/** Empty when there is no ORDER BY. */
export function readOrderBy(reader: Reader): OrderItem[] {
  if (!reader.accept('ORDER')) return [];
  reader.expect('BY');
  return reader.list(() => readOrderItem(reader));
}

function readOrderItem(reader: Reader): OrderItem {
  const expr = reader.grammar.expression(reader);
  const descending = reader.accept('DESC');
  if (!descending) reader.accept('ASC');
  const nulls = reader.accept('NULLS') ? reader.expectAny(['FIRST', 'LAST']) : null;
  return {
    expr,
    descending,
    nulls: nulls === null ? null : nulls === 'FIRST' ? 'first' : 'last',
    ...reader.spanFrom(expr.at),
  };
}

function readOver(reader: Reader): Window | Name {
  return reader.is('(') ? readWindow(reader) : reader.name();
}

/** `([name] [PARTITION BY ...] [ORDER BY ...] [frame])` */
export function readWindow(reader: Reader): Window {
  const { at } = reader.expect('(');
  const window = reader.nest(() => ({
    base: reader.is(')') || !reader.isName() ? null : reader.name(),
    partitionBy: readPartitionBy(reader),
    orderBy: readOrderBy(reader),
    frame: readFrame(reader),
  }));
  reader.expect(')');
  return { ...window, ...reader.spanFrom(at) };
}

function readPartitionBy(reader: Reader): Expr[] {
  if (!reader.accept('PARTITION')) return [];
  reader.expect('BY');
  return reader.list(() => reader.grammar.expression(reader));
}

function readFrame(reader: Reader): Frame | null {
  const token = reader.peek();
  if (!reader.is('ROWS') && !reader.is('RANGE')) return null;
  reader.next();
  const unit = token.value === 'ROWS' ? 'ROWS' : 'RANGE';
  const isBetween = reader.accept('BETWEEN');
  const start = readFrameBound(reader);
  if (isBetween) reader.expect('AND');
  const finish = isBetween ? readFrameBound(reader) : null;
  const span: Span = reader.spanFrom(token.at);
  if (reader.sees('EXCLUDE'))
    throw new SqlProblem('EXCLUDE in a window frame is not supported: leave it out', reader.peek());
  return { unit, start, finish, ...span };
}

function readFrameBound(reader: Reader): FrameBound {
  if (reader.acceptWords('CURRENT', 'ROW')) return { kind: 'currentRow' };
  if (reader.acceptWords('UNBOUNDED', 'PRECEDING')) return { kind: 'unboundedPreceding' };
  if (reader.acceptWords('UNBOUNDED', 'FOLLOWING')) return { kind: 'unboundedFollowing' };
  const expr = reader.grammar.expression(reader, tighterThanAnd);
  return {
    kind: reader.expectAny(['PRECEDING', 'FOLLOWING']) === 'PRECEDING' ? 'preceding' : 'following',
    expr,
  };
}
