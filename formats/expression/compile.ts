/**
 * Trees of expressions to closures: names resolved, arguments counted, constants computed, once per spec.
 *
 * What fails for constants fails for every row, and is refused with the spec.
 */
import { maxLong, minLong, narrow } from '../conversions.ts';
import { CompileProblem } from '../compile-problem.ts';
import type { RowView } from '../row-view.ts';
import { applyFunctions } from './apply-functions.ts';
import { ExpressionFailure } from './failure.ts';
import type { BuildContext, Compiled, FunctionDefinition } from './functions.ts';
import { binaryOperation, unaryOperation } from './operators.ts';
import { functionNamed, nearestFunction, refusedFunctions } from './registry.ts';
import { newScope } from './scope.ts';
import type { Node } from './syntax.ts';
import { bestEffort, nullString, ofArray, ofDouble, ofLong, ofString, type Value } from './values.ts';

/** Fields an expression reads, and where lambdas keep their arguments. */
export class Names {
  readonly presentYear: number;
  readonly #inputs = new Map<string, number>();
  #slots = 0;

  constructor(presentYear: number) {
    this.presentYear = presentYear;
  }

  get inputs(): readonly string[] {
    return [...this.#inputs.keys()];
  }

  inputNumber(name: string): number {
    const known = this.#inputs.get(name);
    if (known !== undefined) return known;
    const number = this.#inputs.size;
    this.#inputs.set(name, number);
    return number;
  }

  newSlot(): number {
    return this.#slots++;
  }
}

/** Arguments of the lambdas around a node. */
type Lambdas = ReadonlyMap<string, number>;

export function compileNode(node: Node, names: Names, lambdas: Lambdas = new Map()): Compiled {
  const below = (child: Node): Compiled => compileNode(child, names, lambdas);
  switch (node.kind) {
    case 'null':
      return literal(nullString);
    case 'long':
      return literal(longLiteral(node.digits, node));
    case 'double':
      return literal(ofDouble(node.number));
    case 'string':
      return literal(ofString(node.text));
    case 'array':
      return literal(ofArray(node.type, node.items));
    case 'name':
      return nameOf(node.name, names, lambdas);
    case 'unary':
      if (node.operator === '-' && node.operand.kind === 'long')
        return { ...literal(longLiteral(-node.operand.digits, node)), written: 'other' };
      return folded(node, [below(node.operand)], ([operand]) =>
        unaryOperation(node.operator, operand as Compiled),
      );
    case 'binary':
      return folded(node, [below(node.left), below(node.right)], ([left, right]) =>
        binaryOperation(node.operator, left as Compiled, right as Compiled),
      );
    case 'call':
      return call(node, node.args.map(below), names);
    case 'apply':
      return apply(node, names, lambdas);
  }
}

function literal(value: Value): Compiled {
  return { evaluate: () => value, type: () => value.type, constant: value, written: 'literal' };
}

function longLiteral(digits: bigint, { at }: Node): Value {
  if (digits > maxLong || digits < minLong)
    throw new CompileProblem(
      `whole numbers within 64 bits, found one that is larger at character ${at + 1}`,
      {
        remedy: 'write it with a point, as a DOUBLE',
      },
    );
  return ofLong(narrow(digits));
}

function nameOf(name: string, names: Names, lambdas: Lambdas): Compiled {
  const slot = lambdas.get(name);
  if (slot !== undefined)
    return {
      evaluate: ({ slots }) => slots[slot] ?? nullString,
      type: (slots) => slots[slot] ?? null,
      constant: null,
      written: 'name',
    };
  const input = names.inputNumber(name);
  return {
    // An array in a field is looked at once for a row, however often the name occurs.
    evaluate: ({ inputs, row }) => (inputs[input] ??= bestEffort(row.get(name))),
    type: () => null,
    constant: null,
    written: 'name',
  };
}

type CallNode = Extract<Node, { kind: 'call' }>;

function call(node: CallNode, args: readonly Compiled[], context: BuildContext): Compiled {
  const definition = functionNamed(node.name);
  if (definition === null) throw unknownFunction(node);
  checkCount(node, definition, args.length);
  return folded(node, args, () => definition.build(args, node.name.toLowerCase(), context));
}

function checkCount({ name, at }: CallNode, { min, max }: FunctionDefinition, count: number): void {
  if (count >= min && (max === null || count <= max)) return;
  const wanted = max === null ? `at least ${min}` : min === max ? `${min}` : `${min} to ${max}`;
  throw new CompileProblem(
    `${wanted} ${wanted === '1' || wanted === 'at least 1' ? 'argument' : 'arguments'} for ${name}() at character ${at + 1}, found ${count}`,
  );
}

function unknownFunction({ name, at }: CallNode): CompileProblem {
  const why = refusedFunctions.get(name.toLowerCase());
  const place = `at character ${at + 1}`;
  if (why !== undefined) return new CompileProblem(`an expression without ${name}() (${place}): ${why}`);
  if (Object.hasOwn(applyFunctions, name.toLowerCase()))
    return new CompileProblem(`a lambda such as (x) -> x + 1 as the first argument of ${name}() ${place}`);
  const near = nearestFunction(name);
  return new CompileProblem(
    `functions that Druid's expressions have; there is no ${name.slice(0, 60)}() (${place})`,
    near === null ? {} : { remedy: `did you mean ${near}()?` },
  );
}

function apply(node: Extract<Node, { kind: 'apply' }>, names: Names, lambdas: Lambdas): Compiled {
  const definition = Object.hasOwn(applyFunctions, node.name.toLowerCase())
    ? applyFunctions[node.name.toLowerCase()]
    : undefined;
  const place = `at character ${node.at + 1}`;
  if (definition === undefined)
    throw new CompileProblem(
      `one of ${Object.keys(applyFunctions).join(', ')} for a lambda ${place}, found ${node.name.slice(0, 60)}()`,
    );
  const problem = definition.complaint(node.args.length, node.parameters.length);
  if (problem !== null) throw new CompileProblem(`${problem} for ${node.name}() ${place}`);
  const slots = node.parameters.map(() => names.newSlot());
  const inner = new Map([
    ...lambdas,
    ...node.parameters.map((name, at): [string, number] => [name, slots[at] as number]),
  ]);
  const args = node.args.map((arg) => compileNode(arg, names, lambdas));
  const body = compileNode(node.body, names, inner);
  return { ...definition.build({ body, slots }, args), constant: null, written: 'other' };
}

/** Computed now when every argument is known now. */
function folded(
  node: Node,
  args: readonly Compiled[],
  build: (args: readonly Compiled[]) => Pick<Compiled, 'evaluate' | 'type'>,
): Compiled {
  const parts = build(args);
  if (args.some(({ constant }) => constant === null)) return { ...parts, constant: null, written: 'other' };
  try {
    const value = parts.evaluate(newScope(noRow));
    return { evaluate: () => value, type: parts.type, constant: value, written: 'other' };
  } catch (error) {
    if (!(error instanceof ExpressionFailure)) throw error;
    throw new CompileProblem(`constants that can be computed; at character ${node.at + 1}: ${error.message}`);
  }
}

const noRow: RowView = { timeMs: 0, get: () => undefined };
