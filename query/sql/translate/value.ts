/**
 * What an expression gives: a TypedSql, and for expressions over a multi-value dimension the list they run over.
 *
 * A lifted value stands for one value of the list, as the parameter of a lambda: functions and operators work on it as on
 * any text. What becomes of the list is decided where the value is used: `anyOf` in a condition, `wholeOf` as a column.
 */
import type { Span } from '../ast.ts';
import { castTo } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import { isMulti, types } from '../typed-sql.ts';
import type { TypedSql } from '../typed-sql.ts';
import type { Session } from './session.ts';

export type Value = TypedSql & {
  /** The list whose values `sql` stands for, one after the other. */
  readonly lift?: Lift | undefined;
  /** Of an exploded value: the list it came from. */
  readonly list?: string | undefined;
  /** Of an INTERVAL. */
  readonly duration?: Duration | undefined;
  /** There is a query inside, which DuckDB takes in no lambda. */
  readonly hasQuery?: boolean | undefined;
};

export type Lift = { readonly list: string; readonly parameter: string };

export type Duration = { readonly months: number; readonly ms: number };

/** A column or result of type VARCHAR multi, whose value is null, never an empty list. */
export function lifted(session: Session, list: string, exploded: ReadonlyMap<string, string>): Value {
  const column = exploded.get(list);
  if (column !== undefined) return { sql: column, type: types.varchar, list };
  const parameter = session.lambdas.get(list) ?? session.fresh('m');
  session.lambdas.set(list, parameter);
  return { sql: parameter, type: types.varchar, lift: { list, parameter } };
}

/** The one value that `build` makes of operands, for each value of the list when one of them is lifted. */
export function combine(
  operands: readonly Value[],
  span: Span,
  build: (operands: readonly TypedSql[]) => TypedSql,
): Value {
  const lift = commonLift(operands, span);
  const hasQuery = operands.some((operand) => operand.hasQuery === true);
  const { sql, type, constant } = build(operands.map(bare));
  if (lift === undefined) return { sql, type, constant, hasQuery };
  if (hasQuery)
    throw new SqlProblem(
      'A query and a multi-value dimension in one expression are not supported: join the query instead',
      span,
    );
  return { sql, type, lift };
}

export function commonLift(operands: readonly Value[], span: Span): Lift | undefined {
  const lifts = operands.flatMap(({ lift }) => (lift === undefined ? [] : [lift]));
  const [first] = lifts;
  if (lifts.some(({ list }) => list !== first?.list))
    throw new SqlProblem(
      'Two multi-value dimensions in one expression are not supported: use MV_TO_ARRAY, MV_TO_STRING, or UNNEST(MV_TO_ARRAY(...))',
      span,
    );
  return first;
}

function bare({ sql, type, constant }: Value): TypedSql {
  return { sql, type, constant };
}

/** True when any value of the list makes it true. */
export function anyOf(value: Value): string {
  if (value.lift === undefined) return value.sql;
  const { list, parameter } = value.lift;
  return `list_bool_or(list_transform(${nullAsValue(list)}, lambda ${parameter}: ${value.sql}))`;
}

/** The value as a column: a lifted one is a whole list again, and a condition what it is in WHERE. */
export function wholeOf(value: Value): TypedSql {
  const { lift, type } = value;
  if (lift === undefined) return bare(value);
  if (type.name === 'BOOLEAN') return { sql: anyOf(value), type };
  if (value.sql === lift.parameter) return { sql: lift.list, type: types.multi };
  const item = castTo(bare(value), types.varchar).sql;
  const mapped = `list_transform(${nullAsValue(lift.list)}, lambda ${lift.parameter}: ${item})`;
  return { sql: `nullif(${mapped}, [null])`, type: types.multi };
}

/** The list as functions of multi-value dimensions take it, exploded or not. */
export function listOf(value: Value): TypedSql {
  return value.list === undefined ? wholeOf(value) : { sql: value.list, type: types.multi };
}

/** A missing multi-value is one null to a function and one row to GROUP BY. */
export function nullAsValue(list: string): string {
  return `coalesce(${list}, [null])`;
}

/** What a function made of several values is a multi-value again; it may have left none. */
export function fromFunction(
  session: Session,
  result: TypedSql,
  exploded: ReadonlyMap<string, string>,
): Value {
  return isMulti(result.type) ? lifted(session, `nullif(${result.sql}, [])`, exploded) : result;
}
