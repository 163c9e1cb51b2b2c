/**
 * The text of a jq program to its parts. A part of jq that does not work here is refused by its name: variables, functions of
 * one's own, loops, assignments and formats.
 */
import { parseJsonValue } from '../../json-text.ts';
import { strictJson } from '../../json/features.ts';
import { comparisons, type ArithmeticOperator, type BinaryOperator, type Program } from './syntax.ts';
import { brokenProgram, tokensOf, type Token } from './tokens.ts';

const maxDepth = 60;

/** Throws `CompileProblem`. `functions` says how many arguments each known function may have. */
export function parseJq(
  program: string,
  functions: ReadonlyMap<string, readonly number[]>,
  depth = 0,
): Program {
  return new JqReader(program, functions, depth).read();
}

const refusedWords: ReadonlySet<string> = new Set([
  'def',
  'reduce',
  'foreach',
  'as',
  'label',
  'import',
  'include',
  'catch',
  'limit',
  'until',
  'while',
  'repeat',
]);

class JqReader {
  readonly #program: string;
  readonly #functions: ReadonlyMap<string, readonly number[]>;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth: number;

  constructor(program: string, functions: ReadonlyMap<string, readonly number[]>, depth: number) {
    this.#program = program;
    this.#functions = functions;
    this.#tokens = tokensOf(program);
    this.#depth = depth;
  }

  read(): Program {
    const program = this.#pipe();
    if (this.#token().kind !== 'end') throw this.#unexpected();
    return program;
  }

  #token(): Token {
    const token = this.#tokens[this.#at] ?? this.#tokens.at(-1);
    if (token === undefined) throw brokenProgram(this.#program, 0, 'nothing');
    return token;
  }

  #is(text: string): boolean {
    const { kind, text: found } = this.#token();
    return found === text && (kind === 'sign' || kind === 'word');
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(`expected "${text}"`);
  }

  #unexpected(wanted?: string): Error {
    const { kind, text, at } = this.#token();
    const shown = kind === 'field' ? `.${text}` : text;
    const found = `${wanted === undefined ? '' : `${wanted}, `}found ${shown}`;
    const refused =
      refusedWords.has(text) || /^(?:[|+\-*/%]?=|\/\/=|[$@]|\?\/\/)$/.test(text)
        ? `${shown} does not work here`
        : found;
    return brokenProgram(this.#program, at, kind === 'word' || kind === 'sign' ? refused : found);
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth)
      throw brokenProgram(this.#program, this.#token().at, `nesting deeper than ${maxDepth}`);
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #pipe(): Program {
    return this.#nested(() => {
      const parts = [this.#comma()];
      while (this.#take('|')) parts.push(this.#comma());
      return joined(parts, 'pipe');
    });
  }

