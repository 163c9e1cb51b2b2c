/**
 * JSON texts to values, one after another from a text, strict unless features say otherwise (features.ts).
 *
 * One pass, no recursion beyond `maxDepth`, at most `maxKeys` fields over all texts it is given. What a feature allows is
 * looked at only where strict JSON ends, so that plain records pay nothing for it.
 */
import { JavaDouble } from '../../domain/java-double.ts';
import type { JsonObject, JsonValue } from '../json-text.ts';
import { strictJson, type JsonFeatures } from './features.ts';
import { readNumber } from './numbers.ts';

export const maxDepth = 64;
export const maxKeys = 100_000;

/** What is wrong with a text, and where; `position` counts UTF-16 units from 0. */
export class JsonTextError extends Error {
  constructor(what: string, position: number) {
    super(`${what} at character ${position}`);
    this.name = 'JsonTextError';
  }
}

const char = {
  tab: 9,
  newline: 10,
  return: 13,
  space: 32,
  quote: 34,
  hash: 35,
  apostrophe: 39,
  plus: 43,
  comma: 44,
  minus: 45,
  dot: 46,
  slash: 47,
  zero: 48,
  nine: 57,
  colon: 58,
  open: 91,
  backslash: 92,
  close: 93,
  openBrace: 123,
  closeBrace: 125,
} as const;

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** Java's identifiers, and a few signs Jackson takes too. */
const plainName = /[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}@#*+-]+/uy;
const partOfName = /[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}]/u;
const restOfLine = /[^\n\r]*/y;
const exactDigits = 15;

export class JsonScanner {
  readonly #features: JsonFeatures;
  #text = '';
  #position = 0;
  #depth = 0;
  #keys = 0;

  constructor(features: JsonFeatures = strictJson) {
    this.#features = features;
  }

  /** The next text. Fields are counted over all of them. */
  start(text: string): this {
    this.#text = text;
    this.#position = 0;
    this.#depth = 0;
    return this;
  }

  /** Steps over blanks. */
  atEnd(): boolean {
    this.#skipSpace();
    return this.#position >= this.#text.length;
  }

  object(): JsonObject {
    if (this.#skipSpace() !== char.openBrace)
      throw this.#error('a record must consist of JSON objects; found other text');
    return this.#object();
  }

  /** Any value. After a number there must be a blank or the end, so that `5x` and `5{` are no values. */
  value(): JsonValue {
    const value = this.#value();
    const isNumber = typeof value === 'number' || typeof value === 'bigint' || value instanceof JavaDouble;
    if (
      isNumber &&
      this.#position < this.#text.length &&
      !/[ \t\n\r]/.test(this.#text.charAt(this.#position))
    )
      throw this.#error('expected a blank after a number');
    return value;
  }

  #peek(): number {
    return this.#position < this.#text.length ? this.#text.charCodeAt(this.#position) : -1;
  }

  #skipSpace(): number {
    for (;;) {
      const code = this.#peek();
      if (code === char.space || code === char.newline || code === char.return || code === char.tab)
        this.#position += 1;
      else if ((code !== char.slash && code !== char.hash) || !this.#skipComment(code)) return code;
    }
  }

  #skipComment(code: number): boolean {
    const { comments, hashComments } = this.#features;
    const second = this.#text.charCodeAt(this.#position + 1);
    if (code === char.hash ? hashComments : comments && second === char.slash) {
      restOfLine.lastIndex = this.#position;
      this.#position += restOfLine.exec(this.#text)?.[0].length ?? 0;
      return true;
    }
    if (code !== char.slash || !comments || this.#text.charAt(this.#position + 1) !== '*') return false;
    const end = this.#text.indexOf('*/', this.#position + 2);
    if (end < 0) throw this.#error('a comment is not closed');
    this.#position = end + 2;
    return true;
  }

  #value(): JsonValue {
    const code = this.#skipSpace();
    switch (code) {
      case char.quote:
        return this.#string(char.quote);
      case char.openBrace:
        return this.#object();
      case char.open:
        return this.#array();
      default:
        return this.#numberOrWord(code);
    }
  }

