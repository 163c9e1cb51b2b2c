/**
 * Splits a statement into tokens, as Druid's parser does: one pass, no backtracking, every character looked at once.
 *
 * Comments and blanks are dropped. Text values come decoded (quotes doubled, `U&` and `E` escapes resolved). A token
 * never crosses the limits below, so what follows can be linear in the number of tokens.
 */
import { SqlProblem } from './errors.ts';

export type Token = {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'end';
  /** Words in upper case, symbols and numbers as written, names and texts decoded. */
  readonly value: string;
  readonly at: number;
  readonly end: number;
};

/** In UTF-16 units. A statement that lists 10,000 values fits; more is data, not a question. */
export const statementCharactersMax = 256 * 1024;

const doubleSymbols: ReadonlySet<string> = new Set(['<>', '!=', '<=', '>=', '||', '=>', '::']);
const singleSymbols = '()[]{},.;*+-/%=<>?:';

/** The last token is always `end`. */
export function tokenize(sql: string): Token[] {
  if (sql.length > statementCharactersMax)
    throw new SqlProblem(
      `The statement has ${sql.length} characters, expected at most ${statementCharactersMax}; ` +
        'shorten its lists of values or ask in several statements',
      null,
    );
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at = skipBlank(sql, at);
    if (at >= sql.length) break;
    const token = tokenAt(sql, at);
    tokens.push(token);
    at = token.end;
  }
  const last = tokens.at(-1);
  // As in Druid, the end of the text is where the last token ends.
  const end = last === undefined ? 0 : last.end;
  tokens.push({ kind: 'end', value: '<EOF>', at: Math.max(0, end - 1), end });
  return tokens;
}

function tokenAt(sql: string, at: number): Token {
  const character = sql.charAt(at);
  const next = sql.charAt(at + 1);
  if (character === "'") return quotedToken(sql, { at, open: at, kind: 'string' });
  if (character === '"') return quotedToken(sql, { at, open: at, kind: 'quoted' });
  if (isDigit(character) || (character === '.' && isDigit(next))) return numberToken(sql, at);
  if (isNameStart(sql, at)) return wordToken(sql, at);
  if (doubleSymbols.has(character + next)) return symbol(sql, at, 2);
  if (singleSymbols.includes(character)) return symbol(sql, at, 1);
  const shown = String.fromCodePoint(sql.codePointAt(at) ?? 0);
  const advice =
    character === '`' ? '; names are quoted as "name"' : character === '#' ? '; comments begin with --' : '';
  throw new SqlProblem(`Lexical error: found ${nameOfCharacter(shown)}, expected a token${advice}`, {
    at,
    end: at + shown.length,
  });
}

function nameOfCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return /^[!-~]$/.test(character) ? `'${character}'` : `the character U+${code}`;
}

function symbol(sql: string, at: number, length: number): Token {
  return { kind: 'symbol', value: sql.slice(at, at + length), at, end: at + length };
}

function skipBlank(sql: string, from: number): number {
  let at = from;
  for (;;) {
    const character = sql.charAt(at);
    const pair = sql.slice(at, at + 2);
    if (character !== '' && ' \t\n\r\f'.includes(character)) at += 1;
    else if (pair === '--' || pair === '//') at = lineEnd(sql, at);
    else if (pair === '/*') at = commentEnd(sql, at);
    else return at;
  }
}

function lineEnd(sql: string, from: number): number {
  let at = from;
  while (at < sql.length && sql.charAt(at) !== '\n' && sql.charAt(at) !== '\r') at += 1;
  return at;
}

function commentEnd(sql: string, at: number): number {
  const end = sql.indexOf('*/', at + 2);
  if (end === -1)
    throw new SqlProblem('Lexical error: this comment does not end, expected */', { at, end: at + 2 });
  return end + 2;
}

function numberToken(sql: string, at: number): Token {
  let end = skipDigits(sql, at);
  if (sql.charAt(end) === '.') end = skipDigits(sql, end + 1);
  if (sql.charAt(end) === 'e' || sql.charAt(end) === 'E') {
    const sign = sql.charAt(end + 1) === '+' || sql.charAt(end + 1) === '-' ? 1 : 0;
    if (isDigit(sql.charAt(end + 1 + sign))) end = skipDigits(sql, end + 1 + sign);
  }
  return { kind: 'number', value: sql.slice(at, end), at, end };
}

