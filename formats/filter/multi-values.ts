/**
 * An expression as a filter over multi-values: a field that holds several texts and is used where one value is expected stands
 * for each of them in turn, and any that makes the expression true is enough.
 *
 * Lists of numbers are arrays and are left to the expression; so are fields that a function takes as an array.
 */
import type { Expression } from '../expression/expression.ts';
import { ExpressionFailure } from '../expression/failure.ts';
import { parseExpression } from '../expression/parse-expression.ts';
import type { Node } from '../expression/syntax.ts';
import type { JsonValue } from '../json-text.ts';
import type { RowView } from '../row-view.ts';

/** The values the expression has: one, or one for each combination of multi-values. Throws `ExpressionFailure`. */
export function overMultiValues(
  source: string,
  expression: Expression,
): (row: RowView) => readonly JsonValue[] {
  const arrays = new Set<string>();
  collectArrays(parseExpression(source), arrays);
  const names = expression.inputs.filter((name) => !arrays.has(name));
  return (row) => {
    const many = names.filter((name) => isMultiValue(row.get(name)));
    if (many.length === 0) return [expression.evaluate(row)];
    return combinations(row, many).map((one) => expression.evaluate(one));
  };
}

function isMultiValue(value: JsonValue | undefined): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return (value as readonly JsonValue[]).every((item) => item === null || typeof item === 'string');
}

const maxCombinations = 10_000;

function combinations(row: RowView, names: readonly string[]): readonly RowView[] {
  let rows: RowView[] = [row];
  for (const name of names) {
    const values = row.get(name) as readonly JsonValue[];
    if (rows.length * values.length > maxCombinations)
      throw new ExpressionFailure(
        `more than ${maxCombinations} combinations of multi-values of ${names.join(', ')}`,
      );
    rows = rows.flatMap((before) => values.map((value) => withValue(before, name, value)));
  }
  return rows;
}

function withValue(row: RowView, name: string, value: JsonValue): RowView {
  return { timeMs: row.timeMs, get: (field) => (field === name ? value : row.get(field)) };
}

/** Names that stand where a function takes an array. A parameter of a lambda hides no field that is used outside of it. */
function collectArrays(node: Node, found: Set<string>): void {
  switch (node.kind) {
    case 'unary':
      return collectArrays(node.operand, found);
    case 'binary':
      collectArrays(node.left, found);
      return collectArrays(node.right, found);
    case 'call':
      node.args.forEach((arg, at) => {
        if (arg.kind !== 'name') collectArrays(arg, found);
        else if (takesArray(node.name, at)) found.add(arg.name);
      });
      return;
    case 'apply':
      collectArrays(node.body, found);
      for (const arg of node.args) {
        if (arg.kind === 'name') found.add(arg.name);
        else collectArrays(arg, found);
      }
      return;
    default:
      return;
  }
}

function takesArray(name: string, at: number): boolean {
  return /^(array|mv)_/i.test(name) || (/^scalar_in_array$/i.test(name) && at === 1);
}
