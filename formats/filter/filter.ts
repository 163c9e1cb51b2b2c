/**
 * Druid's filters, compiled (docs/filters.md): one object of JSON to a test of rows, with the three-valued logic of SQL and
 * Druid's rules for multi-values.
 */
import type { Json } from '../../domain/json.ts';
import { CompileProblem } from '../compile-problem.ts';
import type { RowView } from '../row-view.ts';
import { arrayContainsElement, equals, extraction, inType, inValues, isNull, selector } from './equality.ts';
import { FilterReader } from './filter-reader.ts';
import { always, and, isFalse, isTrue, not, or, type CompileInner } from './logic.ts';
import type { Matcher } from './match.ts';
import { like, regex, search } from './patterns.ts';
import { bound, interval, range } from './ranges.ts';
import { columnComparison, expression } from './rows.ts';

/** Whether a row is kept. Unknown (null) is no. Throws `ExpressionFailure`. */
export type RowFilter = (row: RowView) => boolean;

export type FilterOptions = {
  /** Years of two digits are near it. */
  readonly presentYear?: number;
};

/** Throws `CompileProblem`, `at` the place within the filter. */
export function compileFilter(filter: Json, { presentYear = 2000 }: FilterOptions = {}): RowFilter {
  const matcher = compileOne(new FilterReader(filter, { at: '', presentYear }, expected), 0);
  return (row) => matcher(row, false);
}

const expected = 'a filter: an object with a type';

const maxDepth = 60;

function compileOne(reader: FilterReader, depth: number): Matcher {
  if (depth > maxDepth) throw new CompileProblem(`at most ${maxDepth} levels of filters`, { at: reader.at });
  const type = reader.text('type', `one of ${types.join(', ')}`);
  const make = Object.hasOwn(filters, type) ? filters[type] : undefined;
  if (make !== undefined)
    return make(reader, (inner, name) => compileOne(reader.inner(inner, name, expected), depth + 1));
  const why = Object.hasOwn(refusedTypes, type) ? refusedTypes[type] : undefined;
  throw reader.problem('type', why ?? `one of ${types.join(', ')}`);
}

type MakeFilter = (reader: FilterReader, compile: CompileInner) => Matcher;

const filters: { readonly [type: string]: MakeFilter } = {
  true: (reader) => always(reader, true),
  false: (reader) => always(reader, false),
  and,
  or,
  not,
  istrue: isTrue,
  isfalse: isFalse,
  null: isNull,
  selector,
  equals,
  in: inValues,
  inType,
  arrayContainsElement,
  bound,
  range,
  interval,
  like,
  regex,
  search,
  columnComparison,
  expression,
  extraction,
};

/** For messages and the docs. */
export const types: readonly string[] = Object.keys(filters);

export const refusedTypes: { readonly [type: string]: string } = {
  javascript: 'another filter: JavaScript is not run; use an expression',
  spatial: 'another filter: there are no spatial dimensions',
  bloom: 'another filter: Bloom filters of the extension druid-bloom-filter cannot be read',
};