function skipDigits(sql: string, from: number): number {
  let at = from;
  while (isDigit(sql.charAt(at))) at += 1;
  return at;
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/** A word, or a text with a prefix: `U&'..'`, `U&".."`, `E'..'`, `N'..'`, `X'..'`, `_UTF8'..'`. */
function wordToken(sql: string, at: number): Token {
  let end = at;
  while (end < sql.length && (isDigit(sql.charAt(end)) || isNameStart(sql, end)))
    end += (sql.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  const value = sql.slice(at, end).toUpperCase();
  const next = sql.charAt(end);
  if (value === 'U' && next === '&') {
    const open = sql.charAt(end + 1);
    if (open === "'") return unicodeToken(sql, { at, open: end + 1, kind: 'string' });
    if (open === '"') return unicodeToken(sql, { at, open: end + 1, kind: 'quoted' });
  }
  if (next === "'") return prefixedToken(sql, { at, open: end, prefix: value });
  return { kind: 'word', value, at, end };
}

function isNameStart(sql: string, at: number): boolean {
  const code = sql.charCodeAt(at);
  if (code < 0x80)
    return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code === 36;
  return /^\p{L}$/u.test(String.fromCodePoint(sql.codePointAt(at) ?? 0));
}

function prefixedToken(sql: string, from: { at: number; open: number; prefix: string }): Token {
  const { at, open, prefix } = from;
  if (prefix === 'E') return escapedToken(sql, at, open);
  if (prefix === 'N' || prefix === '_UTF8' || prefix === '_UTF16')
    return quotedToken(sql, { at, open, kind: 'string' });
  if (prefix === 'X')
    throw new SqlProblem("Binary literals are not supported: found X'...', expected a text as '...'", {
      at,
      end: open + 1,
    });
  if (prefix.startsWith('_'))
    throw new SqlProblem(`Unknown character set '${prefix.slice(1)}', expected UTF8 or no prefix`, {
      at,
      end: open,
    });
  return { kind: 'word', value: prefix, at, end: open };
}

type Opening = { readonly at: number; readonly open: number; readonly kind: 'string' | 'quoted' };

/** From the opening quote; a doubled quote stands for one. */
function quotedToken(sql: string, opening: Opening): Token {
  const quote = sql.charAt(opening.open);
  const parts: string[] = [];
  let from = opening.open + 1;
  for (;;) {
    const close = sql.indexOf(quote, from);
    if (close === -1) throw unclosed(opening);
    parts.push(sql.slice(from, close));
    from = close + 1;
    if (sql.charAt(from) !== quote) break;
    parts.push(quote);
    from += 1;
  }
  return { kind: opening.kind, value: parts.join(''), at: opening.at, end: from };
}

function unclosed(opening: Opening): SqlProblem {
  const what = opening.kind === 'string' ? "text does not end, expected '" : 'name does not end, expected "';
  return new SqlProblem(`Lexical error: this ${what}`, { at: opening.at, end: opening.open + 1 });
}

/** `U&'..'`, with what follows when that is `UESCAPE 'c'`. */
function unicodeToken(sql: string, opening: Opening): Token {
  const raw = quotedToken(sql, opening);
  const at = skipBlank(sql, raw.end);
  if (sql.slice(at, at + 7).toUpperCase() !== 'UESCAPE') return { ...raw, value: unicodeText(raw, '\\') };
  const quote = skipBlank(sql, at + 7);
  if (
    sql.charAt(quote) !== "'" ||
    sql.charAt(quote + 2) !== "'" ||
    /["'+\s0-9a-f]/i.test(sql.charAt(quote + 1))
  )
    throw new SqlProblem(
      "UESCAPE must be one character that is no digit, letter a to f, plus or quote, as '!'",
      {
        at,
        end: at + 7,
      },
    );
  return { ...raw, value: unicodeText(raw, sql.charAt(quote + 1)), end: quote + 3 };
}

/** `\0041` and `\+000041` are characters, `\\` is the escape itself. */
function unicodeText(token: Token, escape: string): string {
  const parts = token.value.split(escape);
  let text = parts[0] ?? '';
  for (let index = 1; index < parts.length; index += 1) {
    const part = parts[index] ?? '';
    const next = parts[index + 1];
    if (part === '' && next !== undefined) {
      text += escape + next;
      index += 1;
      continue;
    }
    const long = part.startsWith('+');
    const digits = long ? part.slice(1, 7) : part.slice(0, 4);
    const code = isHex(digits, long ? 6 : 4) ? Number.parseInt(digits, 16) : Number.NaN;
    if (!(code <= 0x10ffff))
      throw new SqlProblem(
        `Unicode escape sequence must be ${escape}hhhh or ${escape}+hhhhhh, with hexadecimal digits`,
        { at: token.at, end: token.end },
      );
    text += String.fromCodePoint(code) + part.slice(long ? 7 : 4);
  }
  return text;
}

function isHex(text: string, length: number): boolean {
  return text.length === length && /^[0-9a-f]+$/i.test(text);
}

const shortEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** `E'..'` with escapes as in C: `\n`, `\x41`, `\u0041`, `\'`, and octal digits. */
function escapedToken(sql: string, at: number, open: number): Token {
  const parts: string[] = [];
  let end = open + 1;
  for (;;) {
    const character = sql.charAt(end);
    if (character === '') throw unclosed({ at, open, kind: 'string' });
    if (character === "'" && sql.charAt(end + 1) !== "'") break;
    if (character === '\\') {
      const escape = cEscape(sql, end);
      parts.push(escape.text);
      end = escape.end;
    } else {
      parts.push(character);
      end += character === "'" ? 2 : 1;
    }
  }
  return { kind: 'string', value: parts.join(''), at, end: end + 1 };
}

function cEscape(sql: string, at: number): { text: string; end: number } {
  const letter = sql.charAt(at + 1);
  const numbered = /^(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/.exec(
    sql.slice(at + 1, at + 10),
  )?.[0];
  if (numbered === undefined) return { text: shortEscapes[letter] ?? letter, end: at + 2 };
  const code = isDigit(letter) ? Number.parseInt(numbered, 8) : Number.parseInt(numbered.slice(1), 16);
  if (code > 0x10ffff)
    throw new SqlProblem('This escape is no character: expected at most U+10FFFF', {
      at,
      end: at + 1 + numbered.length,
    });
  return { text: String.fromCodePoint(code), end: at + 1 + numbered.length };
}
