/** Calls: looked up in the table of functions, arguments counted, then applied as a scalar, an aggregate or over a window. */
import type { Call, Expr, Frame, FrameBound, Span, Window } from '../ast.ts';
import { castTo } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import { finished, withTail } from '../functions/aggregate-tail.ts';
import { orderedByTime } from '../functions/index.ts';
import type { FunctionEntry } from '../function-table.ts';
import { isMulti, isNumber, types, typeText } from '../typed-sql.ts';
import type { SqlType, TypedSql } from '../typed-sql.ts';
import { numberLiteral } from './literals.ts';
import { ownColumn } from './scope.ts';
import { contextOf } from './session.ts';
import type { Session, Site } from './session.ts';
import { combine, fromFunction, listOf, wholeOf } from './value.ts';
import type { Value } from './value.ts';

type Working = Extract<FunctionEntry, { verdict: 'works' }>;

export function callOf(session: Session, call: Call, site: Site): Value {
  const name = call.name.text;
  if (name === 'GROUPING') return groupingOf(session, call, site);
  const entry = session.options.functions.get(name);
  if (entry === undefined) throw noMatch(session, call, site);
  if (entry.verdict === 'refused')
    throw new SqlProblem(`Function ${name} is not supported: ${entry.reason}`, call);
  countArguments(entry, call);
  if (entry.kind === 'scalar') {
    refuseClauses(call);
    const args = call.args.map((arg) => session.value(arg, site));
    return applyScalar(session, entry, call, args, site);
  }
  if (call.over !== null) return windowCall(session, entry, call, site);
  if (entry.kind === 'window')
    throw new SqlProblem(`OVER clause is necessary for window functions, found ${name} without it`, call);
  return aggregateCall(session, entry, call, site);
}

/** A function of the table that the grammar writes in another form: `EXTRACT`, `FLOOR TO`, `BTRIM`, ... */
export function callNamed(
  session: Session,
  name: string,
  args: readonly Value[],
  span: Span,
  site: Site,
): Value {
  const entry = session.options.functions.get(name);
  if (entry?.verdict !== 'works') throw new SqlProblem(`Function ${name} is not supported`, span);
  const clauses = { distinct: false, star: false, orderBy: [], filter: null, over: null, nulls: null };
  const own = { text: name, quoted: false, at: span.at, end: span.end };
  const call: Call = { kind: 'call', name: own, args: [], ...clauses, at: span.at, end: span.end };
  return applyScalar(session, entry, call, args, site);
}

function applyScalar(
  session: Session,
  entry: Working,
  call: Call,
  args: readonly Value[],
  site: Site,
): Value {
  const context = contextOf(session, call, call.name.text);
  const { exploded } = site.scope;
  if (entry.multi === 'whole')
    return fromFunction(session, entry.translate(args.map(listOf), context, call), exploded);
  const result = combine(args, call, (operands) => entry.translate(operands, context, call));
  if (!isMulti(result.type)) return result;
  if (result.lift !== undefined)
    throw new SqlProblem(
      `${call.name.text} of a multi-value dimension is not supported: use UNNEST(MV_TO_ARRAY(...))`,
      call,
    );
  return fromFunction(session, result, exploded);
}

function refuseClauses(call: Call): void {
  const found =
    (call.distinct && 'DISTINCT') ||
    (call.star && '*') ||
    (call.filter !== null && 'FILTER') ||
    (call.over !== null && 'OVER') ||
    (call.orderBy.length > 0 && 'ORDER BY');
  if (found)
    throw new SqlProblem(`${found} can only be used with an aggregate, ${call.name.text} is none`, call);
}

function countArguments(entry: Working, call: Call): void {
  const { min, max } = entry.args;
  const count = call.args.length;
  if (count >= min && count <= max) return;
  const most =
    max === Number.POSITIVE_INFINITY ? `${min} or more` : min === max ? String(min) : `${min} to ${max}`;
  throw new SqlProblem(
    `Invalid number of arguments to function '${call.name.text}'. Was expecting ${most} arguments: ${entry.syntax}`,
    call,
  );
}

function noMatch(session: Session, call: Call, site: Site): SqlProblem {
  const family = ({ type }: Value): string => `<${familyOf(type)}>`;
  const families = call.args.map((arg) => {
    try {
      return family(session.value(arg, site));
    } catch (error) {
      if (error instanceof SqlProblem) return '<ANY>';
      throw error;
    }
  });
  return new SqlProblem(
    `No match found for function signature ${call.name.text}(${call.star ? '*' : families.join(', ')})`,
    call,
  );
}

