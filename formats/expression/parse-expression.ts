/**
 * Druid's expression grammar (Expr.g4) as a precedence parser. Throws `CompileProblem` with the place of the first thing
 * that fits nowhere; Druid's own parser mends such texts silently and computes something else (docs/parity.md).
 */
import { doubleOfText, longOf, maxLong, narrow, refused } from '../conversions.ts';
import { CompileProblem } from '../compile-problem.ts';
import { JavaDouble, type JsonValue } from '../json-text.ts';
import { binaryOperators, type BinaryOperator, type Node, type UnaryOperator } from './syntax.ts';
import { tokensOf, type Token } from './tokens.ts';
import { arrayOf, DOUBLE, elementOf, LONG, STRING, typeOfName, type ExprType } from './expression-types.ts';

/** Deeper trees are a mistake; compiling and evaluating go down as deep. */
const maxDepth = 200;

export function parseExpression(text: string): Node {
  return new ExpressionParser(tokensOf(text)).whole();
}

const levels: ReadonlyMap<string, number> = new Map(
  binaryOperators.flatMap((operators, level) =>
    operators.map((operator): [string, number] => [operator, level]),
  ),
);
const powerLevel = binaryOperators.length - 1;

class ExpressionParser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #open = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const node = this.#binary(0);
    if (this.#peek().kind !== 'end') throw this.#unexpected('an operator or the end');
    return node;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#next + ahead] ?? { kind: 'end', text: '', at: 0 };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #isSign(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'sign' && token.text === text;
  }

  #skip(sign: string): boolean {
    const found = this.#isSign(sign);
    if (found) this.#next += 1;
    return found;
  }

  #expect(sign: string): void {
    if (!this.#skip(sign)) throw this.#unexpected(`"${sign}"`);
  }

  /** Operators of the level and of all that bind tighter. */
  #binary(level: number): Node {
    let left = this.#unary();
    for (;;) {
      const token = this.#peek();
      const own = token.kind === 'sign' ? levels.get(token.text) : undefined;
      if (own === undefined || own < level) return left;
      this.#next += 1;
      // `^` binds to the right, all others to the left.
      const right = this.#binary(own === powerLevel ? own : own + 1);
      const operator = token.text as BinaryOperator;
      const depth = this.#level(Math.max(left.depth, right.depth), token);
      left = { kind: 'binary', operator, left, right, at: token.at, depth };
    }
  }

  #unary(): Node {
    const token = this.#peek();
    if (token.kind !== 'sign' || (token.text !== '-' && token.text !== '!')) return this.#primary();
    this.#next += 1;
    const operand = this.#nested(() => this.#unary());
    const depth = this.#level(operand.depth, token);
    return { kind: 'unary', operator: token.text as UnaryOperator, operand, at: token.at, depth };
  }

  #nested<T>(read: () => T): T {
    this.#open += 1;
    if (this.#open > maxDepth) throw tooDeep(this.#peek());
    const result = read();
    this.#open -= 1;
    return result;
  }

  #level(below: number, token: Token): number {
    if (below >= maxDepth) throw tooDeep(token);
    return below + 1;
  }

  #primary(): Node {
    const token = this.#peek();
    const { at } = token;
    switch (token.kind) {
      case 'null':
        this.#next += 1;
        return { kind: 'null', at, depth: 1 };
      case 'long':
        this.#next += 1;
        return { kind: 'long', digits: BigInt(token.text), at, depth: 1 };
      case 'double':
        this.#next += 1;
        return { kind: 'double', number: Number(token.text), at, depth: 1 };
      case 'string':
        this.#next += 1;
        return { kind: 'string', text: token.text, at, depth: 1 };
      case 'arrayType':
        this.#next += 1;
        return this.#typedArray(token);
      case 'name':
        return this.#isSign('(', 1) ? this.#call() : this.#name();
      default:
        return this.#bracket();
    }
  }

  #name(): Node {
    const { text, at } = this.#take();
    return { kind: 'name', name: text, at, depth: 1 };
  }

  #bracket(): Node {
    const { at } = this.#peek();
    if (this.#skip('[')) return this.#untypedArray(at);
    if (!this.#isSign('(')) throw this.#unexpected('a value, a field or a function');
    this.#next += 1;
    const node = this.#nested(() => this.#binary(0));
    this.#expect(')');
    return node;
  }

  #call(): Node {
    const { text: name, at } = this.#take();
    this.#next += 1;
    const parameters = this.#parameters();
    if (parameters === null) {
      const args = this.#nested(() => this.#args());
      return { kind: 'call', name, args, at, depth: this.#levelOf(args) };
    }
    const body = this.#nested(() => this.#binary(0));
    this.#expect(',');
    const args = this.#nested(() => this.#args());
    const depth = this.#levelOf([body, ...args]);
    return { kind: 'apply', name, parameters, body, args, at, depth };
  }

  #levelOf(nodes: readonly Node[]): number {
    return this.#level(Math.max(0, ...nodes.map(({ depth }) => depth)), this.#peek());
  }

  /** Up to the closing bracket, which is taken too. */
  #args(): readonly Node[] {
    const args: Node[] = [];
    if (this.#skip(')')) return args;
    do args.push(this.#binary(0));
    while (this.#skip(','));
    this.#expect(')');
    return args;
  }

  /** `x ->`, `() ->`, `(x, y) ->`; null, and nothing taken, when no lambda begins here. */
  #parameters(): readonly string[] | null {
    if (this.#peek().kind === 'name' && this.#isSign('->', 1)) {
      const { text } = this.#take();
      this.#next += 1;
      return [text];
    }
    if (!this.#isSign('(')) return null;
    const names: string[] = [];
    let ahead = 1;
    while (this.#peek(ahead).kind === 'name') {
      names.push(this.#peek(ahead).text);
      ahead += 1;
      if (!this.#isSign(',', ahead)) break;
      ahead += 1;
    }
    if (!this.#isSign(')', ahead) || !this.#isSign('->', ahead + 1)) return null;
    this.#next += ahead + 2;
    return names;
  }

  #untypedArray(at: number): Node {
    const items = this.#items();
    const kinds = new Set(items.map(({ kind }) => kind));
    const isNumeric = kinds.has('long') || kinds.has('double');
    if (isNumeric && kinds.has('string'))
      throw new CompileProblem(`items of one type in the array at character ${at + 1}, or <STRING>[...]`);
    const element = kinds.has('double') ? DOUBLE : isNumeric ? LONG : STRING;
    return this.#array(arrayOf(element), items, at);
  }

  #typedArray({ text, at }: Token): Node {
    const type = typeOfName(text);
    if (type === null || type.kind !== 'ARRAY')
      throw new CompileProblem(`a type such as ARRAY<LONG> at character ${at + 1}, found ${text}`);
    this.#expect('[');
    return this.#array(type, this.#items(), at);
  }

  #array(type: ExprType, tokens: readonly Token[], at: number): Node {
    const items = tokens.map((token) => itemOf(token, elementOf(type)));
    return { kind: 'array', type, items, at, depth: 1 };
  }

  #items(): readonly Token[] {
    const items: Token[] = [];
    if (this.#skip(']')) return items;
    do {
      const { kind } = this.#peek();
      if (kind !== 'long' && kind !== 'double' && kind !== 'string' && kind !== 'null')
        throw this.#unexpected('a number without a sign, a text or null');
      items.push(this.#take());
    } while (this.#skip(','));
    this.#expect(']');
    return items;
  }

  #unexpected(expected: string): CompileProblem {
    const { kind, text, at } = this.#peek();
    const found = kind === 'end' ? 'the end' : JSON.stringify(text.slice(0, 40));
    return new CompileProblem(
      `an expression; at character ${at + 1} ${expected} was expected, found ${found}`,
    );
  }
}

function tooDeep({ at }: Token): CompileProblem {
  return new CompileProblem(`an expression of at most ${maxDepth} levels; more begin at character ${at + 1}`);
}

function itemOf(token: Token, element: ExprType): JsonValue {
  if (token.kind === 'null') return null;
  if (element === STRING) return token.text;
  const double = doubleOfText(token.text);
  if (double === refused || (element !== LONG && element !== DOUBLE))
    throw new CompileProblem(
      `a ${element.name} at character ${token.at + 1}, found ${JSON.stringify(token.text.slice(0, 40))}`,
    );
  if (element === DOUBLE) return new JavaDouble(double);
  if (!/^-?[0-9]+$/.test(token.text)) return longOf(double);
  const exact = BigInt(token.text);
  if (exact > maxLong) throw new CompileProblem(`a LONG at character ${token.at + 1}, found ${token.text}`);
  return narrow(exact);
}
