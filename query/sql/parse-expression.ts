/**
 * Expressions by the binding power of their operators, as Druid's parser orders them. Chains of one operator are read in
 * a loop, never by recursion; AND and OR chains come out balanced, so that thousands of terms make a tree a few
 * levels high (both are associative, also with nulls).
 */
import type { BinaryOperator, Expr } from './ast.ts';
import { readOperand } from './parse-operand.ts';
import type { Reader } from './parse-reader.ts';

const power = {
  or: 22,
  and: 24,
  not: 26,
  is: 28,
  comparison: 30,
  predicate: 32,
  sum: 40,
  product: 60,
  sign: 80,
} as const;

const comparisons: ReadonlyMap<string, BinaryOperator> = new Map([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

const arithmetic: ReadonlyMap<string, { operator: BinaryOperator; power: number }> = new Map([
  ['+', { operator: '+', power: power.sum }],
  ['-', { operator: '-', power: power.sum }],
  ['*', { operator: '*', power: power.product }],
  ['/', { operator: '/', power: power.product }],
  ['%', { operator: '%', power: power.product }],
  ['||', { operator: '||', power: power.product }],
]);

const predicates: ReadonlySet<string> = new Set(['BETWEEN', 'IN', 'LIKE', 'SIMILAR']);

/** Reads one expression; operators that bind no tighter than `floor` are left to the caller. */
export function readExpression(reader: Reader, floor = 0): Expr {
  return continueExpression(reader, readPrefix(reader), floor);
}

/** Goes on behind an operand that was read already. */
export function continueExpression(reader: Reader, start: Expr, floor = 0): Expr {
  let left = start;
  for (;;) {
    const longer = readOperator(reader, left, floor);
    if (longer === null) return left;
    left = longer;
  }
}

function readPrefix(reader: Reader): Expr {
  const { at } = reader.peek();
  if (reader.accept('NOT')) {
    const operand = reader.nest(() => readExpression(reader, power.not));
    return { kind: 'unary', operator: 'NOT', operand, at, end: operand.end };
  }
  for (const operator of ['-', '+'] as const)
    if (reader.accept(operator)) {
      const operand = reader.nest(() => readExpression(reader, power.sign));
      return { kind: 'unary', operator, operand, at, end: operand.end };
    }
  return readOperand(reader);
}

/** `left` with one more operator, or null when the next token is none of this level. */
function readOperator(reader: Reader, left: Expr, floor: number): Expr | null {
  const token = reader.peek();
  if (token.kind === 'symbol') return readSymbolOperator(reader, left, floor);
  if (token.kind !== 'word') return null;
  if (token.value === 'AND') return floor < power.and ? readChain(reader, left, 'AND') : null;
  if (token.value === 'OR') return floor < power.or ? readChain(reader, left, 'OR') : null;
  if (token.value === 'IS') return readIs(reader, left, floor);
  if (predicates.has(token.value)) return floor < power.predicate ? readPredicate(reader, left, false) : null;
  if (token.value === 'NOT' && predicates.has(reader.peek(1).value) && reader.peek(1).kind === 'word') {
    if (floor >= power.predicate) return null;
    reader.next();
    return readPredicate(reader, left, true);
  }
  return null;
}

function readSymbolOperator(reader: Reader, left: Expr, floor: number): Expr | null {
  const symbol = reader.peek().value;
  const comparison = comparisons.get(symbol);
  if (comparison !== undefined)
    return floor < power.comparison ? readComparison(reader, left, comparison) : null;
  const found = arithmetic.get(symbol);
  if (found === undefined || floor >= found.power) return null;
  reader.next();
  return binary(found.operator, left, readExpression(reader, found.power));
}

function binary(operator: BinaryOperator, left: Expr, right: Expr): Expr {
  return { kind: 'binary', operator, left, right, at: left.at, end: right.end };
}

function readChain(reader: Reader, first: Expr, operator: 'AND' | 'OR'): Expr {
  const terms = [first];
  while (reader.accept(operator))
    terms.push(readExpression(reader, operator === 'AND' ? power.and : power.or));
  return balanced(terms, operator);
}

function balanced(terms: readonly Expr[], operator: 'AND' | 'OR'): Expr {
  let level = terms;
  while (level.length > 1) {
    const next: Expr[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = [level[index], level[index + 1]];
      if (left !== undefined) next.push(right === undefined ? left : binary(operator, left, right));
    }
    level = next;
  }
  return level[0] ?? { kind: 'null', at: 0, end: 0 };
}

/** `a = b`, `a = ANY (...)`. */
function readComparison(reader: Reader, left: Expr, operator: BinaryOperator): Expr {
  reader.next();
  const isQuantified = reader.isAny(['ANY', 'SOME', 'ALL']) && reader.is('(', 1);
  if (!isQuantified) return binary(operator, left, readExpression(reader, power.comparison));
  const quantifier = reader.expectAny(['ANY', 'SOME', 'ALL']) === 'ALL' ? 'ALL' : 'ANY';
  const inside = reader.grammar.parenthesized(reader);
  const span = { at: left.at, end: inside.end };
  if (inside.kind === 'query')
    return { kind: 'quantified', operator, quantifier, left, right: inside.query, ...span };
  const [only, second] = inside.exprs;
  const right: Expr =
    only !== undefined && second === undefined
      ? only
      : { kind: 'row', items: inside.exprs, at: inside.at, end: inside.end };
  return { kind: 'quantified', operator, quantifier, left, right, ...span };
}

/** `IS [NOT] NULL` binds less than a comparison, `IS [NOT] DISTINCT FROM` is one. */
function readIs(reader: Reader, left: Expr, floor: number): Expr | null {
  const negated = reader.is('NOT', 1);
  const isDistinct = reader.is('DISTINCT', negated ? 2 : 1);
  if (floor >= (isDistinct ? power.comparison : power.is)) return null;
  reader.next();
  if (negated) reader.next();
  if (reader.accept('DISTINCT')) {
    reader.expect('FROM');
    const right = readExpression(reader, power.comparison);
    return binary(negated ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM', left, right);
  }
  const test = (['NULL', 'TRUE', 'FALSE', 'UNKNOWN'] as const).find((word) => reader.is(word));
  if (test === undefined) throw reader.unexpected();
  reader.next();
  return { kind: 'is', operand: left, test, negated, ...reader.spanFrom(left.at) };
}

function readPredicate(reader: Reader, left: Expr, negated: boolean): Expr {
  const word = reader.next().value;
  if (word === 'IN') return readIn(reader, left, negated);
  if (word === 'BETWEEN') return readBetween(reader, left, negated);
  if (word === 'SIMILAR') reader.expect('TO');
  const pattern = readExpression(reader, power.predicate);
  const escape = reader.accept('ESCAPE') ? readExpression(reader, power.predicate) : null;
  const operator = word === 'SIMILAR' ? 'SIMILAR TO' : 'LIKE';
  return { kind: 'like', operator, operand: left, pattern, escape, negated, ...reader.spanFrom(left.at) };
}

function readBetween(reader: Reader, left: Expr, negated: boolean): Expr {
  const symmetric = reader.accept('SYMMETRIC');
  if (!symmetric) reader.accept('ASYMMETRIC');
  const low = readExpression(reader, power.predicate);
  reader.expect('AND');
  const high = readExpression(reader, power.predicate);
  return { kind: 'between', operand: left, low, high, negated, symmetric, at: left.at, end: high.end };
}

function readIn(reader: Reader, left: Expr, negated: boolean): Expr {
  const inside = reader.grammar.parenthesized(reader);
  const options = inside.kind === 'query' ? inside.query : inside.exprs;
  return { kind: 'in', operand: left, options, negated, at: left.at, end: inside.end };
}
