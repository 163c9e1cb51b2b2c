/**
 * The text of a JsonPath to its tokens, as Jayway's compiler reads it: `$.a.b`, `$['a','b']`, `[0,-1]`, `[1:3]`, `*`,
 * `..`, `[?(...)]` and functions at the end. Every text is read in one pass; nesting is bounded.
 */
import { jsonOf } from './json-in-path.ts';
import { brokenPath, Characters, unescaped } from './characters.ts';
import { pathFunctions } from './functions.ts';
import { parseFilter } from './parse-filter.ts';
import type { Parameter, PathText, PathToken } from './tokens.ts';

/** Paths in filters in paths, and parameters in parameters. */
const maxNesting = 20;

/** Each token is a call within a call. */
const maxLength = 2_000;

/** Throws `CompileProblem`. A path may begin without `$.`. */
export function parsePath(text: string, nesting = 0): PathText {
  const trimmed = text.replace(/^ +| +$/g, '');
  if (trimmed === '') throw brokenPath(text, 0, 'there is nothing');
  if (text.length > maxLength) throw brokenPath(text, maxLength, `it is longer than ${maxLength} characters`);
  if (nesting > maxNesting) throw brokenPath(text, 0, `it is nested deeper than ${maxNesting}`);
  const whole = /^[$@]/.test(trimmed) ? trimmed : `$.${trimmed}`;
  if (whole.endsWith('.')) throw brokenPath(whole, whole.length - 1, 'a name is missing after the last dot');
  return new PathReader(whole, nesting).read();
}

class PathReader {
  readonly #path: Characters;
  readonly #nesting: number;
  readonly #tokens: PathToken[] = [];

  constructor(text: string, nesting: number) {
    this.#path = new Characters(text);
    this.#nesting = nesting;
  }

  read(): PathText {
    const path = this.#path;
    const fromRoot = path.current === '$';
    path.at = 1;
    if (path.inBounds && path.current !== '.' && path.current !== '[')
      throw this.#broken('expected "." or "["');
    while (path.inBounds) {
      this.#token();
      // Jayway looks for the next token only when more than one character is left.
      if (path.at + 1 >= path.text.length) break;
    }
    this.#checkFunction();
    return { fromRoot, tokens: this.#tokens };
  }

  #token(): void {
    const path = this.#path;
    if (path.current === '.') this.#dots();
    if (path.current === '[') this.#bracket();
    else if (path.current === '*') {
      path.at += 1;
      this.#tokens.push({ kind: 'wildcard' });
    } else this.#nameOrFunction();
  }

