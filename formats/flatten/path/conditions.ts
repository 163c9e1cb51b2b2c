/** The condition of a filter to a function of the item and the record. */
import { compileJavaPattern, type JavaPattern } from '../../java-pattern.ts';
import type { JsonValue } from '../../json-text.ts';
import type { StepBudget } from '../flatten-failure.ts';
import { listOf, NoSense, relations } from './relations.ts';
import { NotFound, type CompiledPath, type CompilePath, type Run } from './run.ts';
import type { Condition, Operand, PathText } from './tokens.ts';
import { filterValue, numberOf, textOf, type FilterValue } from './values.ts';

/** Throws `FlattenFailure`. */
export type Accepts = (item: JsonValue, run: Run) => boolean;

export function compileCondition(condition: Condition, compilePath: CompilePath): Accepts {
  const holds = compile(condition, compilePath);
  return (item, run) => {
    run.budget.spend(1);
    try {
      return holds(item, run);
    } catch (error) {
      if (error instanceof NoSense) return false;
      throw error;
    }
  };
}

function compile(condition: Condition, compilePath: CompilePath): Accepts {
  switch (condition.kind) {
    case 'or': {
      const parts = condition.parts.map((part) => compile(part, compilePath));
      return (item, run) => parts.some((part) => part(item, run));
    }
    case 'and': {
      const parts = condition.parts.map((part) => compile(part, compilePath));
      return (item, run) => parts.every((part) => part(item, run));
    }
    case 'not': {
      const part = compile(condition.part, compilePath);
      return (item, run) => !part(item, run);
    }
    case 'exists':
      return exists(compilePath(condition.path), condition.should);
    case 'relation':
      return relation(condition, compilePath);
  }
}

/** Also a path that begins with `$` looks at the item here, as in Jayway. A path that may find several always exists. */
function exists(path: CompiledPath, should: boolean): Accepts {
  return (item, run) => {
    try {
      const found = path.evaluate(item, { ...run, mustExist: true });
      return (path.definite ? found.length > 0 : true) === should;
    } catch (error) {
      if (error instanceof NotFound) return !should;
      throw error;
    }
  };
}

function relation(
  { left, operator, right }: Condition & { readonly kind: 'relation' },
  compilePath: CompilePath,
): Accepts {
  if (operator === '=~') return matching(left, right, compilePath);
  const [one, other] = [operandOf(left, compilePath), operandOf(right, compilePath)];
  const holds = relations[operator];
  return (item, run) => holds(one(item, run), other(item, run), run.budget);
}

type Reader = (item: JsonValue, run: Run) => FilterValue;

function operandOf(operand: Operand, compilePath: CompilePath): Reader {
  switch (operand.kind) {
    case 'path':
      return pathValue(operand.path, compilePath);
    case 'text':
      return constant({ kind: 'text', text: operand.text });
    case 'number':
      return constant(numberOf(operand.text));
    case 'boolean':
      return constant({ kind: 'boolean', value: operand.value });
    case 'null':
      return constant({ kind: 'null' });
    case 'json':
      return constant({ kind: 'json', value: operand.value, written: true });
    case 'pattern':
      // A pattern is equal to nothing and in no order with anything.
      return () => {
        throw new NoSense();
      };
  }
}

function constant(value: FilterValue): Reader {
  return () => value;
}

function pathValue(text: PathText, compilePath: CompilePath): Reader {
  const path = compilePath(text);
  if (!text.fromRoot)
    return (item, run) => filterValue(path.read(item, run.mustExist ? { ...run, mustExist: false } : run));
  return (_item, run) => filterValue(fromRecord(path, run));
}

/** What a path from the record finds is the same for every item: it is looked up once. */
function fromRecord(path: CompiledPath, run: Run): JsonValue {
  const known = run.fromRecord.get(path);
  if (known !== undefined) return known;
  const value = path.read(run.root, { ...run, mustExist: false });
  run.fromRecord.set(path, value);
  return value;
}

function matching(left: Operand, right: Operand, compilePath: CompilePath): Accepts {
  const operand = left.kind === 'pattern' ? left : right;
  const other = left.kind === 'pattern' ? right : left;
  if (operand.kind !== 'pattern' || other.kind === 'pattern') return () => false;
  const flags = operand.flags === '' ? '' : `(?${operand.flags})`;
  const pattern = compileJavaPattern(flags + operand.pattern, { at: '' });
  const read = operandOf(other, compilePath);
  return (item, run) => matches(pattern, read(item, run), run.budget);
}

/** Of a list, any item. */
function matches(pattern: JavaPattern, value: FilterValue, budget: StepBudget): boolean {
  if (value.kind !== 'json') return matchesText(pattern, value, budget);
  const list = Array.isArray(value.value) ? listOf(value, budget) : null;
  if (list === null) return pattern.matchWhole('') !== null;
  return list.some((item) => matchesText(pattern, item, budget));
}

/** Roughly what a match costs beside a step: a step per so many characters. */
const charactersPerStep = 16;

function matchesText(pattern: JavaPattern, value: FilterValue, budget: StepBudget): boolean {
  const text = value.kind === 'boolean' ? String(value.value) : (textOf(value) ?? '');
  budget.spend(Math.ceil(text.length / charactersPerStep));
  return pattern.matchWhole(text) !== null;
}
