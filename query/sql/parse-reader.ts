/**
 * Where the parser stands in the tokens, and the words of its errors.
 *
 * Every token that was asked for and was not there is remembered until the next step forward: the list of acceptable
 * options in an error is what the grammar really tried at that place. Nesting is counted here, so that no statement
 * can exhaust the stack.
 */
import type { Expr, Name, Query, Span } from './ast.ts';
import { SqlProblem } from './errors.ts';
import { isReserved } from './parse-keywords.ts';
import type { Token } from './tokens.ts';

/** Deeper than any statement written by hand or by a tool; each level costs a few frames of the stack. */
export const nestingMax = 200;
const optionsMax = 24;
const tokenTextMax = 80;

/** The two rules that every part of the grammar comes back to; the parts do not import each other for them. */
export type Grammar = {
  readonly query: (reader: Reader) => Query;
  /** `(query) UNION ...`: the part in parentheses was read already. */
  readonly continueQuery: (reader: Reader, query: Query, at: number) => Query;
  /** Reads operators that bind tighter than `floor`. */
  readonly expression: (reader: Reader, floor?: number) => Expr;
  /** Everything between parentheses: a query, or one or more expressions. */
  readonly parenthesized: (reader: Reader) => Parenthesized;
};

export type Parenthesized =
  | (Span & { readonly kind: 'query'; readonly query: Query })
  | (Span & { readonly kind: 'list'; readonly exprs: readonly Expr[] });

const queryStarts = ['SELECT', 'WITH', 'VALUES', 'TABLE'] as const;
const continuations = ['UNION', 'INTERSECT', 'EXCEPT', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH'] as const;

export class Reader {
  readonly sql: string;
  readonly grammar: Grammar;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  #tried: string[] = [];
  /** Number of `?` so far. */
  parameters = 0;

  constructor(sql: string, tokens: readonly Token[], grammar: Grammar) {
    this.sql = sql;
    this.#tokens = tokens;
    this.grammar = grammar;
  }

  peek(ahead = 0): Token {
    const token = this.#tokens[this.#index + ahead] ?? this.#tokens.at(-1);
    if (token === undefined) throw new SqlProblem('The statement has no tokens', null);
    return token;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#index += 1;
    this.#tried = [];
    return token;
  }

  /** Is the token the word or symbol? Quoted names never are. */
  is(value: string, ahead = 0): boolean {
    if (this.sees(value, ahead)) return true;
    if (ahead === 0) this.#tried.push(`"${value}"`);
    return false;
  }

  /** As `is`, for what is refused by name: no error offers it. */
  sees(value: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.value === value && (token.kind === 'word' || token.kind === 'symbol');
  }

  isAny(values: readonly string[]): boolean {
    return values.some((value) => this.is(value));
  }

  accept(value: string): boolean {
    if (!this.is(value)) return false;
    this.next();
    return true;
  }

  /** Several words, all or none. */
  acceptWords(first: string, second: string): boolean {
    if (!this.is(first) || !this.is(second, 1)) return false;
    this.next();
    this.next();
    return true;
  }

  expect(value: string): Token {
    if (!this.is(value)) throw this.unexpected();
    return this.next();
  }

  /** The first of the words that is there. */
  expectAny(values: readonly string[]): string {
    const found = values.find((value) => this.is(value));
    if (found === undefined) throw this.unexpected();
    this.next();
    return found;
  }

  isName(ahead = 0): boolean {
    const token = this.peek(ahead);
    if (token.kind === 'quoted' || (token.kind === 'word' && !isReserved(token.value))) return true;
    if (ahead === 0) this.expected('<IDENTIFIER>', '<QUOTED_IDENTIFIER>');
    return false;
  }

  name(): Name {
    if (!this.isName()) throw this.unexpected();
    const token = this.next();
    const quoted = token.kind === 'quoted';
    return {
      text: quoted ? token.value : this.sql.slice(token.at, token.end),
      quoted,
      at: token.at,
      end: token.end,
    };
  }

  /** `[AS] name`. As in Druid, an AS without a name after it is what is wrong, together with what stands there. */
  alias(): Name | null {
    if (!this.is('AS')) return this.isName() ? this.name() : null;
    if (!this.isName(1)) {
      const tried = this.#tried.filter((option) => option !== '"AS"');
      const names = ['"AS" <IDENTIFIER>', '"AS" <QUOTED_IDENTIFIER>'];
      throw this.#unexpected([this.peek(), this.peek(1)], [...names, ...tried]);
    }
    this.next();
    return this.name();
  }

  /** `(a, b)` */
  names(): Name[] {
    this.expect('(');
    const names = this.list(() => this.name());
    this.expect(')');
    return names;
  }

  /** A query that does not begin with a parenthesis. */
  isQueryStart(): boolean {
    return this.isAny(queryStarts);
  }

  /** Does what follows make a query in parentheses part of a longer one? */
  isQueryContinued(): boolean {
    return this.isAny(continuations);
  }

  string(): Token {
    if (this.peek().kind === 'string') return this.next();
    this.expected('<QUOTED_STRING>');
    throw this.unexpected();
  }

  /** Says what else would have been accepted here. */
  expected(...options: readonly string[]): void {
    this.#tried.push(...options);
  }

  unexpected(): SqlProblem {
    return this.#unexpected([this.peek()], this.#tried);
  }

  #unexpected(tokens: readonly [Token, ...Token[]], tried: readonly string[]): SqlProblem {
    const [first] = tokens;
    const raw = tokens
      .map((token) => (token.kind === 'end' ? '<EOF>' : this.sql.slice(token.at, token.end)))
      .join(' ');
    const text = raw.length > tokenTextMax ? `${raw.slice(0, tokenTextMax)}...` : raw;
    const options = [...new Set(tried)].slice(0, optionsMax);
    return new SqlProblem(
      `Received an unexpected token [${text}]`,
      { at: first.at, end: first.end },
      { token: text, acceptable: `[${options.join(', ')}]` },
    );
  }

  spanFrom(at: number): Span {
    return { at, end: this.#tokens[this.#index - 1]?.end ?? at };
  }

  /** Around everything that can hold itself again. */
  nest<T>(read: () => T): T {
    const token = this.peek();
    if (this.#depth >= nestingMax)
      throw new SqlProblem(
        `The statement is nested too deeply: found more than ${nestingMax} levels, expected at most ${nestingMax}; ` +
          'use fewer parentheses, or name parts of it in a WITH clause',
        token,
      );
    this.#depth += 1;
    const result = read();
    this.#depth -= 1;
    return result;
  }

  /** `a, b, c` */
  list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.accept(',')) items.push(read());
    return items;
  }
}