function familyOf(type: SqlType): string {
  if (isNumber(type)) return 'NUMERIC';
  return type.name === 'VARCHAR' ? 'CHARACTER' : typeText(type);
}

function aggregateCall(session: Session, entry: Working, call: Call, site: Site): Value {
  if (site.insideAggregate) throw new SqlProblem('Aggregate expressions cannot be nested', call);
  if (site.grouping === null)
    throw new SqlProblem(`Aggregate expression is illegal in ${site.clause} clause`, call);
  const input: Site = { ...site.grouping.input, insideAggregate: true, windows: null };
  const bare = bareCall(session, entry, call, input);
  const whole = withTail(bare, filterText(session, call, input));
  const result = site.grouping.aggregate(whole.sql, whole.type);
  return fromFunction(session, result, site.scope.exploded);
}

function filterText(session: Session, call: Call, site: Site): string {
  if (call.filter === null) return '';
  return ` filter (where ${session.condition(call.filter, { ...site, clause: 'FILTER' })})`;
}

/** Without FILTER and OVER. */
function bareCall(session: Session, entry: Working, call: Call, site: Site): TypedSql {
  const values = call.args.map((arg) => session.value(arg, site));
  const args = values.map(wholeOf);
  const byTime = orderedByTime.get(call.name.text);
  if (byTime !== undefined) return callByTime(session, byTime, call, args, site);
  const distinctLists = distinctValues(call, args);
  if (distinctLists !== null) return distinctLists;
  const result = entry.translate(args, contextOf(session, call, call.name.text), call);
  return withInnerClauses(session, call, result, site);
}

/** EARLIEST and LATEST go by the time of a first or last metric, else by the column `__time` that is visible where they stand. */
function callByTime(
  session: Session,
  name: string,
  call: Call,
  args: readonly TypedSql[],
  site: Site,
): TypedSql {
  const entry = session.options.functions.get(name);
  if (entry?.verdict !== 'works') throw new SqlProblem(`Function ${name} is not supported`, call);
  const [value, ...others] = args;
  const time = ownTime(session, call, site) ?? rowTime(session, call, site);
  return entry.translate(
    [...(value === undefined ? [] : [value]), time, ...others],
    contextOf(session, call, call.name.text),
    call,
  );
}

function ownTime(session: Session, { args: [arg] }: Call, site: Site): TypedSql | null {
  const column = arg?.kind === 'column' ? ownColumn(session, arg, site.scope) : null;
  return column?.timeSql === undefined ? null : { sql: column.timeSql, type: types.bigint };
}

function rowTime(session: Session, call: Call, site: Site): TypedSql {
  const path = [{ text: '__time', quoted: true, at: call.at, end: call.end }];
  return wholeOf(session.value({ kind: 'column', path, at: call.at, end: call.end }, site));
}

/** COUNT(DISTINCT m) counts values, not lists of them; only lists that differ are kept. */
function distinctValues(call: Call, [list]: readonly TypedSql[]): TypedSql | null {
  const name = call.name.text;
  const counts = (name === 'COUNT' && call.distinct) || name.startsWith('APPROX_COUNT_DISTINCT');
  if (!counts || list === undefined || !isMulti(list.type)) return null;
  return finished(
    `list(distinct ${list.sql})`,
    (lists) => `coalesce(len(list_distinct(flatten(${lists}))), 0)`,
    types.bigint,
  );
}

