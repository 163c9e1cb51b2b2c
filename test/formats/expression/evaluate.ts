/** Evaluates an expression over the fields of one JSON object; the result as JSON text, in which doubles have a point. */
import { compileExpression, ExpressionFailure } from '../../../formats/expression/expression.ts';
import { CompileProblem } from '../../../formats/compile-problem.ts';
import { jsonOutput } from '../../../formats/expression/json-output.ts';
import { newScope } from '../../../formats/expression/scope.ts';
import { parseJsonObjects } from '../../../formats/json-text.ts';
import { InputView } from '../../../formats/transformer.ts';

export function view(json = '{}', timeMs = 0): InputView {
  return new InputView(parseJsonObjects(json)[0] ?? new Map(), timeMs);
}

export function evaluate(expression: string, json = '{}'): string {
  const row = view(json);
  return jsonOutput(compileExpression(expression, { presentYear: 2026 }).evaluate(row), newScope(row));
}

/** The message of the failure at a row. */
export function failure(expression: string, json: string): string {
  const compiled = compileExpression(expression);
  try {
    compiled.evaluate(view(json));
  } catch (error) {
    if (error instanceof ExpressionFailure) return error.message;
    throw error;
  }
  throw new Error(`${expression} does not fail`);
}

/** What was expected instead of the expression. */
export function refusal(expression: string): string {
  try {
    compileExpression(expression);
  } catch (error) {
    if (error instanceof CompileProblem) return [error.expected, error.remedy ?? ''].join('; ');
    throw error;
  }
  throw new Error(`${expression} is not refused`);
}
