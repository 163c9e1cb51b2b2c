/**
 * The text of a filter, from `(` to its `)`, to a condition: comparisons joined by `||`, `&&` and `!`, a path alone for
 * "it is there". Broken filters are refused with the place.
 */
import { jsonOf } from './json-in-path.ts';
import { brokenPath, Characters, unescaped } from './characters.ts';
import { operatorOf } from './operators.ts';
import type { Condition, Operand, PathText } from './tokens.ts';

const maxDepth = 50;

/** `parsePath` reads the paths in it. */
export function parseFilter(text: string, parsePath: (text: string) => PathText): Condition {
  return new FilterReader(text, parsePath).read();
}

class FilterReader {
  readonly #filter: Characters;
  readonly #parsePath: (text: string) => PathText;
  #depth = 0;

  constructor(text: string, parsePath: (text: string) => PathText) {
    this.#filter = new Characters(text);
    this.#parsePath = parsePath;
  }

  read(): Condition {
    const condition = this.#or();
    this.#filter.skipBlanks();
    if (this.#filter.inBounds) throw this.#broken('expected ")", "&&" or "||"');
    return condition;
  }

  #or(): Condition {
    return this.#joined('||', 'or', () => this.#joined('&&', 'and', () => this.#operand()));
  }

  #joined(sign: string, kind: 'or' | 'and', read: () => Condition): Condition {
    const first = read();
    const parts = [first];
    for (;;) {
      this.#filter.skipBlanks();
      if (!this.#filter.text.startsWith(sign, this.#filter.at)) break;
      this.#filter.at += sign.length;
      parts.push(read());
    }
    return parts.length === 1 ? first : { kind, parts };
  }

  #operand(): Condition {
    const filter = this.#filter;
    filter.skipBlanks();
    if (++this.#depth > maxDepth) throw this.#broken(`nested deeper than ${maxDepth}`);
    const condition = this.#nested() ?? this.#relation();
    this.#depth -= 1;
    return condition;
  }

  /** `(...)`, or `!` before anything but a path; null when it is neither. */
  #nested(): Condition | null {
    const filter = this.#filter;
    if (filter.current === '!' && !/[$@]/.test(filter.text.charAt(filter.afterBlanks(filter.at + 1)))) {
      filter.at += 1;
      return { kind: 'not', part: this.#operand() };
    }
    if (filter.current !== '(') return null;
    filter.at += 1;
    const condition = this.#or();
    this.#close();
    return condition;
  }

  #close(): void {
    this.#filter.skipBlanks();
    if (this.#filter.current !== ')') throw this.#broken('expected ")", "&&" or "||"');
    this.#filter.at += 1;
  }

  #relation(): Condition {
    const filter = this.#filter;
    const negated = filter.current === '!';
    if (negated) {
      filter.at += 1;
      filter.skipBlanks();
    }
    const left = this.#value();
    filter.skipBlanks();
    if (
      filter.current === ')' ||
      filter.text.startsWith('&&', filter.at) ||
      filter.text.startsWith('||', filter.at)
    ) {
      if (left.kind !== 'path') throw this.#broken('expected an operator after a value');
      return { kind: 'exists', path: left.path, should: !negated };
    }
    const operator = this.#operator();
    return { kind: 'relation', left, operator, right: this.#value() };
  }

  #operator() {
    const filter = this.#filter;
    const pattern = /[<>=~!]+|[^ )]+/y;
    pattern.lastIndex = filter.at;
    const found = pattern.exec(filter.text)?.[0] ?? '';
    const operator = operatorOf(found);
    if (operator === null) throw this.#broken('expected an operator such as ==, <, =~, in, contains, size');
    filter.at += found.length;
    return operator;
  }

  #value(): Operand {
    const filter = this.#filter;
    filter.skipBlanks();
    switch (filter.current) {
      case '$':
      case '@':
        return this.#path();
      case "'":
      case '"':
        return this.#text();
      case '{':
      case '[':
        return this.#json();
      case '/':
        return this.#pattern();
      default:
        return this.#wordOrNumber();
    }
  }

  #path(): Operand {
    const filter = this.#filter;
    const start = filter.at;
    filter.at += 1;
    while (filter.inBounds && !/[<>=~! )]/.test(filter.current)) {
      if (filter.current === '[') filter.at = filter.closingBracket(filter.at, 'withoutPatterns');
      // Of `(`: the parameters of a function belong to the path.
      else if (filter.current === '(') filter.at = filter.closingBracket(filter.at, 'withoutPatterns');
      filter.at += 1;
    }
    return { kind: 'path', path: this.#parsePath(filter.text.slice(start, filter.at)) };
  }

  #text(): Operand {
    const filter = this.#filter;
    const end = filter.closingQuote(filter.at);
    const text = unescaped(filter.text.slice(filter.at + 1, end));
    filter.at = end + 1;
    return { kind: 'text', text };
  }

  #json(): Operand {
    const filter = this.#filter;
    const end = filter.closingBracket(filter.at, 'withoutPatterns');
    const value = jsonOf(filter.text.slice(filter.at, end + 1));
    if (value === undefined) throw this.#broken('expected JSON');
    filter.at = end + 1;
    return { kind: 'json', value };
  }

  #pattern(): Operand {
    const filter = this.#filter;
    const end = filter.closingQuote(filter.at);
    const pattern = filter.text.slice(filter.at + 1, end);
    const letters = /[a-zA-Z]*/y;
    letters.lastIndex = end + 1;
    const flags = letters.exec(filter.text)?.[0] ?? '';
    filter.at = end + 1 + flags.length;
    if (!/^[ims]*$/.test(flags))
      throw this.#broken(`a pattern may have the flags i, m and s; found ${flags}`);
    return { kind: 'pattern', pattern, flags };
  }

  #wordOrNumber(): Operand {
    const filter = this.#filter;
    const pattern = /true|false|null|-?(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d{1,9})?/y;
    pattern.lastIndex = filter.at;
    const found = pattern.exec(filter.text)?.[0];
    if (found === undefined) throw this.#broken('expected a path or a value');
    filter.at += found.length;
    if (found === 'null') return { kind: 'null' };
    if (found === 'true' || found === 'false') return { kind: 'boolean', value: found === 'true' };
    return { kind: 'number', text: found };
  }

  #broken(what: string): Error {
    return brokenPath(this.#filter.text, this.#filter.at, what);
  }
}
