/**
 * Druid's expression language, compiled: the text is read once per spec, rows run through closures.
 *
 * Values, types and nulls are those of Druid 33 (docs/expressions.md). Whatever a row holds, evaluating gives a value or
 * throws `ExpressionFailure`; work and memory for one row are bounded (scope.ts).
 */
import type { JsonValue } from '../json-text.ts';
import type { RowView } from '../row-view.ts';
import { compileNode, Names } from './compile.ts';
import { ExpressionFailure } from './failure.ts';
import { parseExpression } from './parse-expression.ts';
import { newScope } from './scope.ts';
import { rawOf } from './values.ts';

export { ExpressionFailure };

export type Expression = {
  /** Fields it reads. */
  readonly inputs: readonly string[];
  /** Arrays as lists, doubles as `JavaDouble`. Throws `ExpressionFailure` on values it cannot work with. */
  readonly evaluate: (row: RowView) => JsonValue;
};

export type ExpressionOptions = {
  /** Years of two digits are near it. */
  readonly presentYear?: number;
};

/** Throws `CompileProblem`. */
export function compileExpression(text: string, { presentYear = 2000 }: ExpressionOptions = {}): Expression {
  const names = new Names(presentYear);
  const { evaluate } = compileNode(parseExpression(text), names);
  return {
    inputs: names.inputs,
    evaluate: (row) => rawOf(evaluate(newScope(row))),
  };
}
