/**
 * How a filter looks at a row: three-valued, as SQL. A comparison with null is unknown, and what is unknown is not kept, nor is
 * its negation.
 *
 * A list is a multi-value: it matches when any of its values does. So its negation matches when none does.
 */
import { maxLong, minLong } from '../conversions.ts';
import { javaText } from '../java-text.ts';
import { JavaDouble, type JsonValue } from '../json-text.ts';
import type { RowView } from '../row-view.ts';

/** Null: unknown. */
export type Match = boolean | null;

/** Whether the row matches, `unknown` telling what an unknown answer counts as. Throws `ExpressionFailure`. */
export type Matcher = (row: RowView, unknown: boolean) => boolean;

export function known(match: Match, unknown: boolean): boolean {
  return match ?? unknown;
}

/** What a filter says of one value of a column, by the kind of the value. */
export type ValueTest = {
  /** Null: there is no value. Booleans and objects are texts too. */
  readonly text: (value: string | null) => Match;
  readonly long: (value: number | bigint) => Match;
  readonly double: (value: number) => Match;
};

export function matchColumn(column: string, test: ValueTest): Matcher {
  return (row, unknown) => matches(row.get(column) ?? null, test, unknown);
}

function matches(value: JsonValue, test: ValueTest, unknown: boolean): boolean {
  if (value === null) return known(test.text(null), unknown);
  if (typeof value === 'string') return known(test.text(value), unknown);
  if (typeof value === 'number') return known(test.long(value), unknown);
  if (value instanceof JavaDouble) return known(test.double(value.value), unknown);
  if (typeof value === 'bigint')
    return known(value > maxLong || value < minLong ? test.double(Number(value)) : test.long(value), unknown);
  const texts = textsOf(value);
  return texts.length === 0
    ? known(test.text(null), unknown)
    : texts.some((text) => known(test.text(text), unknown));
}

/** Values of a list as texts; a null among them is the word, as in Druid. */
export function textsOf(value: JsonValue): readonly string[] {
  if (value === null) return [];
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(javaText) : [javaText(value)];
}

/** A test that knows only texts: numbers are compared as Java prints them. */
export function textTest(test: (value: string | null) => Match): ValueTest {
  return {
    text: test,
    long: (value) => test(String(value)),
    double: (value) => test(javaText(new JavaDouble(value))),
  };
}