  #object(): JsonObject {
    this.#enter();
    const object = new Map<string, JsonValue>();
    let next = this.#skipSpace();
    if (next === char.closeBrace) return this.#leave(object);
    for (;;) {
      const key = next === char.quote ? this.#string(char.quote) : this.#otherName(next);
      if (this.#skipSpace() !== char.colon) throw this.#error('expected ":"');
      this.#position += 1;
      if (++this.#keys > maxKeys) throw this.#error(`more than ${maxKeys} fields`);
      if (this.#features.noDuplicates && object.has(key)) throw this.#error('a field name a second time');
      object.set(key, this.#valueOrMissing());
      next = this.#skipSpace();
      if (next === char.closeBrace) return this.#leave(object);
      if (next !== char.comma) throw this.#error('expected "," or "}"');
      this.#position += 1;
      next = this.#skipSpace();
      if (next === char.closeBrace && this.#features.trailingComma) return this.#leave(object);
    }
  }

  #otherName(next: number): string {
    if (next === char.apostrophe && this.#features.singleQuotes) return this.#string(char.apostrophe);
    plainName.lastIndex = this.#position;
    const name = this.#features.unquotedNames ? plainName.exec(this.#text)?.[0] : undefined;
    if (name === undefined) throw this.#error('expected a quoted field name');
    this.#position += name.length;
    return name;
  }

  #array(): JsonValue[] {
    this.#enter();
    const array: JsonValue[] = [];
    if (this.#skipSpace() === char.close) return this.#leave(array);
    for (;;) {
      array.push(this.#valueOrMissing());
      const next = this.#skipSpace();
      if (next === char.close) return this.#leave(array);
      if (next !== char.comma) throw this.#error('expected "," or "]"');
      this.#position += 1;
      if (this.#features.trailingComma && this.#skipSpace() === char.close) return this.#leave(array);
    }
  }

  #valueOrMissing(): JsonValue {
    if (this.#features.missingValues) {
      const next = this.#skipSpace();
      if (next === char.comma || next === char.close) return null;
    }
    return this.#value();
  }

  #enter(): void {
    if (++this.#depth > maxDepth) throw this.#error(`nested deeper than ${maxDepth} levels`);
    this.#position += 1;
  }

  #leave<T>(value: T): T {
    this.#depth -= 1;
    this.#position += 1;
    return value;
  }

  #string(quote: number): string {
    const text = this.#text;
    const start = ++this.#position;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.#position = at + 1;
        return text.slice(start, at);
      }
      if (code === char.backslash) return this.#escapedString(quote, start, at);
      if (code < char.space) this.#checkControl(at);
    }
    throw this.#error('unterminated string');
  }

  #checkControl(at: number): void {
    if (this.#features.controlCharacters) return;
    this.#position = at;
    throw this.#error('unescaped control character in a string');
  }

  #escapedString(quote: number, start: number, firstEscape: number): string {
    const text = this.#text;
    let result = text.slice(start, firstEscape);
    let from = firstEscape;
    for (let at = firstEscape; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.#position = at + 1;
        return result + text.slice(from, at);
      }
      if (code < char.space) this.#checkControl(at);
      if (code !== char.backslash) continue;
      result += text.slice(from, at) + this.#escaped(at);
      at += text.charAt(at + 1) === 'u' ? 5 : 1;
      from = at + 1;
    }
    throw this.#error('unterminated string');
  }

  /** What the escape at `at` stands for. */
  #escaped(at: number): string {
    const letter = this.#text.charAt(at + 1);
    const simple = escapes.get(letter);
    if (simple !== undefined) return simple;
    this.#position = at;
    if (letter === 'u') {
      const hex = this.#text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#error('unknown escape in a string');
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const { anyEscape, singleQuotes } = this.#features;
    if (letter !== '' && (anyEscape || (letter === "'" && singleQuotes))) return letter;
    throw this.#error('unknown escape in a string');
  }

  #numberOrWord(code: number): JsonValue {
    if (code === char.minus || (code >= char.zero && code <= char.nine)) {
      const short = this.#shortInteger();
      if (short !== null) return short;
    }
    if (this.#word('true')) return true;
    if (this.#word('false')) return false;
    if (this.#word('null')) return null;
    if (code === char.apostrophe && this.#features.singleQuotes) return this.#string(char.apostrophe);
    const number = readNumber(this.#text, this.#position, this.#features);
    if (number !== null) {
      this.#position = number.end;
      return number.value;
    }
    throw this.#error(code === -1 ? 'the record ends too early' : 'expected a value');
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#position)) return false;
    if (partOfName.test(this.#text.charAt(this.#position + word.length))) return false;
    this.#position += word.length;
    return true;
  }

  /** The common case without a pattern: an integer of up to 15 digits, which a double holds exactly. */
  #shortInteger(): number | null {
    const text = this.#text;
    const negative = text.charCodeAt(this.#position) === char.minus;
    const start = negative ? this.#position + 1 : this.#position;
    let value = 0;
    let at = start;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - char.zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const next = text.charCodeAt(at);
    const digits = at - start;
    if (digits === 0 || digits > exactDigits || next === char.dot || next === 69 || next === 101) return null;
    if (digits > 1 && text.charCodeAt(start) === char.zero) return null;
    this.#position = at;
    return negative ? 0 - value : value;
  }

  #error(what: string): JsonTextError {
    return new JsonTextError(what, this.#position);
  }
}
