/**
 * The operands of an expression: literals, names, calls, CASE, subqueries, and what stands in parentheses.
 *
 * A parenthesis may open a query or an expression; which one is decided by looking forward once, so that text nested
 * in either way is read in one pass.
 */
import type { Expr, Name } from './ast.ts';
import { SqlProblem } from './errors.ts';
import { readSpecialCall } from './parse-special-call.ts';
import { readCall } from './parse-call.ts';
import { isNamedValue, isReserved, isReservedFunction } from './parse-keywords.ts';
import { readBraces, readKeywordLiteral, readText } from './parse-literal.ts';
import type { Reader } from './parse-reader.ts';

export function readOperand(reader: Reader): Expr {
  let operand = readPlainOperand(reader);
  while (reader.accept('[')) {
    const index = reader.nest(() => reader.grammar.expression(reader));
    reader.expect(']');
    operand = { kind: 'element', operand, index, ...reader.spanFrom(operand.at) };
  }
  return operand;
}

function readPlainOperand(reader: Reader): Expr {
  const token = reader.peek();
  switch (token.kind) {
    case 'number':
      reader.next();
      return { kind: 'number', text: token.value, at: token.at, end: token.end };
    case 'string':
      return readText(reader);
    case 'quoted':
      return reader.is('(', 1) ? readCall(reader) : readColumn(reader);
    case 'word':
      return readWord(reader, token.value);
    case 'symbol':
      return readSymbol(reader, token.value);
    case 'end':
      throw expectedExpression(reader);
  }
}

function readSymbol(reader: Reader, symbol: string): Expr {
  const { at } = reader.peek();
  if (symbol === '(') return readParentheses(reader);
  if (symbol === '{') return readBraces(reader, readCall);
  if (symbol !== '?') throw expectedExpression(reader);
  reader.next();
  const index = reader.parameters;
  reader.parameters += 1;
  return { kind: 'parameter', index, ...reader.spanFrom(at) };
}

function readParentheses(reader: Reader): Expr {
  const inside = reader.grammar.parenthesized(reader);
  const span = { at: inside.at, end: inside.end };
  if (inside.kind === 'query') return { kind: 'scalarQuery', query: inside.query, ...span };
  const [only, second] = inside.exprs;
  if (only !== undefined && second === undefined) return only;
  return { kind: 'row', items: inside.exprs, ...span };
}

function readWord(reader: Reader, word: string): Expr {
  const literal = readKeywordLiteral(reader, word);
  if (literal !== null) return literal;
  if (isNamedValue(word)) return readNamedValue(reader);
  if (reader.is('(', 1)) {
    const special = readSpecialCall(reader, word);
    if (special !== null) return special;
    if (!isReserved(word) || isReservedFunction(word)) return readCall(reader);
  }
  if (word === 'CASE') return reader.nest(() => readCase(reader));
  if (word === 'ARRAY' && reader.is('[', 1)) return readArray(reader);
  if (isReserved(word)) throw expectedExpression(reader);
  return readColumn(reader);
}

function expectedExpression(reader: Reader): SqlProblem {
  reader.expected(
    '<IDENTIFIER>',
    '<QUOTED_IDENTIFIER>',
    '<UNSIGNED_INTEGER_LITERAL>',
    '<DECIMAL_NUMERIC_LITERAL>',
    '<QUOTED_STRING>',
    '"("',
    '"CASE"',
    '"CAST"',
    '"?"',
  );
  return reader.unexpected();
}

/** `CURRENT_TIMESTAMP`, `CURRENT_TIMESTAMP()`, `CURRENT_TIMESTAMP(3)`. */
function readNamedValue(reader: Reader): Expr {
  if (reader.is('(', 1)) return readCall(reader);
  const token = reader.next();
  const name: Name = { text: token.value, quoted: false, at: token.at, end: token.end };
  const plain = { distinct: false, star: false, orderBy: [], filter: null, over: null, nulls: null };
  return { kind: 'call', name, args: [], ...plain, at: token.at, end: token.end };
}

/** `a`, `t.a`, `druid.t.a`; what each part means is not known here. */
function readColumn(reader: Reader): Expr {
  const { at } = reader.peek();
  const path = [reader.name()];
  while (reader.is('.') && !reader.is('*', 1)) {
    reader.next();
    path.push(reader.name());
  }
  if (reader.is('('))
    throw new SqlProblem(
      `No match found for function signature ${path.map((name) => name.text).join('.')}`,
      reader.spanFrom(at),
    );
  return { kind: 'column', path, ...reader.spanFrom(at) };
}

function readCase(reader: Reader): Expr {
  const { at } = reader.next();
  const operand = reader.is('WHEN') ? null : reader.grammar.expression(reader);
  const branches: { when: Expr; then: Expr }[] = [];
  do {
    reader.expect('WHEN');
    const when = reader.grammar.expression(reader);
    if (operand !== null && reader.sees(',')) throw severalWhenValues(reader);
    reader.expect('THEN');
    branches.push({ when, then: reader.grammar.expression(reader) });
  } while (reader.is('WHEN'));
  const otherwise = reader.accept('ELSE') ? reader.grammar.expression(reader) : null;
  reader.expect('END');
  return { kind: 'case', operand, branches, otherwise, ...reader.spanFrom(at) };
}

function severalWhenValues(reader: Reader): SqlProblem {
  return new SqlProblem(
    'Several values in one WHEN are not supported: write one WHEN for each value',
    reader.peek(),
  );
}

function readArray(reader: Reader): Expr {
  const { at } = reader.next();
  reader.expect('[');
  const items = reader.is(']') ? [] : reader.nest(() => reader.list(() => reader.grammar.expression(reader)));
  reader.expect(']');
  return { kind: 'array', items, ...reader.spanFrom(at) };
}
