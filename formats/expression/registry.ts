/**
 * Every function of Druid's expression language, by its name in lower case: what there is, and what is refused and why.
 * `docs/expressions.md` is made from this and from applyFunctions; a test compares both with what Druid documents.
 */
import { nearest } from '../../domain/spec/field-names.ts';
import { applyFunctions } from './apply-functions.ts';
import { arrayFunctions } from './array-functions.ts';
import { conditionFunctions } from './condition-functions.ts';
import type { FunctionDefinition, FunctionTable } from './functions.ts';
import { ipFunctions } from './ip-functions.ts';
import { jsonFunctions } from './json-functions.ts';
import { mathFunctions } from './math-functions.ts';
import { patternFunctions } from './pattern-functions.ts';
import { stringFunctions } from './string-functions.ts';
import { timeFunctions } from './time-functions.ts';

export const functions: FunctionTable = {
  ...conditionFunctions,
  ...stringFunctions,
  ...patternFunctions,
  ...timeFunctions,
  ...mathFunctions,
  ...arrayFunctions,
  ...jsonFunctions,
  ...ipFunctions,
};

const sketches = 'sketches are made by aggregators, not by expressions';
const binary = 'there are no binary values in a row before it is aggregated';

/** Known to Druid or an extension of it. */
export const refusedFunctions: ReadonlyMap<string, string> = new Map([
  ['lookup', 'there are no lookups; join a data source when you query'],
  ['bloom_filter', sketches],
  ['bloom_filter_add', sketches],
  [
    'bloom_filter_test',
    'there are no bloom filters; compare with ==, or with scalar_in_array() and an array of values',
  ],
  ['complex_decode_base64', binary],
  ['decode_base64_complex', binary],
  ['hyper_unique', sketches],
  ['hyper_unique_add', sketches],
  ['hyper_unique_estimate', sketches],
  ['hyper_unique_round_estimate', sketches],
  ['hll_sketch_estimate', sketches],
  ['theta_sketch_estimate', sketches],
  ['subtract_months', 'Druid does not document it; use timestamp_shift() with a negative step'],
  ['array_quantile', 'Druid does not document it; use a quantiles aggregator'],
  ['rand', 'replicas of a task must make the same rows'],
  ['mv_filter_only', 'Druid has it in queries only; use filter((x) -> array_contains([...], x), field)'],
  ['mv_filter_none', 'Druid has it in queries only; use filter((x) -> !array_contains([...], x), field)'],
]);

export function functionNamed(name: string): FunctionDefinition | null {
  const lower = name.toLowerCase();
  return Object.hasOwn(functions, lower) ? (functions[lower] ?? null) : null;
}

export function nearestFunction(name: string): string | null {
  return nearest(name.slice(0, 60).toLowerCase(), [
    ...Object.keys(functions),
    ...Object.keys(applyFunctions),
  ]);
}
