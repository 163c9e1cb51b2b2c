/** JsonPath. */
import { CompileProblem } from '../../compile-problem.ts';
import type { Extractor } from '../flattener.ts';

export function compilePath(_path: string): Extractor {
  throw new CompileProblem('tree or root; path is not supported yet');
}
