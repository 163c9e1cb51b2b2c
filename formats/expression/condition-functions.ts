/** Functions that choose, compare with null, and cast. The first four look only at the arguments they need. */
import { CompileProblem } from '../compile-problem.ts';
import { ExpressionFailure } from './failure.ts';
import {
  evaluation,
  literalText,
  ofValues,
  type Compiled,
  type FunctionDefinition,
  type FunctionTable,
} from './functions.ts';
import { equals, isNotDistinct } from './operators.ts';
import { spend } from './scope.ts';
import { functionType, JSON_TYPE, LONG, typeOfName, type ExprType } from './expression-types.ts';
import { asBoolean, asText, castTo, nullString, ofBoolean, type Value } from './values.ts';

function truth(test: (value: Value) => boolean): FunctionDefinition {
  return ofValues([1, 1], LONG, ([value = nullString]) => ofBoolean(test(value)));
}

function comparison(test: (left: Value, right: Value) => boolean): FunctionDefinition {
  return ofValues([2, 2], LONG, ([left = nullString, right = nullString]) => ofBoolean(test(left, right)));
}

export const conditionFunctions: FunctionTable = {
  if: {
    min: 3,
    max: 3,
    build: (args) => ({
      evaluate: (scope) =>
        (args[asBoolean((args[0] as Compiled).evaluate(scope)) ? 1 : 2] as Compiled).evaluate(scope),
      type: oneOf(args.slice(1)),
    }),
  },
  case_searched: {
    min: 2,
    max: null,
    build: (args) => ({
      evaluate: (scope) => {
        for (let at = 0; at + 1 < args.length; at += 2)
          if (asBoolean((args[at] as Compiled).evaluate(scope)))
            return (args[at + 1] as Compiled).evaluate(scope);
        return args.length % 2 === 1 ? (args.at(-1) as Compiled).evaluate(scope) : nullString;
      },
      type: oneOf(args.filter((_arg, at) => at % 2 === 1 || at === args.length - 1)),
    }),
  },
  case_simple: {
    min: 3,
    max: null,
    build: (args) => ({
      evaluate: (scope) => {
        const value = (args[0] as Compiled).evaluate(scope);
        for (let at = 1; at + 1 < args.length; at += 2) {
          const when = (args[at] as Compiled).evaluate(scope);
          spend(scope, 1);
          if (asBoolean(equals(value, when))) return (args[at + 1] as Compiled).evaluate(scope);
        }
        return args.length % 2 === 0 ? (args.at(-1) as Compiled).evaluate(scope) : nullString;
      },
      type: oneOf(args.filter((_arg, at) => (at > 1 && at % 2 === 0) || at === args.length - 1)),
    }),
  },
  coalesce: firstNotNull(1, null),
  nvl: firstNotNull(2, 2),
  isnull: truth(({ value }) => value === null),
  notnull: truth(({ value }) => value !== null),
  istrue: truth(asBoolean),
  isfalse: truth((value) => value.value !== null && !asBoolean(value)),
  nottrue: truth((value) => !asBoolean(value)),
  notfalse: truth((value) => value.value === null || asBoolean(value)),
  notdistinctfrom: comparison(isNotDistinct),
  isdistinctfrom: comparison((left, right) => !isNotDistinct(left, right)),
  cast: { min: 2, max: 2, build: castFunction },
};

function oneOf(args: readonly Compiled[]): Compiled['type'] {
  return (slots) => args.map((arg) => arg.type(slots)).reduce<ExprType | null>(functionType, null);
}

/** The last argument when all are null. */
function firstNotNull(min: number, max: number | null): FunctionDefinition {
  return {
    min,
    max,
    build: (args) => ({
      evaluate: (scope) => {
        let last = nullString;
        for (const arg of args) {
          last = arg.evaluate(scope);
          if (last.value !== null) break;
        }
        return last;
      },
      type: oneOf(args),
    }),
  };
}

function castFunction(args: readonly Compiled[]): Pick<Compiled, 'evaluate' | 'type'> {
  const target = args[1] as Compiled;
  if (target.written === 'literal') {
    const name = literalText(args, 1, 'cast() takes a type');
    const type = name === null ? null : castType(name);
    if (type === null)
      throw new CompileProblem(
        `cast() to LONG, DOUBLE, STRING, or ARRAY<> of one of them, found ${JSON.stringify(name?.slice(0, 40) ?? null)}`,
      );
    return {
      evaluate: evaluation([args[0] as Compiled], ([value = nullString]) =>
        value.value === null ? nullString : castTo(value, type),
      ),
      type: () => type,
    };
  }
  return {
    evaluate: evaluation(args, ([value = nullString, name = nullString]) => {
      if (value.value === null) return nullString;
      const type = castType(asText(name) ?? '');
      if (type === null) throw new ExpressionFailure('cast() to a type that expressions do not have');
      return castTo(value, type);
    }),
    type: () => null,
  };
}

/** Names in any case; nested data is no target of a cast, as in Druid. */
function castType(name: string): ExprType | null {
  const type = typeOfName(name.trim() === name ? name.toUpperCase() : '');
  return type === JSON_TYPE ? null : type;
}