/** What stands inside the parentheses of a bare call: DISTINCT before the arguments, ORDER BY after them. */
function withInnerClauses(session: Session, call: Call, result: TypedSql, site: Site): TypedSql {
  const isTaken = 'tailAt' in result || /^[a-z_]+\(distinct\b/i.test(result.sql);
  const distinct = call.distinct && !isTaken ? 'distinct ' : '';
  const order = call.orderBy.length === 0 ? '' : ` order by ${session.orderBy(call.orderBy, site)}`;
  const nulls = call.nulls === null ? '' : ` ${call.nulls} nulls`;
  if (distinct === '' && order === '' && nulls === '') return result;
  const bare = /^([a-z_]+\()(.*)\)$/s.exec(result.sql);
  if (bare === null || 'tailAt' in result)
    throw new SqlProblem(`DISTINCT, ORDER BY or IGNORE NULLS in ${call.name.text} is not supported`, call);
  return { sql: `${bare[1]}${distinct}${bare[2]}${nulls}${order})`, type: result.type };
}

/** Which keys the row's grouping set leaves out, as bits; the last argument is the lowest. */
function groupingOf(session: Session, call: Call, site: Site): Value {
  const { grouping } = site;
  if (grouping === null) throw new SqlProblem('GROUPING can only be used with GROUP BY', call);
  if (call.args.length === 0)
    throw new SqlProblem("Invalid number of arguments to function 'GROUPING'. Was expecting 1 or more", call);
  const keys = call.args.map((arg) => {
    const value = session.value(arg, site);
    const key = grouping.keys.find((candidate) => candidate.value.sql === value.sql);
    if (key === undefined)
      throw new SqlProblem("Argument to operator 'GROUPING' must be a grouped expression", arg);
    return key.sql;
  });
  return grouping.aggregate(`grouping(${keys.join(', ')})`, types.bigint);
}

function windowCall(session: Session, entry: Working, call: Call, site: Site): Value {
  if (site.windows === null)
    throw new SqlProblem(`Windowed aggregate expression is illegal in ${site.clause} clause`, call);
  const inside: Site = { ...site, windows: null, aliases: null, clause: 'OVER' };
  const bare = bareCall(session, entry, call, inside);
  const over = ` over (${windowText(session, windowOf(call, site), site)})`;
  const { sql, type } = withTail(bare, filterText(session, call, inside) + over);
  return fromFunction(session, { sql: `(${sql})`, type }, site.scope.exploded);
}

/** The window of a call with what it inherits. */
export function windowOf(call: Call, site: Site): Window {
  const named = (name: { readonly text: string } & Span, seen: number): Window => {
    const window = site.windows?.get(name.text);
    if (window === undefined || seen > 100) throw new SqlProblem(`Window '${name.text}' not found`, name);
    return window.base === null ? window : merged(named(window.base, seen + 1), window);
  };
  if (call.over === null) throw new Error('only calls with OVER have a window');
  if ('text' in call.over) return named(call.over, 0);
  return call.over.base === null ? call.over : merged(named(call.over.base, 0), call.over);
}

function merged(base: Window, window: Window): Window {
  return {
    ...window,
    base: null,
    partitionBy: window.partitionBy.length > 0 ? window.partitionBy : base.partitionBy,
    orderBy: window.orderBy.length > 0 ? window.orderBy : base.orderBy,
    frame: window.frame ?? base.frame,
  };
}

function windowText(session: Session, window: Window, site: Site): string {
  const inside: Site = { ...site, windows: null, aliases: null, clause: 'OVER' };
  const parts: string[] = [];
  if (window.partitionBy.length > 0) {
    const keys = window.partitionBy.map((expr) => wholeOf(session.value(expr, inside)).sql);
    parts.push(`partition by ${keys.join(', ')}`);
  }
  if (window.orderBy.length > 0) parts.push(`order by ${session.orderBy(window.orderBy, inside)}`);
  if (window.frame !== null) parts.push(frameText(session, window.frame, inside));
  return parts.join(' ');
}

function frameText(session: Session, frame: Frame, site: Site): string {
  const unit = frame.unit.toLowerCase();
  const start = boundText(session, frame.start, site);
  if (frame.finish === null) return `${unit} ${start}`;
  return `${unit} between ${start} and ${boundText(session, frame.finish, site)}`;
}

function boundText(session: Session, bound: FrameBound, site: Site): string {
  switch (bound.kind) {
    case 'unboundedPreceding':
      return 'unbounded preceding';
    case 'unboundedFollowing':
      return 'unbounded following';
    case 'currentRow':
      return 'current row';
    case 'preceding':
    case 'following':
      return `${frameDistance(session, bound.expr, site)} ${bound.kind}`;
  }
}

function frameDistance(session: Session, expr: Expr, site: Site): string {
  const value = session.value(expr, site);
  if (value.duration !== undefined) return value.sql;
  const written = value.constant?.value;
  if (!isNumber(value.type) || typeof written !== 'string' || written.startsWith('-'))
    throw new SqlProblem('The bound of a window frame must be a literal number, zero or more', expr);
  return castTo(numberLiteral(written, expr), value.type).sql;
}
