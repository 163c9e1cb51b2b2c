/**
 * Druid's SQL, read whole: `parse` gives the tree of one SELECT or EXPLAIN PLAN FOR, or throws an SqlProblem.
 *
 * Linear in the length of the text, which is bounded, as are nesting and the height of the tree; so no statement,
 * however hostile, exhausts the stack here or in what walks the tree afterwards. Whether names exist and types fit is
 * not known here.
 */
import type { Expr, Query, Statement } from './ast.ts';
import { SqlProblem } from './errors.ts';
import { continueExpression, readExpression } from './parse-expression.ts';
import { continueQuery, readQuery } from './parse-query.ts';
import { Reader, type Grammar, type Parenthesized } from './parse-reader.ts';
import { refusedStatement } from './parse-refused.ts';
import { tokenize } from './tokens.ts';

/**
 * Levels of the tree: long chains of `a + b + ...` are deep without being nested. What walks the tree recurses, a few
 * frames a level.
 */
export const treeHeightMax = 600;

const grammar: Grammar = {
  query: readQuery,
  continueQuery,
  expression: readExpression,
  parenthesized: readParenthesized,
};

export function parse(sql: string): Statement {
  const reader = new Reader(sql, tokenize(sql), grammar);
  const refusal = refusedStatement(reader);
  if (refusal !== null) throw refusal;
  const { at } = reader.peek();
  const kind = reader.accept('EXPLAIN') ? 'explain' : 'select';
  if (kind === 'explain') readExplainOptions(reader);
  const query = readQuery(reader);
  const span = reader.spanFrom(at);
  finish(reader);
  checkHeight(query);
  return { kind, query, parameters: reader.parameters, ...span };
}

function finish(reader: Reader): void {
  const semicolon = reader.peek();
  if (reader.accept(';') && reader.peek().kind !== 'end')
    throw new SqlProblem(
      'Several statements are not supported: found another one after ;, expected one SELECT or EXPLAIN PLAN FOR',
      semicolon,
    );
  reader.expected('<EOF>');
  if (reader.peek().kind !== 'end') throw reader.unexpected();
}

/** All forms show the same plan. */
function readExplainOptions(reader: Reader): void {
  reader.expect('PLAN');
  if (reader.accept('WITHOUT')) reader.expect('IMPLEMENTATION');
  else if (reader.accept('WITH')) reader.expectAny(['TYPE', 'IMPLEMENTATION']);
  if (reader.accept('EXCLUDING')) reader.expect('ATTRIBUTES');
  else if (reader.accept('INCLUDING')) {
    reader.accept('ALL');
    reader.expect('ATTRIBUTES');
  }
  if (reader.accept('AS')) reader.expectAny(['JSON', 'XML', 'DOT']);
  reader.expect('FOR');
  const refusal = refusedStatement(reader);
  if (refusal !== null) throw refusal;
}

/** A query or expressions, told apart by looking forward once; see parse-operand.ts. */
function readParenthesized(reader: Reader): Parenthesized {
  const { at } = reader.expect('(');
  const inside = reader.nest(() => readInParentheses(reader));
  reader.expect(')');
  return { ...inside, ...reader.spanFrom(at) };
}

type Inside = { kind: 'query'; query: Query } | { kind: 'list'; exprs: readonly Expr[] };

function readInParentheses(reader: Reader): Inside {
  if (reader.isQueryStart()) return { kind: 'query', query: readQuery(reader) };
  if (!reader.is('(')) return { kind: 'list', exprs: reader.list(() => readExpression(reader)) };
  const inside = readParenthesized(reader);
  if (inside.kind === 'query') {
    if (reader.isQueryContinued())
      return { kind: 'query', query: continueQuery(reader, inside.query, inside.at) };
    if (reader.is(')')) return { kind: 'query', query: inside.query };
  }
  const exprs = [continueExpression(reader, asOperand(inside))];
  while (reader.accept(',')) exprs.push(readExpression(reader));
  return { kind: 'list', exprs };
}

function asOperand(inside: Parenthesized): Expr {
  const span = { at: inside.at, end: inside.end };
  if (inside.kind === 'query') return { kind: 'scalarQuery', query: inside.query, ...span };
  const [only, second] = inside.exprs;
  if (only !== undefined && second === undefined) return only;
  return { kind: 'row', items: inside.exprs, ...span };
}

/** Iterative, because it guards those that are not. */
function checkHeight(root: object): void {
  const open: { value: object; height: number }[] = [{ value: root, height: 0 }];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const height = item.height + ('at' in item.value ? 1 : 0);
    if (height > treeHeightMax)
      throw new SqlProblem(
        `The statement is too deep: found a chain or nesting of more than ${treeHeightMax} levels, expected at most ` +
          `${treeHeightMax}; put parentheses around parts of long chains, or name parts in a WITH clause`,
        null,
      );
    for (const child of Object.values(item.value) as readonly unknown[])
      if (typeof child === 'object' && child !== null) open.push({ value: child, height });
  }
}
