/**
 * JSON as Druid's reader sees it: strict, several objects may follow one another, and no digit is lost.
 *
 * `JSON.parse` cannot be used: it makes `1.0` and `1` the same number (a string column shows the difference), drops digits
 * beyond 2^53, sorts digit keys to the front, and makes `__proto__` special. Objects are Maps: a key is only a key.
 * Nesting and the number of keys are bounded (reliability.md S11), so no record can exhaust the stack or the heap.
 */
import { JavaDouble } from '../domain/java-double.ts';

/** A number written with a fraction or an exponent. */
export { JavaDouble };

export type JsonObject = ReadonlyMap<string, JsonValue>;
export type JsonValue =
  string | number | bigint | boolean | null | JavaDouble | readonly JsonValue[] | JsonObject;

export const maxDepth = 64;
export const maxKeys = 100_000;

/** What is wrong with a text, and where; `position` counts UTF-16 units from 0. */
export class JsonTextError extends Error {
  constructor(what: string, position: number) {
    super(`${what} at character ${position}`);
    this.name = 'JsonTextError';
  }
}

/** The objects of a record, in order. Anything but objects and white space, or an error anywhere, throws `JsonTextError`. */
export function parseJsonObjects(text: string): JsonObject[] {
  const reader = new Reader(text);
  const objects: JsonObject[] = [];
  while (!reader.atEnd()) objects.push(reader.rootObject());
  return objects;
}

const char = {
  tab: 9,
  newline: 10,
  return: 13,
  space: 32,
  quote: 34,
  comma: 44,
  minus: 45,
  dot: 46,
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

const numberPattern = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const exactDigits = 15;

class Reader {
  readonly #text: string;
  #position = 0;
  #depth = 0;
  #keys = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#skipSpace();
    return this.#position >= this.#text.length;
  }

  rootObject(): JsonObject {
    if (this.#peek() !== char.openBrace)
      throw this.#error('a record must consist of JSON objects; found other text');
    return this.#object();
  }

  #peek(): number {
    return this.#position < this.#text.length ? this.#text.charCodeAt(this.#position) : -1;
  }

  #skipSpace(): number {
    for (;;) {
      const code = this.#peek();
      if (code !== char.space && code !== char.newline && code !== char.return && code !== char.tab)
        return code;
      this.#position += 1;
    }
  }

  #value(): JsonValue {
    switch (this.#skipSpace()) {
      case char.quote:
        return this.#string();
      case char.openBrace:
        return this.#object();
      case char.open:
        return this.#array();
      default:
        return this.#numberOrWord();
    }
  }

  #object(): JsonObject {
    this.#enter();
    const object = new Map<string, JsonValue>();
    if (this.#skipSpace() === char.closeBrace) return this.#leave(object);
    for (;;) {
      if (this.#skipSpace() !== char.quote) throw this.#error('expected a quoted field name');
      const key = this.#string();
      if (this.#skipSpace() !== char.colon) throw this.#error('expected ":"');
      this.#position += 1;
      if (++this.#keys > maxKeys) throw this.#error(`more than ${maxKeys} fields`);
      object.set(key, this.#value());
      const next = this.#skipSpace();
      if (next === char.closeBrace) return this.#leave(object);
      if (next !== char.comma) throw this.#error('expected "," or "}"');
      this.#position += 1;
    }
  }

  #array(): JsonValue[] {
    this.#enter();
    const array: JsonValue[] = [];
    if (this.#skipSpace() === char.close) return this.#leave(array);
    for (;;) {
      array.push(this.#value());
      const next = this.#skipSpace();
      if (next === char.close) return this.#leave(array);
      if (next !== char.comma) throw this.#error('expected "," or "]"');
      this.#position += 1;
    }
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

  #string(): string {
    const text = this.#text;
    const start = ++this.#position;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === char.quote) {
        this.#position = at + 1;
        return text.slice(start, at);
      }
      if (code === char.backslash) return this.#escapedString(start, at);
      if (code < char.space) {
        this.#position = at;
        throw this.#error('unescaped control character in a string');
      }
    }
    throw this.#error('unterminated string');
  }

  #escapedString(start: number, firstEscape: number): string {
    const text = this.#text;
    let result = text.slice(start, firstEscape);
    let from = firstEscape;
    for (let at = firstEscape; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === char.quote) {
        this.#position = at + 1;
        return result + text.slice(from, at);
      }
      if (code < char.space) {
        this.#position = at;
        throw this.#error('unescaped control character in a string');
      }
      if (code !== char.backslash) continue;
      result += text.slice(from, at);
      const letter = text.charAt(at + 1);
      const simple = escapes.get(letter);
      if (simple !== undefined) result += simple;
      else {
        const hex = letter === 'u' ? text.slice(at + 2, at + 6) : '';
        this.#position = at;
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#error('unknown escape in a string');
        result += String.fromCharCode(Number.parseInt(hex, 16));
        at += 4;
      }
      at += 1;
      from = at + 1;
    }
    throw this.#error('unterminated string');
  }

  #numberOrWord(): JsonValue {
    const code = this.#peek();
    if (code === char.minus || (code >= char.zero && code <= char.nine)) return this.#number();
    if (this.#word('true')) return true;
    if (this.#word('false')) return false;
    if (this.#word('null')) return null;
    throw this.#error(code === -1 ? 'the record ends too early' : 'expected a value');
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#position)) return false;
    this.#position += word.length;
    return true;
  }

  #number(): JsonValue {
    const short = this.#shortInteger();
    if (short !== null) return short;
    numberPattern.lastIndex = this.#position;
    const match = numberPattern.exec(this.#text);
    if (match === null) throw this.#error('malformed number');
    const literal = match[0];
    this.#position += literal.length;
    if (match[1] !== undefined || match[2] !== undefined) return new JavaDouble(Number(literal));
    const exact = BigInt(literal);
    const plain = Number(exact);
    return Number.isSafeInteger(plain) ? plain : exact;
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
