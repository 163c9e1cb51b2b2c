/**
 * What a column of a text line holds: a text, a list where the list delimiter occurs, a number when asked to try.
 *
 * Numbers as Druid tries them: a long without a plus sign, else any double of Java; anything else stays the text it is.
 */
import { doubleOfText, maxLong, minLong, narrow, refused } from './conversions.ts';
import { JavaDouble, type JsonObject, type JsonValue } from './json-text.ts';

export type TextValue = (text: string | null) => JsonValue;

export function textValue(options: {
  readonly listDelimiter: string;
  readonly tryParseNumbers: boolean;
}): TextValue {
  const { listDelimiter, tryParseNumbers } = options;
  const one = tryParseNumbers ? numberOrText : (text: string) => text;
  return (text) => {
    if (text === null) return null;
    return text.includes(listDelimiter) ? text.split(listDelimiter).map(one) : one(text);
  };
}

function numberOrText(text: string): JsonValue {
  if (/^-?[0-9]+$/.test(text)) {
    const long = wholeNumber(text);
    if (long !== null) return long;
  }
  const double = doubleOfText(text);
  return double === refused ? text : new JavaDouble(double);
}

function wholeNumber(text: string): number | bigint | null {
  if (text.length <= 15) return Number(text) + 0;
  const digits = text.replace(/^(-?)0+(?=[0-9])/, '$1');
  // Longer ones leave int64 whatever their digits; making a bigint of a megabyte of them would take long.
  if (digits.length > 20) return null;
  const long = BigInt(digits);
  return long > maxLong || long < minLong ? null : narrow(long);
}

/** Names and values side by side, as far as both go; of two columns of one name the later one counts. */
export function rowOf(
  names: readonly string[],
  texts: readonly (string | null)[],
  value: TextValue,
): JsonObject {
  const row = new Map<string, JsonValue>();
  const size = Math.min(names.length, texts.length);
  for (let at = 0; at < size; at++) row.set(names[at] ?? '', value(texts[at] ?? null));
  return row;
}

/** A column without a name: `column_1` is the first one. */
export function defaultColumn(index: number): string {
  return `column_${index + 1}`;
}
