/** The words and signs of a jq program. Texts are cut into their pieces: `"a\(.b)c"` holds a program. */
import { CompileProblem } from '../../compile-problem.ts';

export type Token = {
  readonly kind: 'sign' | 'word' | 'field' | 'number' | 'text' | 'end';
  readonly text: string;
  /** Of a text: what stands between programs, and the programs; one more text than programs. */
  readonly pieces: readonly string[];
  readonly programs: readonly string[];
  readonly at: number;
};

const sign = /\?\/\/|\/\/=|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|\.\.|[.[\]{}()|,:;?+\-*/%<>=$@]/y;
const word = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const field = /\.[a-zA-Z_][a-zA-Z0-9_]*/y;
const number = /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?/y;
const blank = /(?:[ \t\r\n]+|#[^\n]*)+/y;

/** A chain of parts is followed to its end by calls within calls. */
const maxLength = 2_000;

export function tokensOf(program: string): readonly Token[] {
  if (program.length > maxLength) throw new CompileProblem(`a jq program of at most ${maxLength} characters`);
  const tokens: Token[] = [];
  let at = skip(program, 0);
  while (at < program.length) {
    const token = tokenAt(program, at);
    tokens.push(token.token);
    at = skip(program, token.end);
  }
  tokens.push({ kind: 'end', text: 'the end', pieces: [], programs: [], at });
  return tokens;
}

function skip(program: string, at: number): number {
  return at + (match(blank, program, at)?.length ?? 0);
}

function match(pattern: RegExp, program: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(program)?.[0] ?? null;
}

function tokenAt(program: string, at: number): { readonly token: Token; readonly end: number } {
  if (program.charAt(at) === '"') return textAt(program, at);
  for (const [kind, pattern] of [
    ['field', field],
    ['number', number],
    ['word', word],
    ['sign', sign],
  ] as const) {
    const found = match(pattern, program, at);
    if (found === null) continue;
    const text = kind === 'field' ? found.slice(1) : found;
    return { token: { kind, text, pieces: [], programs: [], at }, end: at + found.length };
  }
  throw brokenProgram(program, at, `found ${JSON.stringify(program.charAt(at))}`);
}

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

function textAt(program: string, start: number): { readonly token: Token; readonly end: number } {
  const pieces: string[] = [];
  const programs: string[] = [];
  let piece = '';
  for (let at = start + 1; at < program.length; at++) {
    const char = program.charAt(at);
    if (char === '"') {
      pieces.push(piece);
      const text = program.slice(start, at + 1);
      return { token: { kind: 'text', text, pieces, programs, at: start }, end: at + 1 };
    }
    if (char !== '\\') {
      piece += char;
      continue;
    }
    at += 1;
    const letter = program.charAt(at);
    if (letter === '(') {
      const end = closing(program, at);
      pieces.push(piece);
      piece = '';
      programs.push(program.slice(at + 1, end));
      at = end;
    } else if (letter === 'u' && /^[0-9a-fA-F]{4}$/.test(program.slice(at + 1, at + 5))) {
      piece += String.fromCharCode(Number.parseInt(program.slice(at + 1, at + 5), 16));
      at += 4;
    } else {
      const simple = escapes.get(letter);
      if (simple === undefined) throw brokenProgram(program, at, `an escape nobody knows, \\${letter}`);
      piece += simple;
    }
  }
  throw brokenProgram(program, start, 'a text that is not closed');
}

/** Of the parenthesis at `open`; those in texts do not count. */
function closing(program: string, open: number): number {
  let depth = 0;
  for (let at = open; at < program.length; at++) {
    const char = program.charAt(at);
    if (char === '"') at = textAt(program, at).end - 1;
    else if (char === '(') depth += 1;
    else if (char === ')' && --depth === 0) return at;
  }
  throw brokenProgram(program, open, 'a parenthesis that is not closed');
}

const shownLength = 80;

export function brokenProgram(program: string, at: number, what: string): CompileProblem {
  const shown = program.length <= shownLength ? program : `${program.slice(0, shownLength)}...`;
  return new CompileProblem(`a jq program; ${what} at character ${at} of ${shown}`, {
    remedy: 'docs/input-formats.md lists the parts of jq that work here',
  });
}
