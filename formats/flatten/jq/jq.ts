/** Programs of jq. */
import { CompileProblem } from '../../compile-problem.ts';
import type { Extractor } from '../extractor.ts';

export function compileJq(_program: string): Extractor {
  throw new CompileProblem('a path; jq is not supported yet');
}
