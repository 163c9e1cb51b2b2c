/** A pattern cut into runs of one letter and literal text. Two quotes are a quote, within quotes and without. */
import { CompileProblem } from '../compile-problem.ts';

export type Token =
  | { readonly kind: 'literal'; readonly text: string }
  | {
      readonly kind: 'letters';
      readonly letter: string;
      readonly length: number;
      /** Read as digits: a number before it must not take them. */
      readonly isNumber: boolean;
    };

const maxLength = 256;

/** Throws `CompileProblem`. */
export function readTokens(pattern: string): Token[] {
  if (pattern === '' || pattern.length > maxLength)
    throw new CompileProblem(`a pattern of 1 to ${maxLength} characters`);
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length;) {
    const letter = pattern.charAt(at);
    if (!/[A-Za-z]/.test(letter)) {
      const { text, end } = readLiteral(pattern, at);
      tokens.push({ kind: 'literal', text });
      at = end;
      continue;
    }
    let end = at + 1;
    while (pattern.charAt(end) === letter) end += 1;
    tokens.push({ kind: 'letters', letter, length: end - at, isNumber: isNumber(letter, end - at) });
    at = end;
  }
  return tokens;
}

function isNumber(letter: string, length: number): boolean {
  return letter === 'M' ? length < 3 : 'CxyYdhHmsSeDwkK'.includes(letter);
}

/** Up to the next letter outside quotes. A quote that is never closed ends with the pattern. */
function readLiteral(pattern: string, from: number): { text: string; end: number } {
  let text = '';
  let quoted = false;
  let at = from;
  for (; at < pattern.length; at++) {
    const letter = pattern.charAt(at);
    if (letter === "'") {
      if (pattern.charAt(at + 1) === "'") {
        text += letter;
        at += 1;
      } else quoted = !quoted;
    } else if (!quoted && /[A-Za-z]/.test(letter)) break;
    else text += letter;
  }
  return { text, end: at };
}
