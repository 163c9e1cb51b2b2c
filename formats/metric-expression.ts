/**
 * Expressions as inputs of metrics: numbers, and what looks like one. Anything else is null, without a word, as in Druid.
 *
 * A function of single values is applied to each item of a list, as in Druid's aggregators (transforms take lists as they are).
 * Several items give several values, which are no number; one item gives its value.
 */
import { doubleOfText, isNumber, plain, refused } from './conversions.ts';
import { compileExpression, type Expression, type ExpressionOptions } from './expression/expression.ts';
import { parseExpression } from './expression/parse-expression.ts';
import type { Node } from './expression/syntax.ts';
import type { JsonValue } from './json-text.ts';
import { wholeOfText } from './number-text.ts';
import type { RowView } from './row-view.ts';

export type NumberExpression = (row: RowView) => number | bigint | null;

/** Throws `CompileProblem`; what it makes throws `ExpressionFailure`. */
export function numberExpression(text: string, options: ExpressionOptions = {}): NumberExpression {
  const expression = compileExpression(text, options);
  const asLists = new Set<string>();
  findListNames(parseExpression(text), asLists);
  const single = expression.inputs.filter((name) => !asLists.has(name));
  return (row) => numberOf(valueOf(expression, single, row));
}

function valueOf({ evaluate }: Expression, single: readonly string[], row: RowView): JsonValue {
  let items: Map<string, JsonValue> | null = null;
  for (const name of single) {
    const value = row.get(name);
    if (!Array.isArray(value) || value.length === 0) continue;
    if (value.length > 1) return null;
    (items ??= new Map<string, JsonValue>()).set(name, value[0] ?? null);
  }
  return evaluate(items === null ? row : new ItemView(row, items));
}

class ItemView implements RowView {
  readonly timeMs: number;
  readonly #row: RowView;
  readonly #items: ReadonlyMap<string, JsonValue>;

  constructor(row: RowView, items: ReadonlyMap<string, JsonValue>) {
    this.timeMs = row.timeMs;
    this.#row = row;
    this.#items = items;
  }

  get(name: string): JsonValue | undefined {
    return this.#items.has(name) ? this.#items.get(name) : this.#row.get(name);
  }
}

function numberOf(value: JsonValue): number | bigint | null {
  if (isNumber(value)) return plain(value);
  if (Array.isArray(value)) return value.length === 1 ? numberOf(value[0] ?? null) : null;
  if (typeof value !== 'string') return null;
  const number = wholeOfText(value) ?? doubleOfText(value);
  return number === refused ? null : number;
}

/** Names that stand where a function takes a list. */
function findListNames(node: Node, found: Set<string>): void {
  switch (node.kind) {
    case 'unary':
      return findListNames(node.operand, found);
    case 'binary':
      findListNames(node.left, found);
      return findListNames(node.right, found);
    case 'call':
    case 'apply': {
      const takesLists = node.kind === 'apply' || /^(array_|mv_|scalar_in_array$)/i.test(node.name);
      for (const arg of node.args) {
        if (takesLists && arg.kind === 'name') found.add(arg.name);
        findListNames(arg, found);
      }
      if (node.kind === 'apply') findListNames(node.body, found);
      return;
    }
    default:
  }
}
