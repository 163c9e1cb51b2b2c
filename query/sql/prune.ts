/**
 * What a WHERE clause says about the rows of one table before any is read. Always a superset of the rows that match:
 * whatever is not understood here bounds nothing.
 *
 * Two one-sided facts a column and kind of literal: "some value is at least this", "some value is at most that". That
 * holds for multi-value columns too, where different values may meet different conditions.
 */
import { maxInstantMs, minInstantMs } from '../../domain/granularity.ts';
import type { Call, Expr, Name } from './ast.ts';
import { noBounds, type Bounds, type ColumnBound } from './bounds.ts';
import { dayOf, intervalOf, literalOf, momentOf, periodMaxMs, unitMaxMs } from './prune-constants.ts';
import type { Moment, Surroundings } from './prune-constants.ts';

export type PruneOptions = Surroundings & {
  /** The table's own column that a path means, or null: another table's, or not certain. */
  readonly column: (path: readonly Name[]) => string | null;
};

/** Bounds go into a statement of their own; more of them leave out no more files. */
const boundsMax = 16;
const textMax = 512;
/** Less than a float of 32 bits can tell apart, so that a column of floats is never left out by rounding. */
const fractionSlack = 2 ** -22;

type Fact = { readonly column: string; readonly low: Value | null; readonly high: Value | null };
type Value = string | number;
type Facts = {
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** By column and kind of literal. */
  readonly columns: ReadonlyMap<string, Fact>;
};

const nothing: Facts = { fromMs: null, toMs: null, columns: new Map() };

export function boundsOf(where: Expr | null, options: PruneOptions): Bounds {
  if (where === null) return noBounds;
  const facts = factsOf(where, options);
  const columns = [...facts.columns.values()].flatMap(boundsOfFact).slice(0, boundsMax);
  return { fromMs: facts.fromMs, toMs: facts.toMs, columns };
}

function boundsOfFact({ column, low, high }: Fact): ColumnBound[] {
  // Apart, even when they are equal: in a multi-value column it may be two values that meet them.
  const bounds: ColumnBound[] = [];
  if (low !== null) bounds.push({ column, low, high: null });
  if (high !== null) bounds.push({ column, low: null, high });
  return bounds;
}

function factsOf(expr: Expr, options: PruneOptions): Facts {
  switch (expr.kind) {
    case 'binary':
      if (expr.operator === 'AND') return both(factsOf(expr.left, options), factsOf(expr.right, options));
      if (expr.operator === 'OR') return either(factsOf(expr.left, options), factsOf(expr.right, options));
      return factsOfComparison(expr.left, expr.operator, expr.right, options);
    case 'between':
      return expr.negated || expr.symmetric ? nothing : factsOfBetween(expr, options);
    case 'in':
      return expr.negated || 'body' in expr.options
        ? nothing
        : factsOfList(expr.operand, expr.options, options);
    case 'like':
      return expr.negated || expr.escape !== null || expr.operator !== 'LIKE'
        ? nothing
        : factsOfPattern(expr.operand, expr.pattern, options);
    case 'call':
      return expr.name.text === 'TIME_IN_INTERVAL' ? factsOfInterval(expr.args, options) : nothing;
    default:
      return nothing;
  }
}

function both(a: Facts, b: Facts): Facts {
  if (a === nothing) return b;
  if (b === nothing) return a;
  const columns = new Map(a.columns);
  for (const [key, fact] of b.columns) {
    const other = columns.get(key);
    columns.set(
      key,
      other === undefined
        ? fact
        : {
            column: fact.column,
            low: tighter(other.low, fact.low, 'low'),
            high: tighter(other.high, fact.high, 'high'),
          },
    );
  }
  return {
    fromMs: maxOf(a.fromMs, b.fromMs),
    toMs: minOf(a.toMs, b.toMs),
    columns,
  };
}

function either(a: Facts, b: Facts): Facts {
  if (a === nothing || b === nothing) return nothing;
  const columns = new Map<string, Fact>();
  for (const [key, fact] of a.columns) {
    const other = b.columns.get(key);
    if (other === undefined) continue;
    const low = looser(fact.low, other.low, 'low');
    const high = looser(fact.high, other.high, 'high');
    if (low !== null || high !== null) columns.set(key, { column: fact.column, low, high });
  }
  return {
    fromMs: a.fromMs === null || b.fromMs === null ? null : Math.min(a.fromMs, b.fromMs),
    toMs: a.toMs === null || b.toMs === null ? null : Math.max(a.toMs, b.toMs),
    columns,
  };
}

