/** Errors of a statement, each pointing at its place in the text (Druid's DruidException carries line and column). */
import { HeadgateError } from '../../domain/errors.ts';
import type { Span } from './ast.ts';

/** Lines and columns from 1, in characters as UTF-16 units; `endColumn` is inclusive, as Calcite counts. */
export type Place = {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
};

export function placeOf(sql: string, span: Span): Place {
  const start = lineAndColumn(sql, span.at);
  const last = lineAndColumn(sql, Math.max(span.at, span.end - 1));
  return { line: start.line, column: start.column, endLine: last.line, endColumn: last.column };
}

/** Thrown by parser and translator, which do not know the whole text everywhere; `located` turns it into ours. */
export class SqlProblem extends Error {
  readonly span: Span | null;
  readonly details: Readonly<Record<string, string>>;

  constructor(message: string, span: Span | null, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.span = span;
    this.details = details;
  }
}

/**
 * QUERY_INVALID with `(line [1], column [8])` in the message and the place in `details`, all of them texts as in Druid. What
 * could have stood there instead comes after the place.
 */
export function located(problem: SqlProblem, sql: string): HeadgateError {
  if (problem.span === null)
    return new HeadgateError('QUERY_INVALID', problem.message, { details: { ...problem.details } });
  const place = placeOf(sql, problem.span);
  const { acceptable } = problem.details;
  const options = acceptable === undefined ? '' : `, acceptable options: ${acceptable}`;
  return new HeadgateError(
    'QUERY_INVALID',
    `${problem.message} (line [${place.line}], column [${place.column}])${options}`,
    {
      details: {
        ...problem.details,
        line: String(place.line),
        column: String(place.column),
        endLine: String(place.endLine),
        endColumn: String(place.endColumn),
      },
    },
  );
}

function lineAndColumn(sql: string, offset: number): { line: number; column: number } {
  const before = sql.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}
