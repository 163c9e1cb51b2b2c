/** Druid's filters, compiled. */
import type { Json } from '../../domain/json.ts';
import { CompileProblem } from '../compile-problem.ts';
import type { RowView } from '../row-view.ts';

/** Whether a row is kept. Unknown (null) is no. */
export type RowFilter = (row: RowView) => boolean;

/** Throws `CompileProblem`. */
export function compileFilter(filter: Json): RowFilter {
  throw new CompileProblem(`nothing; filters are not supported yet (${typeof filter})`);
}
