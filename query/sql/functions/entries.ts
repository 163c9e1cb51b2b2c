/** How entries of the function table are written: one call each, `[name, entry]`. */
import type { Call } from '../ast.ts';
import { castTo } from '../casts.ts';
import { SqlProblem } from '../errors.ts';
import type { FunctionEntry, FunctionKind } from '../function-table.ts';
import { types } from '../typed-sql.ts';
import type { CallContext, SqlType, TypedSql } from '../typed-sql.ts';

export type Entry = readonly [name: string, entry: FunctionEntry];

type Translate = (args: readonly TypedSql[], context: CallContext, call: Call) => TypedSql;

export type Shape = {
  /** `TIME_FLOOR(timestamp, period[, origin[, timezone]])`. The name in front of the bracket is the entry's. */
  readonly syntax: string;
  readonly args: readonly [min: number, max: number];
  readonly note?: string;
  readonly multi?: 'each' | 'whole';
};

export const many = Number.POSITIVE_INFINITY;

function working(kind: FunctionKind, shape: Shape, translate: Translate): Entry {
  const name = shape.syntax.split('(')[0] ?? shape.syntax;
  return [
    name,
    {
      verdict: 'works',
      kind,
      syntax: shape.syntax,
      note: shape.note ?? '',
      args: { min: shape.args[0], max: shape.args[1] },
      multi: shape.multi ?? (kind === 'scalar' ? 'each' : 'whole'),
      translate,
    },
  ];
}

export function scalar(shape: Shape, translate: Translate): Entry {
  return working('scalar', shape, translate);
}

export function aggregate(shape: Shape, translate: Translate): Entry {
  return working('aggregate', shape, translate);
}

export function windowed(shape: Shape, translate: Translate): Entry {
  return working('window', shape, translate);
}

export function refused(syntax: string, reason: string): Entry {
  return [syntax.split('(')[0] ?? syntax, { verdict: 'refused', syntax, reason }];
}

/** The same function under another name. */
export function alias(name: string, of: Entry): Entry {
  const [own, entry] = of;
  return [name, { ...entry, syntax: entry.syntax.replace(own, name) }];
}

/** A scalar whose arguments are all cast to one type, by position; the last type goes on for the rest. */
export function typed(
  shape: Shape,
  wanted: readonly SqlType[],
  result: SqlType,
  body: (...args: string[]) => string,
): Entry {
  return scalar(shape, (args, context) => {
    const cast = args.map((arg, index) => {
      const type = wanted[Math.min(index, wanted.length - 1)];
      return type === undefined ? arg.sql : castTo(arg, type, context).sql;
    });
    return { sql: body(...cast), type: result };
  });
}

export function argument(args: readonly TypedSql[], index: number): TypedSql {
  const arg = args[index];
  if (arg === undefined) throw new Error(`argument ${index} was not counted`);
  return arg;
}

export function isNullConstant(arg: TypedSql | undefined): boolean {
  return arg !== undefined && (arg.type.name === 'NULL' || arg.constant?.value === null);
}

/** A text that must be known before the query runs. */
export function constantText(arg: TypedSql, what: string, context: CallContext): string {
  const value = arg.constant?.value;
  if (typeof value === 'string' && arg.type.name === 'VARCHAR') return value;
  throw problem(context, `${what} must be a literal text`);
}

/** A whole number that must be known before the query runs. */
export function constantWhole(arg: TypedSql, what: string, context: CallContext): number {
  const value = arg.constant?.value;
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw problem(context, `${what} must be a literal whole number`);
  return number;
}

export function problem(context: CallContext, message: string): SqlProblem {
  return new SqlProblem(`${context.name}: ${message}`, context.span);
}

export const { bigint, boolean, complex, double, multi, timestamp, varchar } = types;