  #comma(): Program {
    const parts = [this.#alternative()];
    while (this.#take(',')) parts.push(this.#alternative());
    return joined(parts, 'comma');
  }

  #alternative(): Program {
    const parts = [this.#or()];
    while (this.#take('//')) parts.push(this.#or());
    return joined(parts, 'alternative');
  }

  #or(): Program {
    let left = this.#and();
    while (this.#take('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Program {
    let left = this.#comparison();
    while (this.#take('and')) left = { kind: 'and', left, right: this.#comparison() };
    return left;
  }

  #comparison(): Program {
    const left = this.#sum();
    const operator = comparisons.find((sign) => this.#take(sign));
    return operator === undefined ? left : { kind: 'binary', operator, left, right: this.#sum() };
  }

  #sum(): Program {
    return this.#chain(['+', '-'], () => this.#chain(['*', '/', '%'], () => this.#signed()));
  }

  #chain(operators: readonly ArithmeticOperator[], read: () => Program): Program {
    let left = read();
    for (;;) {
      const operator: BinaryOperator | undefined = operators.find((sign) => this.#take(sign));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: read() };
    }
  }

  #signed(): Program {
    if (!this.#take('-')) return this.#postfix();
    return this.#nested(() => ({ kind: 'negate', of: this.#signed() }));
  }

  #postfix(): Program {
    let program = this.#term();
    for (;;) {
      const next = this.#suffix(program);
      if (next === null) return program;
      program = next;
    }
  }

  #suffix(of: Program): Program | null {
    const token = this.#token();
    if (token.kind === 'field') {
      this.#at += 1;
      return { kind: 'index', of, key: { kind: 'literal', value: token.text } };
    }
    if (this.#take('?')) return { kind: 'try', body: of };
    if (this.#take('[')) return this.#bracket(of);
    const after = this.#tokens[this.#at + 1];
    if (!this.#is('.') || (after?.kind !== 'text' && after?.text !== '[')) return null;
    this.#at += 1;
    if (this.#take('[')) return this.#bracket(of);
    return { kind: 'index', of, key: this.#text() };
  }

  /** After `[`. */
  #bracket(of: Program): Program {
    if (this.#take(']')) return { kind: 'iterate', of };
    if (this.#take(':')) {
      const to = this.#pipe();
      this.#expect(']');
      return { kind: 'slice', of, from: null, to };
    }
    const key = this.#pipe();
    if (this.#take(']')) return { kind: 'index', of, key };
    this.#expect(':');
    if (this.#take(']')) return { kind: 'slice', of, from: key, to: null };
    const to = this.#pipe();
    this.#expect(']');
    return { kind: 'slice', of, from: key, to };
  }

  #term(): Program {
    const token = this.#token();
    switch (token.kind) {
      case 'field':
        this.#at += 1;
        return { kind: 'index', of: { kind: 'identity' }, key: { kind: 'literal', value: token.text } };
      case 'number':
        this.#at += 1;
        return { kind: 'literal', value: parseJsonValue(token.text, numberFeatures) };
      case 'text':
        return this.#text();
      case 'word':
        return this.#word(token.text);
      case 'sign':
        return this.#signTerm();
      case 'end':
        throw this.#unexpected();
    }
  }

  #signTerm(): Program {
    if (this.#take('..')) return { kind: 'recurse' };
    if (this.#take('.')) return this.#dot();
    if (this.#take('(')) {
      const inner = this.#pipe();
      this.#expect(')');
      return inner;
    }
    if (this.#take('[')) {
      if (this.#take(']')) return { kind: 'array', items: null };
      const items = this.#pipe();
      this.#expect(']');
      return { kind: 'array', items };
    }
    if (this.#take('{')) return this.#object();
    throw this.#unexpected();
  }

  /** After `.`: itself, or a field by a text; brackets are suffixes. */
  #dot(): Program {
    if (this.#token().kind !== 'text') return { kind: 'identity' };
    return { kind: 'index', of: { kind: 'identity' }, key: this.#text() };
  }

  #text(): Program {
    const { pieces, programs } = this.#token();
    this.#at += 1;
    if (programs.length === 0) return { kind: 'literal', value: pieces[0] ?? '' };
    return {
      kind: 'text',
      pieces,
      programs: programs.map((program) => parseJq(program, this.#functions, this.#depth + 1)),
    };
  }

  #word(name: string): Program {
    if (name === 'if') return this.#if();
    if (name === 'try') {
      this.#at += 1;
      return { kind: 'try', body: this.#postfix() };
    }
    const constant = constants.get(name);
    if (constant !== undefined) {
      this.#at += 1;
      return { kind: 'literal', value: constant };
    }
    const counts = this.#functions.get(name);
    if (counts === undefined) throw this.#unknown(name);
    this.#at += 1;
    const found: Program[] = [];
    if (this.#take('(')) {
      do found.push(this.#pipe());
      while (this.#take(';'));
      this.#expect(')');
    }
    if (!counts.includes(found.length))
      throw brokenProgram(
        this.#program,
        this.#token().at,
        `${name} takes ${counts.join(' or ')} arguments, not ${found.length}, before`,
      );
    return { kind: 'call', name, arguments: found };
  }

  #unknown(name: string): Error {
    if (refusedWords.has(name) || /^(then|elif|else|end|and|or)$/.test(name)) return this.#unexpected();
    return brokenProgram(this.#program, this.#token().at, `the function ${name}, which does not work here,`);
  }

  /** `if` and `elif` alike. */
  #if(): Program {
    return this.#nested(() => {
      this.#at += 1;
      const condition = this.#pipe();
      this.#expect('then');
      const then = this.#pipe();
      if (this.#is('elif')) return { kind: 'if', condition, then, otherwise: this.#if() };
      this.#expect('else');
      const otherwise = this.#pipe();
      this.#expect('end');
      return { kind: 'if', condition, then, otherwise };
    });
  }

  #object(): Program {
    const entries: { key: Program; value: Program }[] = [];
    if (this.#take('}')) return { kind: 'object', entries };
    do entries.push(this.#entry());
    while (this.#take(','));
    this.#expect('}');
    return { kind: 'object', entries };
  }

  #entry(): { key: Program; value: Program } {
    const key = this.#key();
    if (this.#take(':')) return { key, value: this.#entryValue() };
    if (key.kind !== 'literal' && key.kind !== 'text') throw this.#unexpected('expected ":"');
    return { key, value: { kind: 'index', of: { kind: 'identity' }, key } };
  }

  #key(): Program {
    const token = this.#token();
    if (token.kind === 'text') return this.#text();
    if (token.kind === 'word') {
      this.#at += 1;
      return { kind: 'literal', value: token.text };
    }
    this.#expect('(');
    const key = this.#pipe();
    this.#expect(')');
    return key;
  }

  /** A comma ends it. */
  #entryValue(): Program {
    return this.#nested(() => {
      const parts = [this.#alternative()];
      while (this.#take('|')) parts.push(this.#alternative());
      return joined(parts, 'pipe');
    });
  }
}

const numberFeatures = { ...strictJson, leadingZeros: true, leadingPoint: true, trailingPoint: true };

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** `a | b | c` is a | (b | c). */
function joined(parts: readonly Program[], kind: 'pipe' | 'comma' | 'alternative'): Program {
  return parts.reduceRight((right, left) => ({ kind, left, right }));
}
