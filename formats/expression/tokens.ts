/**
 * The words of an expression, by the lexer rules of Druid's grammar (Expr.g4): the longest match wins, a character that
 * begins no word is an error (Druid skips it and reads on).
 */
import { CompileProblem } from '../compile-problem.ts';

export type Token = {
  readonly kind: 'long' | 'double' | 'string' | 'name' | 'null' | 'arrayType' | 'sign' | 'end';
  /** As written; of a string or a quoted name, its content. */
  readonly text: string;
  /** UTF-16 units from the start of the expression. */
  readonly at: number;
};

/** Longer texts are a mistake; the parser must stay quick. */
const maxLength = 16_384;
const maxTokens = 8_192;

const blank = /[ \t\r\n]+/y;
const double = /[0-9]+(?:\.[0-9]*(?:[eE]-?[0-9]+)?|[eE]-?[0-9]+)/y;
const long = /[0-9]+/y;
const name = /[_$a-zA-Z][_$a-zA-Z0-9]*/y;
const quoted = /(['"])((?:\\(?:['"\\/bfnrt]|u[0-9a-fA-F]{4})|(?!\1)[^\\])*)\1/y;
const shortArrayType = /<(?:LONG|DOUBLE|STRING)>/y;
const longArrayType = /(?:ARRAY<)+(?:LONG|DOUBLE|STRING|COMPLEX<json>)>+/y;
const sign = /->|<=|>=|==|!=|&&|\|\||[-!^*/%+<>()[\],]/y;

export function tokensOf(text: string): readonly Token[] {
  if (text.length > maxLength)
    throw new CompileProblem(`an expression of at most ${maxLength} characters, found ${text.length}`);
  const tokens: Token[] = [];
  for (let at = afterBlank(text, 0); at < text.length;) {
    const token = tokenAt(text, at);
    tokens.push(token.token);
    if (tokens.length > maxTokens)
      throw new CompileProblem(`an expression of at most ${maxTokens} words and signs`);
    at = afterBlank(text, token.end);
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

function afterBlank(text: string, at: number): number {
  return at + (matchAt(blank, text, at)?.[0].length ?? 0);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

type Found = { readonly token: Token; readonly end: number };

function tokenAt(text: string, at: number): Found {
  const found = (kind: Token['kind'], match: string, content = match): Found => ({
    token: { kind, text: content, at },
    end: at + match.length,
  });
  const number = matchAt(double, text, at);
  if (number !== null) return found('double', number[0]);
  const whole = matchAt(long, text, at);
  if (whole !== null) return found('long', whole[0]);
  const arrayType = matchAt(longArrayType, text, at)?.[0] ?? matchAt(shortArrayType, text, at)?.[0];
  if (arrayType !== undefined)
    return found('arrayType', arrayType, arrayType.startsWith('<') ? `ARRAY${arrayType}` : arrayType);
  const word = matchAt(name, text, at)?.[0];
  if (word !== undefined) return found(kindOfWord(word), word);
  const quotation = matchAt(quoted, text, at);
  if (quotation !== null) {
    const [all, mark, content = ''] = quotation;
    return found(mark === "'" ? 'string' : 'name', all, unescaped(content));
  }
  const operator = matchAt(sign, text, at)?.[0];
  if (operator !== undefined) return found('sign', operator);
  throw new CompileProblem(`an expression; ${noWord(text, at)}`);
}

function kindOfWord(word: string): Token['kind'] {
  if (word === 'null') return 'null';
  return word === 'NaN' || word === 'Infinity' ? 'double' : 'name';
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function unescaped(content: string): string {
  if (!content.includes('\\')) return content;
  return content.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_all, hex: string | undefined, letter: string) =>
    hex === undefined ? (escapes.get(letter) ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function noWord(text: string, at: number): string {
  const character = text.charAt(at);
  const what =
    character === "'" || character === '"'
      ? `the text that ${character} opens has no end, or an escape other than \\' \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX`
      : `${JSON.stringify(character)} begins no word of it`;
  return `${what}, at character ${at + 1}`;
}
