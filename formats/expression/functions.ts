/** What a function of the expression language is, for those who write functions and for the compiler. */
import { CompileProblem } from '../compile-problem.ts';
import { sizeOf, spend, type Scope } from './scope.ts';
import type { ExprType } from './expression-types.ts';
import type { Value } from './values.ts';

export type Evaluate = (scope: Scope) => Value;
/** The type of the result as far as it is known before a row is seen, from the types of running lambdas' arguments. */
export type StaticType = (slots: readonly (ExprType | null)[]) => ExprType | null;

/** A part of an expression, ready to run. */
export type Compiled = {
  readonly evaluate: Evaluate;
  readonly type: StaticType;
  /** The value when it is the same for every row. */
  readonly constant: Value | null;
  /** What stands in the expression: some arguments must be written out. */
  readonly written: 'literal' | 'name' | 'other';
};

export type FunctionDefinition = {
  /** How many arguments; `max` null: any number. */
  readonly min: number;
  readonly max: number | null;
  /** Throws `CompileProblem` when the arguments cannot be right. */
  readonly build: (
    args: readonly Compiled[],
    name: string,
    context: BuildContext,
  ) => Pick<Compiled, 'evaluate' | 'type'>;
};

export type BuildContext = {
  /** Years of two digits are near it. */
  readonly presentYear: number;
};

export type FunctionTable = Readonly<Record<string, FunctionDefinition>>;

type Apply = (args: readonly Value[], scope: Scope) => Value;

/** A function of the values of its arguments. */
export function ofValues(
  [min, max]: readonly [number, number | null],
  type: ExprType | ((types: readonly (ExprType | null)[]) => ExprType | null),
  apply: Apply,
): FunctionDefinition {
  return {
    min,
    max,
    build: (args) => ({ evaluate: evaluation(args, apply), type: typed(args, type) }),
  };
}

/** All arguments, then the function; reading them is paid for. */
export function evaluation(args: readonly Compiled[], apply: Apply): Evaluate {
  return (scope) => {
    const values: Value[] = [];
    let cost = 1;
    for (const arg of args) {
      const value = arg.evaluate(scope);
      cost += sizeOf(value);
      values.push(value);
    }
    spend(scope, cost);
    return apply(values, scope);
  };
}

export function typed(
  args: readonly Compiled[],
  type: ExprType | ((types: readonly (ExprType | null)[]) => ExprType | null),
): StaticType {
  if (typeof type !== 'function') return () => type;
  return (slots) => type(args.map((arg) => arg.type(slots)));
}

/** A function whose pattern, unit or period is given once, in the spec: `prepare` reads what is written out. */
export function prepared<P>(
  [min, max]: readonly [number, number],
  type: ExprType,
  prepare: (args: readonly Compiled[], name: string) => P,
  apply: (prepared: P, args: readonly Value[], scope: Scope) => Value,
): FunctionDefinition {
  return {
    min,
    max,
    build: (args, name) => {
      const made = prepare(args, name);
      return {
        evaluate: evaluation(args, (values, scope) => apply(made, values, scope)),
        type: () => type,
      };
    },
  };
}

/** The text an argument is written as, null for `null` and for an argument left out. */
export function literalText(args: readonly Compiled[], at: number, what: string): string | null {
  const arg = args[at];
  if (arg === undefined) return null;
  const value = arg.written === 'literal' ? arg.constant : null;
  if (value === null) throw new CompileProblem(`${what} written out, not computed`);
  if (value.value === null) return null;
  if (typeof value.value !== 'string') throw new CompileProblem(`${what} as a text in single quotes`);
  return value.value;
}
