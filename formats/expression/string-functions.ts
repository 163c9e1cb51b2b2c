/** Functions of texts. Positions and lengths count UTF-16 units, as in Java. */
import { asciiDigits, maxLong, minLong, narrow } from '../conversions.ts';
import { ExpressionFailure } from './failure.ts';
import { ofValues, type FunctionDefinition, type FunctionTable } from './functions.ts';
import { javaFormat } from './java-format.ts';
import { humanReadable, type UnitSystem } from './human-readable.ts';
import { spend, type Scope } from './scope.ts';
import { LONG, STRING } from './expression-types.ts';
import {
  asInt,
  asLong,
  asText,
  isNumericNull,
  nullLong,
  nullString,
  ofLong,
  ofString,
  type Value,
} from './values.ts';

/** Of one text; null of null. */
function ofText(compute: (text: string, scope: Scope) => Value): FunctionDefinition {
  return ofValues([1, 1], STRING, ([value = nullString], scope) => {
    const text = asText(value);
    return text === null ? nullString : compute(text, scope);
  });
}

/** Takes a STRING, not what could be one, and a LONG. */
function ofStringAndLong(
  name: string,
  compute: (text: string, count: number, scope: Scope) => Value,
): FunctionDefinition {
  return ofValues([2, 2], STRING, ([value = nullString, count = nullLong], scope) => {
    if (value.type !== STRING || count.type !== LONG)
      throw new ExpressionFailure(
        `${name}() takes a STRING and a LONG, found ${value.type.name} and ${count.type.name}`,
      );
    return value.value === null ? nullString : compute(value.value as string, asInt(count), scope);
  });
}

export const stringFunctions: FunctionTable = {
  concat: ofValues([0, null], STRING, (args, scope) => {
    const texts = args.map(asText);
    if (texts.length === 0 || texts.includes(null)) return nullString;
    spend(
      scope,
      texts.reduce((sum, text) => sum + (text ?? '').length, 0),
    );
    return ofString(texts.join(''));
  }),
  format: ofValues([1, null], STRING, ([pattern = nullString, ...args], scope) => {
    const text = asText(pattern);
    return text === null ? nullString : ofString(javaFormat(text, args, scope));
  }),
  parse_long: ofValues([1, 2], LONG, ([value = nullString, radix]) =>
    parsedLong(asText(value), radix === undefined ? 10 : asInt(radix)),
  ),
  replace: ofValues([3, 3], STRING, ([value = nullString, pattern = nullString, by = nullString], scope) => {
    const [text, found, replacement] = [asText(value), asText(pattern), asText(by)];
    if (text === null) return nullString;
    if (found === null || replacement === null)
      throw new ExpressionFailure('replace() takes no null for what is replaced and by what');
    const parts = text.split(found);
    const length = text.length + (parts.length + 1) * replacement.length;
    spend(scope, length);
    if (found !== '') return ofString(parts.join(replacement));
    return ofString(`${replacement}${parts.map((unit) => unit + replacement).join('')}`);
  }),
  strlen: ofValues([1, 1], LONG, ([value = nullString]) => {
    const text = asText(value);
    return text === null ? nullLong : ofLong(text.length);
  }),
  strpos: ofValues([2, 3], LONG, ([value = nullString, needle = nullString, from]) => {
    const [text, part] = [asText(value), asText(needle)];
    if (text === null || part === null) return nullString;
    return ofLong(text.indexOf(part, from === undefined ? 0 : asInt(from)));
  }),
  substring: ofValues([3, 3], STRING, ([value = nullString, from = nullLong, length = nullLong]) =>
    substring(asText(value), asInt(from), asInt(length)),
  ),
  left: ofStringAndLong('left', (text, count) => ofString(text.slice(0, notNegative('left', count)))),
  right: ofStringAndLong('right', (text, count) =>
    ofString(text.slice(Math.max(0, text.length - notNegative('right', count)))),
  ),
  repeat: ofStringAndLong('repeat', (text, count, scope) => {
    if (count < 1) return nullString;
    spend(scope, text.length * count);
    return ofString(text.repeat(count));
  }),
  reverse: ofValues([1, 1], STRING, ([value = nullString]) => {
    if (value.type !== STRING)
      throw new ExpressionFailure(`reverse() takes a STRING, found ${value.type.name}`);
    return value.value === null ? nullString : ofString([...(value.value as string)].reverse().join(''));
  }),
  trim: trimmed({ start: true, end: true }),
  ltrim: trimmed({ start: true, end: false }),
  rtrim: trimmed({ start: false, end: true }),
  lpad: padded((text, padding) => padding + text),
  rpad: padded((text, padding) => text + padding),
  // As in Java's root locale; JavaScript's differs only for languages that ask for it.
  lower: ofText((text) => ofString(text.toLowerCase())),
  upper: ofText((text) => ofString(text.toUpperCase())),
  decode_base64_utf8: ofText((text) => ofString(decodedBase64(text))),
  human_readable_binary_byte_format: readable('human_readable_binary_byte_format', 'binaryByte'),
  human_readable_decimal_byte_format: readable('human_readable_decimal_byte_format', 'decimalByte'),
  human_readable_decimal_format: readable('human_readable_decimal_format', 'decimal'),
};

