/** A text read from left to right, and what the readers of paths and of filters look for in it. */
import { CompileProblem } from '../../compile-problem.ts';

export class Characters {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get inBounds(): boolean {
    return this.at < this.text.length;
  }

  /** '' beyond the end. */
  get current(): string {
    return this.text.charAt(this.at);
  }

  skipBlanks(): void {
    this.at = this.afterBlanks(this.at);
  }

  afterBlanks(from: number): number {
    let at = from;
    while (this.text.charAt(at) === ' ') at += 1;
    return at;
  }

  /** The last character before `at` that is no blank; '' if there is none. */
  before(at: number): string {
    let back = at - 1;
    while (this.text.charAt(back) === ' ') back -= 1;
    return this.text.charAt(back);
  }

  /** Where the quote that opens at `from` is closed. */
  closingQuote(from: number): number {
    const quote = this.text.charAt(from);
    for (let at = from + 1; at < this.text.length; at++) {
      if (this.text.charAt(at) === '\\') at += 1;
      else if (this.text.charAt(at) === quote) return at;
    }
    throw brokenPath(this.text, from, `${quote} is not closed`);
  }

  /** Where the bracket that opens at `from` is closed; brackets in quoted texts and in patterns do not count. */
  closingBracket(from: number, patterns: 'withPatterns' | 'withoutPatterns'): number {
    const open = this.text.charAt(from);
    const close = open === '(' ? ')' : open === '[' ? ']' : '}';
    let depth = 0;
    for (let at = from; at < this.text.length; at++) {
      const char = this.text.charAt(at);
      if (char === '"' || char === "'" || (char === '/' && patterns === 'withPatterns'))
        at = this.closingQuote(at);
      else if (char === open) depth += 1;
      else if (char === close && --depth === 0) return at;
    }
    throw brokenPath(this.text, from, `${open} is not closed`);
  }
}

/** Texts longer than this are cut in messages. */
const shownLength = 80;

export function brokenPath(text: string, at: number, what: string): CompileProblem {
  const shown = text.length <= shownLength ? text : `${text.slice(0, shownLength)}...`;
  return new CompileProblem(`a JsonPath; ${what} at character ${at} of ${shown}`);
}

/** `\n`, `\u00e9` and so on; a backslash before any other character stands for that character. */
export function unescaped(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|([^]))/g,
    (_all, hex: string | undefined, letter: string | undefined) =>
      hex === undefined
        ? (escapes.get(letter ?? '') ?? letter ?? '')
        : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
