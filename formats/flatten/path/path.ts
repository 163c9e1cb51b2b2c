/** A JsonPath of a `flattenSpec`, compiled: the value it finds in a record. */
import type { Extractor } from '../extractor.ts';
import { parsePath } from './parse-path.ts';
import { compileSteps } from './steps.ts';

/** Throws `CompileProblem`. A path may begin with `@` instead of `$`; here both are the record. */
export function compilePath(text: string): Extractor {
  const path = compileSteps(parsePath(text));
  return (root, budget) => path.read(root, { root, budget, mustExist: false, fromRecord: new Map() });
}