function notNegative(name: string, count: number): number {
  if (count < 0) throw new ExpressionFailure(`${name}() takes a length of at least 0, found ${count}`);
  return count;
}

/** From a position that must lie within the text; a negative length is all the rest, nothing left is null. */
function substring(text: string | null, from: number, length: number): Value {
  if (text === null || from >= text.length) return nullString;
  if (from < 0) throw new ExpressionFailure(`substring() takes a position of at least 0, found ${from}`);
  return ofString(length < 0 ? text.slice(from) : text.slice(from, from + length));
}

/** `Long.parseLong`; base 16 may begin with 0x. Null when it is no such number. */
function parsedLong(text: string | null, radix: number): Value {
  if (text === null || radix < 2 || radix > 36) return nullLong;
  const match = /^(?:0[xX])?(.*)$/s.exec(text);
  const digits = asciiDigits(radix === 16 ? (match?.[1] ?? '') : text).toLowerCase();
  const [, sign, body = ''] = /^([+-]?)([0-9a-z]{1,80})$/.exec(digits) ?? [];
  if (body === '') return nullLong;
  let value = 0n;
  for (const digit of body) {
    const unit = Number.parseInt(digit, 36);
    if (unit >= radix) return nullLong;
    value = value * BigInt(radix) + BigInt(unit);
  }
  const signed = sign === '-' ? -value : value;
  return signed > maxLong || signed < minLong ? nullLong : ofLong(narrow(signed));
}

/** A value that loses nothing stays what it is, of whatever type. */
function trimmed({ start, end }: { readonly start: boolean; readonly end: boolean }): FunctionDefinition {
  return ofValues([1, 2], STRING, ([value = nullString, letters]) => {
    const text = asText(value);
    const cut = letters === undefined ? ' ' : (asText(letters) ?? '');
    if (text === null || cut === '') return value;
    const units = new Set(cut.split(''));
    let [from, to] = [0, text.length];
    if (start) while (from < to && units.has(text.charAt(from))) from += 1;
    if (end) while (to > from && units.has(text.charAt(to - 1))) to -= 1;
    return from === 0 && to === text.length ? value : ofString(text.slice(from, to));
  });
}

/** Cut to the length, or filled up to it as far as there is something to fill with. */
function padded(join: (text: string, padding: string) => string): FunctionDefinition {
  return ofValues([3, 3], STRING, ([value = nullString, size = nullLong, fill = nullString], scope) => {
    const [text, length, pad] = [asText(value), asInt(size), asText(fill)];
    if (text === null || pad === null || length === 0) return nullString;
    if (length < 0) return ofString('');
    const missing = length - text.length;
    if (missing <= 0) return ofString(text.slice(0, length));
    if (pad === '') return ofString(text);
    spend(scope, length);
    return ofString(join(text, pad.repeat(Math.ceil(missing / pad.length)).slice(0, missing)));
  });
}

/** `Base64.getDecoder()`: padding may be left out, anything else that is not of the alphabet is an error. */
function decodedBase64(text: string): string {
  const isValid = /^[A-Za-z0-9+/]*(?:={0,2})$/.test(text);
  const digits = text.replace(/=+$/, '');
  if (!isValid || digits.length % 4 === 1 || (text !== digits && text.length % 4 !== 0))
    throw new ExpressionFailure('decode_base64_utf8() takes base64, found another text');
  const bytes = Uint8Array.from(atob(digits), (character) => character.charCodeAt(0));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function readable(name: string, system: UnitSystem): FunctionDefinition {
  return ofValues([1, 2], STRING, ([value = nullString, places]) => {
    // A text that reads as a number is refused, one that does not is null: so does Druid.
    if (isNumericNull(value)) return nullString;
    if (value.type.kind !== 'LONG' && value.type.kind !== 'DOUBLE')
      throw new ExpressionFailure(`${name}() takes a number, found ${value.type.name}`);
    if (places !== undefined && places.type !== LONG)
      throw new ExpressionFailure(`${name}() takes a LONG as its precision, found ${places.type.name}`);
    const precision = places === undefined ? 2 : asLong(places);
    if (precision < 0 || precision > 3)
      throw new ExpressionFailure(`${name}() takes a precision from 0 to 3, found ${precision}`);
    return ofString(humanReadable(asLong(value), Number(precision), system));
  });
}
