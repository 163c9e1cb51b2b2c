/**
 * Where every value of a JSON text stands, so that one place can be edited and the rest stays byte for byte.
 *
 * `JSON.parse` and `JSON.stringify` would lose digits of long numbers, the order of keys that look like numbers,
 * repeated keys, and the writer's own layout. Nesting is bounded; the work is linear in the text.
 */

/** `start` inclusive and `end` exclusive are indexes into the text. */
export type JsonSpan = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'leaf'; readonly value: string | number | boolean | null }
  | { readonly kind: 'array'; readonly items: readonly JsonSpan[] }
  | { readonly kind: 'object'; readonly members: readonly JsonMember[] }
);

/** `start` is where the key begins; a key may be repeated, and readers take the last one. */
export type JsonMember = { readonly start: number; readonly key: string; readonly value: JsonSpan };

/** Deeper texts are refused: reading is recursive. */
const depthMax = 1000;

/** Null when the text is not one JSON value, or is nested too deeply. */
export function scanJson(text: string): JsonSpan | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const scanner = new Scanner(text);
  return scanner.value(0);
}

/** The text with each span replaced; spans are in order and do not overlap. */
export function replaceSpans(text: string, spans: readonly JsonSpan[], replacement: string): string {
  const pieces: string[] = [];
  let from = 0;
  for (const span of spans) {
    pieces.push(text.slice(from, span.start), replacement);
    from = span.end;
  }
  return pieces.join('') + text.slice(from);
}

const leafPattern = /"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,:\]}]+/y;
const blankPattern = /[ \t\n\r]*/y;

/** Walks a text that `JSON.parse` has accepted, so it only has to find ends, never to judge. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonSpan | null {
    if (depth > depthMax) return null;
    this.#skipBlanks();
    const char = this.#text[this.#at];
    if (char === '{') return this.#object(depth);
    if (char === '[') return this.#array(depth);
    const start = this.#at;
    const value = JSON.parse(this.#leaf()) as string | number | boolean | null;
    return { kind: 'leaf', value, start, end: this.#at };
  }

  #object(depth: number): JsonSpan | null {
    const start = this.#at++;
    const members: JsonMember[] = [];
    while (!this.#closes('}')) {
      const memberStart = this.#at;
      const key = JSON.parse(this.#leaf()) as string;
      this.#skipBlanks();
      this.#at++;
      const value = this.value(depth + 1);
      if (value === null) return null;
      members.push({ start: memberStart, key, value });
    }
    return { kind: 'object', members, start, end: this.#at };
  }

  #array(depth: number): JsonSpan | null {
    const start = this.#at++;
    const items: JsonSpan[] = [];
    while (!this.#closes(']')) {
      const item = this.value(depth + 1);
      if (item === null) return null;
      items.push(item);
    }
    return { kind: 'array', items, start, end: this.#at };
  }

  /** Steps over blanks, a comma and the closing bracket; otherwise stands at the next element. */
  #closes(bracket: '}' | ']'): boolean {
    this.#skipBlanks();
    if (this.#text[this.#at] === ',') {
      this.#at++;
      this.#skipBlanks();
    }
    if (this.#text[this.#at] !== bracket) return false;
    this.#at++;
    return true;
  }

  #leaf(): string {
    leafPattern.lastIndex = this.#at;
    const leaf = leafPattern.exec(this.#text)?.[0] ?? '';
    this.#at += leaf.length;
    return leaf;
  }

  #skipBlanks(): void {
    blankPattern.lastIndex = this.#at;
    blankPattern.exec(this.#text);
    this.#at = blankPattern.lastIndex;
  }
}
