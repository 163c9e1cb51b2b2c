/**
 * A jq program of a `flattenSpec`: its first result in a record.
 *
 * All results are made, as in Druid, so what fails after the first spoils the record too. No results at all are a failure.
 * Programs have no variables and no loops, so that their work is bounded by the record's budget.
 */
import type { JsonValue } from '../../json-text.ts';
import type { Extractor } from '../extractor.ts';
import { FlattenFailure, type StepBudget } from '../flatten-failure.ts';
import { spendText } from '../measure.ts';
import { everything, jqArguments, jqFunctions, written, type Filter } from './functions.ts';
import { compareJq } from './ordering.ts';
import { parseJq } from './parse.ts';
import type { BinaryOperator, Program } from './syntax.ts';
import { calculated, failed, indexed, isTrue, itemsOf, numberOf, sliced, textOf } from './values.ts';

/** Each result costs memory: a step of a program counts more than one of a path. */
const stepCost = 4;

/** Throws `CompileProblem`. */
export function compileJq(program: string): Extractor {
  const filter = compile(parseJq(program, jqArguments));
  return (root, budget) => {
    const [first] = filter(root, budget);
    return first === undefined ? failed('the program gives no result') : first;
  };
}

function compile(program: Program): Filter {
  const filter = filterOf(program);
  return (input, budget) => {
    budget.spend(stepCost);
    const results = filter(input, budget);
    budget.spend(stepCost * results.length);
    return results;
  };
}

function filterOf(program: Program): Filter {
  switch (program.kind) {
    case 'identity':
      return (input) => [input];
    case 'recurse':
      return (input, budget) => everything(input, budget);
    case 'literal':
      return () => [program.value];
    case 'text':
      return text(program.pieces, program.programs.map(compile));
    case 'index':
      return product(compile(program.key), compile(program.of), (key, value) => indexed(value, key));
    case 'slice':
      return slice(program);
    case 'iterate': {
      const of = compile(program.of);
      return (input, budget) => of(input, budget).flatMap((value) => itemsOf(value, budget));
    }
    case 'try':
      return attempt(compile(program.body));
    case 'negate': {
      const of = compile(program.of);
      return (input, budget) =>
        of(input, budget).map((value) => calculated('-', 0, numberOf(value, 'a minus sign before'), budget));
    }
    case 'if':
      return choice(compile(program.condition), compile(program.then), compile(program.otherwise));
    case 'array': {
      const items = program.items === null ? null : compile(program.items);
      return (input, budget) => [items === null ? [] : items(input, budget)];
    }
    case 'object':
      return object(program.entries.map(({ key, value }) => ({ key: compile(key), value: compile(value) })));
    case 'call':
      return call(program.name, program.arguments.map(compile));
    case 'binary':
      return binary(program.operator, compile(program.left), compile(program.right));
    default:
      return joined(program.kind, compile(program.left), compile(program.right));
  }
}

/** For each result of the first, each of the second. */
function product(
  first: Filter,
  second: Filter,
  combine: (first: JsonValue, second: JsonValue, budget: StepBudget) => JsonValue,
): Filter {
  return (input, budget) => {
    const seconds = second(input, budget);
    return first(input, budget).flatMap((one) => {
      budget.spend(stepCost * seconds.length);
      return seconds.map((other) => combine(one, other, budget));
    });
  };
}

function joined(kind: 'pipe' | 'comma' | 'alternative' | 'or' | 'and', left: Filter, right: Filter): Filter {
  switch (kind) {
    case 'pipe':
      return (input, budget) => left(input, budget).flatMap((value) => right(value, budget));
    case 'comma':
      return (input, budget) => [...left(input, budget), ...right(input, budget)];
    case 'alternative': {
      const tried = attempt(left);
      return (input, budget) => {
        const found = tried(input, budget).filter(isTrue);
        return found.length > 0 ? found : right(input, budget);
      };
    }
    case 'or':
    case 'and':
      return (input, budget) =>
        left(input, budget).flatMap((value) =>
          isTrue(value) === (kind === 'or') ? [kind === 'or'] : right(input, budget).map(isTrue),
        );
  }
}

function binary(operator: BinaryOperator, left: Filter, right: Filter): Filter {
  return product(right, left, (other, one, budget) => {
    switch (operator) {
      case '==':
        return compareJq(one, other) === 0;
      case '!=':
        return compareJq(one, other) !== 0;
      case '<':
        return compareJq(one, other) < 0;
      case '<=':
        return compareJq(one, other) <= 0;
      case '>':
        return compareJq(one, other) > 0;
      case '>=':
        return compareJq(one, other) >= 0;
      default:
        return calculated(operator, one, other, budget);
    }
  });
}

/** Too much work is never caught. */
function attempt(body: Filter): Filter {
  return (input, budget) => {
    try {
      return body(input, budget);
    } catch (error) {
      if (!(error instanceof FlattenFailure) || budget.isSpent) throw error;
      return [];
    }
  };
}

function choice(condition: Filter, then: Filter, otherwise: Filter): Filter {
  return (input, budget) =>
    condition(input, budget).flatMap((holds) => (isTrue(holds) ? then : otherwise)(input, budget));
}

function slice({ of, from, to }: Program & { readonly kind: 'slice' }): Filter {
  const none: Filter = () => [null];
  const [start, end, value] = [
    from === null ? none : compile(from),
    to === null ? none : compile(to),
    compile(of),
  ];
  return (input, budget) =>
    value(input, budget).flatMap((sequence) =>
      end(input, budget).flatMap((last) =>
        start(input, budget).map((first) => sliced(sequence, first, last, budget)),
      ),
    );
}

function text(pieces: readonly string[], programs: readonly Filter[]): Filter {
  return (input, budget) =>
    programs.reduce<readonly string[]>(
      (texts, program, at) =>
        program(input, budget).flatMap((value) => {
          const middle = typeof value === 'string' ? value : written(value, budget);
          return texts.map((before) => {
            const result = before + middle + (pieces[at + 1] ?? '');
            spendText(budget, result.length);
            return result;
          });
        }),
      [pieces[0] ?? ''],
    );
}

function object(entries: readonly { readonly key: Filter; readonly value: Filter }[]): Filter {
  return (input, budget) =>
    entries.reduce<readonly Map<string, JsonValue>[]>(
      (objects, { key, value }) =>
        objects.flatMap((made) =>
          key(input, budget).flatMap((name) =>
            value(input, budget).map((found) => {
              budget.spend(stepCost + made.size);
              return new Map(made).set(textOf(name, 'a field name'), found);
            }),
          ),
        ),
      [new Map<string, JsonValue>()],
    );
}

function call(name: string, filters: readonly Filter[]): Filter {
  const apply = jqFunctions.get(name);
  if (apply === undefined) throw new Error(`parseJq let ${name} pass`);
  return (input, budget) => apply(input, budget, filters);
}