  #dots(): void {
    const path = this.#path;
    path.at += 1;
    if (path.current === '.') {
      this.#tokens.push({ kind: 'scan' });
      path.at += 1;
    }
    if (path.current === '.') throw this.#broken('a third "."');
  }

  #nameOrFunction(): void {
    const path = this.#path;
    const name = /[^.[( ]*/y;
    name.lastIndex = path.at;
    const found = name.exec(path.text)?.[0] ?? '';
    const end = path.at + found.length;
    const next = path.text.charAt(end);
    if (next === ' ') throw this.#broken("a blank in a name; write ['a name']");
    if (next === '(') return this.#function(found, end);
    if (found === '') throw this.#broken('expected a name');
    path.at = end;
    this.#tokens.push({ kind: 'property', names: [found] });
  }

  #function(name: string, open: number): void {
    const path = this.#path;
    if (!pathFunctions.has(name))
      throw this.#broken(
        `there is no function ${name === '' ? 'without a name' : name}; expected one of ${[...pathFunctions].join(', ')}`,
      );
    const close = path.closingBracket(open, 'withPatterns');
    if (close !== path.text.length - 1) throw this.#broken('a function stands at the end of a path');
    const parameters = this.#parameters(path.text.slice(open + 1, close));
    path.at = close;
    this.#tokens.push({ kind: 'function', name, parameters });
  }

  #parameters(text: string): Parameter[] {
    if (text.trim() === '') return [];
    return splitAtCommas(text).map((part): Parameter => {
      const parameter = part.trim();
      if (/^[$@]/.test(parameter)) return { kind: 'path', path: parsePath(parameter, this.#nesting + 1) };
      const value = /^[{"\d-]/.test(parameter) ? jsonOf(parameter) : undefined;
      if (value === undefined)
        throw this.#broken('a parameter is a path, or JSON that begins with {, a double quote or a digit');
      return { kind: 'json', value };
    });
  }

  #bracket(): void {
    const path = this.#path;
    const inside = path.text.charAt(path.afterBlanks(path.at + 1));
    if (inside === "'" || inside === '"') this.#names(inside);
    else if (/[\d:-]/.test(inside)) this.#indexes();
    else if (inside === '*') this.#bracketedWildcard();
    else if (inside === '?') this.#filter();
    else throw this.#broken('expected a name in quotes, an index, * or ?( after "["');
  }

  #names(quote: string): void {
    const path = this.#path;
    const names: string[] = [];
    let at = path.at;
    do {
      at = path.afterBlanks(at + 1);
      if (path.text.charAt(at) !== quote) throw brokenPath(path.text, at, `expected ${quote}`);
      const end = path.closingQuote(at);
      names.push(unescaped(path.text.slice(at + 1, end)));
      at = path.afterBlanks(end + 1);
    } while (path.text.charAt(at) === ',');
    if (path.text.charAt(at) !== ']') throw brokenPath(path.text, at, 'expected "," or "]" after a name');
    path.at = at + 1;
    this.#tokens.push({ kind: 'property', names });
  }

  #indexes(): void {
    const path = this.#path;
    const end = path.text.indexOf(']', path.at);
    if (end === -1) throw this.#broken('"[" is not closed');
    const inside = path.text.slice(path.at + 1, end).replace(/^ +| +$/g, '');
    const slice = /^(-?\d+)?:(-?\d+)?(?::.*)?$/.exec(inside);
    if (slice !== null && /^[\d:-]*$/.test(inside) && (slice[1] ?? slice[2]) !== undefined) {
      this.#tokens.push({ kind: 'slice', from: this.#bound(slice[1]), to: this.#bound(slice[2]) });
    } else if (/^-?\d+(?: *, *-?\d+)*$/.test(inside)) {
      const indexes = inside.split(',').map((index) => this.#whole(index.trim()));
      this.#tokens.push({ kind: 'index', indexes });
    } else throw this.#broken('expected whole numbers such as [0], [0,-1], [1:3]');
    path.at = end + 1;
  }

  #bound(text: string | undefined): number | null {
    return text === undefined ? null : this.#whole(text);
  }

  #whole(text: string): number {
    const number = Number(text);
    if (number > 2_147_483_647 || number < -2_147_483_648) throw this.#broken(`${text} is too large`);
    return number + 0;
  }

  #bracketedWildcard(): void {
    const path = this.#path;
    const end = path.afterBlanks(path.afterBlanks(path.at + 1) + 1);
    if (path.text.charAt(end) !== ']') throw brokenPath(path.text, end, 'expected "]" after *');
    path.at = end + 1;
    this.#tokens.push({ kind: 'wildcard' });
  }

  #filter(): void {
    const path = this.#path;
    const open = path.afterBlanks(path.afterBlanks(path.at + 1) + 1);
    if (path.text.charAt(open) !== '(') throw brokenPath(path.text, open, 'expected "(" after ?');
    const close = path.closingBracket(open, 'withPatterns');
    const end = path.afterBlanks(close + 1);
    if (path.text.charAt(end) !== ']') throw brokenPath(path.text, end, 'expected "]" after a filter');
    const condition = parseFilter(path.text.slice(open, close + 1), (text) =>
      parsePath(text, this.#nesting + 1),
    );
    path.at = end + 1;
    this.#tokens.push({ kind: 'filter', condition });
  }

  /** `$..length()` scans for nothing; Jayway fails at every record. */
  #checkFunction(): void {
    const last = this.#tokens.at(-1);
    if (last?.kind === 'scan') throw this.#broken('expected a name after ".."');
    if (last?.kind === 'function' && this.#tokens.at(-2)?.kind === 'scan')
      throw this.#broken('expected a name between ".." and a function');
    if (last?.kind === 'function' && /^(length|size)$/.test(last.name) && last.parameters[0]?.kind === 'json')
      throw this.#broken(`the parameter of ${last.name} is a path`);
  }

  #broken(what: string): Error {
    return brokenPath(this.#path.text, this.#path.at, what);
  }
}

/** Commas within quotes and brackets do not count. */
function splitAtCommas(text: string): string[] {
  const characters = new Characters(text);
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"' || char === "'") at = characters.closingQuote(at);
    else if (char === '(' || char === '[' || char === '{')
      at = characters.closingBracket(at, 'withoutPatterns');
    else if (char === ',') {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}