function maxOf(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

function minOf(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function tighter(a: Value | null, b: Value | null, side: 'low' | 'high'): Value | null {
  if (a === null || b === null) return a ?? b;
  return compare(a, b) > 0 === (side === 'low') ? a : b;
}

function looser(a: Value | null, b: Value | null, side: 'low' | 'high'): Value | null {
  if (a === null || b === null) return null;
  return compare(a, b) > 0 === (side === 'low') ? b : a;
}

/** Values of one kind: a column's facts are kept apart by kind. */
function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}

const turned: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' };

function factsOfComparison(left: Expr, operator: string, right: Expr, options: PruneOptions): Facts {
  const opposite = turned[operator];
  if (opposite === undefined) return nothing;
  const facts = factsOfSubject(left, operator, right, options);
  return facts === nothing ? factsOfSubject(right, opposite, left, options) : facts;
}

function factsOfSubject(subject: Expr, operator: string, value: Expr, options: PruneOptions): Facts {
  const time = timeOf(subject, options);
  if (time !== null) {
    const moment = time.unit === 'ms' ? exactMs(value, options) : momentOf(value, options);
    const comparable = time.unit === 'day' ? dayOf(moment, options) : moment;
    return comparable === null ? nothing : factsOfTime(time, operator, comparable);
  }
  const column = columnOf(subject, options);
  const literal = column === null ? null : literalOf(value, options);
  return column === null || literal === null ? nothing : factOf(column, operator, literal);
}

function exactMs(value: Expr, options: PruneOptions): Moment | null {
  const ms = literalOf(value, options);
  return typeof ms === 'number' && Number.isFinite(ms) ? { lowMs: ms, highMs: ms } : null;
}

function factsOfTime(time: TimeSubject, operator: string, moment: Moment): Facts {
  const fromMs = Math.floor(moment.lowMs - time.aheadMs);
  const lastMs = moment.highMs + time.behindMs;
  const toMs = operator === '<' ? Math.ceil(lastMs) : Math.floor(lastMs) + 1;
  const hasFrom = operator !== '<' && operator !== '<=';
  const hasTo = operator !== '>' && operator !== '>=';
  return { ...nothing, fromMs: hasFrom ? instant(fromMs) : null, toMs: hasTo ? instant(toMs) : null };
}

/** Within the range of `Date`, which holds every row. */
function instant(ms: number): number {
  return Math.max(minInstantMs, Math.min(maxInstantMs, ms));
}

/** An expression of `__time` that is at most `behindMs` before it and at most `aheadMs` after it. */
type TimeSubject = {
  readonly behindMs: number;
  readonly aheadMs: number;
  /** What it is compared with: a moment, a day, or milliseconds as a number. */
  readonly unit: 'moment' | 'day' | 'ms';
};

/** A call with an origin or a zone of its own has buckets that begin elsewhere, and the turns of a clock in them. */
const elsewhere = 'Pacific/Apia';

const timeColumn = '__time';

function timeOf(expr: Expr, options: PruneOptions): TimeSubject | null {
  if (isTimeColumn(expr, options)) return { behindMs: 0, aheadMs: 0, unit: 'moment' };
  if (expr.kind === 'roundTime') {
    const found = bucketOf(expr.operand, unitMaxMs(expr.unit, options), options);
    if (found === null || expr.direction === 'FLOOR') return found;
    return { behindMs: 0, aheadMs: found.behindMs, unit: 'moment' };
  }
  if (expr.kind === 'cast' && expr.type.name === 'DATE' && !expr.type.array) {
    const found = bucketOf(expr.operand, unitMaxMs('DAY', options), options);
    return found === null ? null : { ...found, unit: 'day' };
  }
  return expr.kind === 'call' ? timeOfCall(expr, options) : null;
}

function timeOfCall(call: Call, options: PruneOptions): TimeSubject | null {
  const [first, second] = call.args;
  if (call.name.text === 'TIMESTAMP_TO_MILLIS' && first !== undefined && isTimeColumn(first, options))
    return { behindMs: 0, aheadMs: 0, unit: 'ms' };
  if (first === undefined || second === undefined) return null;
  const local = call.args.length > 2 ? { ...options, timeZone: elsewhere } : options;
  const text = (part: Expr): string => String(literalOf(part, options));
  if (call.name.text === 'TIME_FLOOR') return bucketOf(first, periodMaxMs(text(second), local), options);
  if (call.name.text !== 'DATE_TRUNC') return null;
  return bucketOf(second, unitMaxMs(text(first).toUpperCase(), local), options);
}

/** The beginning of a bucket of `__time`. */
function bucketOf(operand: Expr, lengthMs: number | null, options: PruneOptions): TimeSubject | null {
  if (lengthMs === null || !isTimeColumn(operand, options)) return null;
  return { behindMs: lengthMs - 1, aheadMs: 0, unit: 'moment' };
}

function isTimeColumn(expr: Expr, options: PruneOptions): boolean {
  return expr.kind === 'column' && options.column(expr.path) === timeColumn;
}

function columnOf(expr: Expr, options: PruneOptions): string | null {
  const column = expr.kind === 'column' ? options.column(expr.path) : null;
  return column === timeColumn ? null : column;
}

function factOf(column: string, operator: string, literal: Value): Facts {
  const low = operator === '<' || operator === '<=' ? null : lowEnd(literal);
  const high = operator === '>' || operator === '>=' ? null : highEnd(literal);
  if (low === null && high === null) return nothing;
  return { ...nothing, columns: new Map([[`${typeof literal}:${column}`, { column, low, high }]]) };
}

/** A text that is no valid UTF-16 is not compared; an empty one may be stored as a missing value. */
function isComparable(text: string): boolean {
  return text !== '' && !/\p{Surrogate}/u.test(text);
}

function lowEnd(value: Value): Value | null {
  if (typeof value === 'number') return rounded(value, -1);
  if (!isComparable(value)) return null;
  // Its beginning is no greater than the text.
  const start = value.slice(0, textMax);
  return isComparable(start) ? start : start.slice(0, -1);
}

function highEnd(value: Value): Value | null {
  if (typeof value === 'number') return rounded(value, 1);
  return isComparable(value) && value.length <= textMax ? value : null;
}

/** Numbers that a double or a float may hold a little beside get some room. */
function rounded(value: number, direction: 1 | -1): number | null {
  if (!Number.isFinite(value)) return null;
  const isExact = Number.isInteger(value) && Math.abs(value) <= 2 ** 24;
  const end = isExact ? value : value + direction * Math.abs(value) * fractionSlack;
  return Number.isFinite(end) ? end : null;
}

function factsOfBetween(expr: Expr & { kind: 'between' }, options: PruneOptions): Facts {
  const column = columnOf(expr.operand, options);
  if (column !== null) {
    // Ends of two kinds are compared as a third, which is not known here.
    const [low, high] = [literalOf(expr.low, options), literalOf(expr.high, options)];
    if (low === null || high === null || typeof low !== typeof high) return nothing;
  }
  return both(
    factsOfSubject(expr.operand, '>=', expr.low, options),
    factsOfSubject(expr.operand, '<=', expr.high, options),
  );
}

function factsOfList(operand: Expr, items: readonly Expr[], options: PruneOptions): Facts {
  const values = items.filter((item) => item.kind !== 'null');
  let facts: Facts | null = null;
  for (const value of values) {
    const one = factsOfSubject(operand, '=', value, options);
    facts = facts === null ? one : either(facts, one);
  }
  return facts ?? nothing;
}

/** `LIKE 'abc%'`: texts from `abc` on, up to those that begin otherwise. */
function factsOfPattern(operand: Expr, pattern: Expr, options: PruneOptions): Facts {
  const column = columnOf(operand, options);
  const text = column === null ? null : literalOf(pattern, options);
  if (column === null || typeof text !== 'string' || text.includes('\\')) return nothing;
  const wild = text.search(/[%_]/);
  if (wild === -1) return factOf(column, '=', text);
  const prefix = text.slice(0, wild);
  const next = following(prefix);
  const low = factOf(column, '>=', prefix);
  return next === null ? low : both(low, factOf(column, '<=', next));
}

/** The least text above all that begin with the prefix; null when that needs more than its last character. */
function following(prefix: string): string | null {
  const last = [...prefix].at(-1);
  const code = last?.codePointAt(0) ?? 0;
  if (last === undefined || code === 0x10ffff || code === 0xd7ff) return null;
  return prefix.slice(0, prefix.length - last.length) + String.fromCodePoint(code + 1);
}

function factsOfInterval(args: readonly Expr[], options: PruneOptions): Facts {
  const [time, interval] = args;
  if (time === undefined || interval?.kind !== 'string' || !isTimeColumn(time, options)) return nothing;
  const moment = intervalOf(interval.value, options);
  if (moment === null) return nothing;
  return { ...nothing, fromMs: instant(Math.floor(moment.lowMs)), toMs: instant(Math.ceil(moment.highMs)) };
}
