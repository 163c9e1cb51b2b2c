/** Long, deep and wide statements are bounded, never a stack overflow. */
import { describe, expect, test } from 'vitest';
import type { Expr } from '../../../query/sql/ast.ts';
import { SqlProblem } from '../../../query/sql/errors.ts';
import { nestingMax } from '../../../query/sql/parse-reader.ts';
import { parse, treeHeightMax } from '../../../query/sql/parser.ts';
import { statementCharactersMax } from '../../../query/sql/tokens.ts';

/** Well above what the slowest machine needs for a quarter of a megabyte, well below anything that is not linear. */
const slowMs = 3000;

function refusalOf(sql: string): string {
  const start = performance.now();
  try {
    parse(sql);
  } catch (error) {
    expect(performance.now() - start).toBeLessThan(slowMs);
    if (error instanceof SqlProblem) return error.message;
    throw error;
  }
  throw new Error('this was read');
}

function whereOf(sql: string): Expr {
  const start = performance.now();
  const { body } = parse(sql).query;
  expect(performance.now() - start).toBeLessThan(slowMs);
  if (body.kind !== 'select' || body.where === null) throw new Error('no WHERE');
  return body.where;
}

function heightOf(root: object): number {
  let most = 0;
  const open: [object, number][] = [[root, 1]];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    most = Math.max(most, item[1]);
    for (const child of Object.values(item[0]) as readonly unknown[])
      if (typeof child === 'object' && child !== null) open.push([child, item[1] + 1]);
  }
  return most;
}

describe('what nests is bounded', () => {
  const many = 100_000;
  test.each<[string, string]>([
    ['parentheses', `select ${'('.repeat(many)}1${')'.repeat(many)}`],
    ['parentheses that never close', `select ${'('.repeat(many)}`],
    ['parentheses before a query', `${'('.repeat(many)}select 1`],
    ['parentheses in FROM', `select * from ${'('.repeat(many)}a`],
    ['NOT', `select ${'not '.repeat(50_000)}a`],
    ['signs', `select ${'- '.repeat(many)}1`],
    ['calls', `select ${'f('.repeat(many)}1`],
    ['CASE', `select ${'case when '.repeat(20_000)}1`],
    ['CAST', `select ${'cast('.repeat(40_000)}1`],
    ['subqueries', `select ${'(select '.repeat(30_000)}1`],
    ['subqueries in FROM', `select * from ${'(select * from '.repeat(10_000)}a`],
    ['WITH', `${'with a as ('.repeat(20_000)}select 1`],
    ['subscripts', `select a${'[a'.repeat(many)}`],
    ['arrays', `select ${'array['.repeat(40_000)}1`],
    ['grouping sets', `select 1 from a group by ${'rollup('.repeat(30_000)}a`],
    ['EXISTS', `select ${'exists (select '.repeat(15_000)}1`],
    ['{fn', `select ${'{fn f('.repeat(40_000)}1`],
    ['IN', `select ${'a in ('.repeat(40_000)}1`],
    ['window frames', `select ${'f(a) over (order by '.repeat(10_000)}1`],
  ])('%s', (_name, sql) => {
    expect(sql.length).toBeLessThanOrEqual(statementCharactersMax);
    expect(refusalOf(sql)).toContain(`nested too deeply: found more than ${nestingMax} levels`);
  });

  test('as deep as allowed is read', () => {
    const depth = nestingMax - 1;
    expect(() => parse(`select ${'('.repeat(depth)}1${')'.repeat(depth)}`)).not.toThrow();
    expect(() => parse(`select ${'not '.repeat(depth)}a`)).not.toThrow();
    expect(() => parse(`select ${'('.repeat(2 * depth)}1`)).toThrow('nested too deeply');
  });
});

describe('chains are read in a loop', () => {
  test.each([
    ['OR', ' or '],
    ['AND', ' and '],
  ])('40,000 terms of %s make a low tree', (_name, operator) => {
    const terms = Array.from({ length: 40_000 }, () => 'a').join(operator);
    const where = whereOf(`select 1 from t where ${terms}`);
    expect(heightOf(where)).toBeLessThan(40);
  });

  test('lists are as long as the text allows', () => {
    const list = Array.from({ length: 100_000 }, () => '1').join(',');
    const where = whereOf(`select 1 from t where a in (${list})`);
    expect(where.kind === 'in' && 'length' in where.options ? where.options.length : 0).toBe(100_000);
    expect(() => parse(`select case ${'when a then 1 '.repeat(15_000)} end`)).not.toThrow();
    expect(() => parse(`select ${'a,'.repeat(100_000)}a`)).not.toThrow();
  });

  test('UNION ALL of thousands of queries makes a low tree, the first one leftmost', () => {
    const { body } = parse(`select 0 as zero${' union all select 1'.repeat(10_000)}`).query;
    expect(heightOf(body)).toBeLessThan(40);
    let leftmost = body;
    while (leftmost.kind === 'set') leftmost = leftmost.left;
    expect(leftmost).toMatchObject({ items: [{ alias: { text: 'zero' } }] });
  });

  test.each<[string, string]>([
    ['sums', `select 1${' + 1'.repeat(60_000)}`],
    ['texts', `select a${' || a'.repeat(40_000)}`],
    ['comparisons', `select a${' = a'.repeat(60_000)}`],
    ['IS', `select a${' is null'.repeat(30_000)}`],
    ['BETWEEN', `select a${' between 1 and 2'.repeat(15_000)}`],
    ['subscripts', `select a${'[1]'.repeat(60_000)}`],
    ['joins', `select * from a${' cross join a'.repeat(15_000)}`],
    ['commas in FROM', `select * from a${', a'.repeat(60_000)}`],
    ['UNION', `select 1${' union select 1'.repeat(15_000)}`],
    ['EXCEPT', `select 1${' except select 1'.repeat(15_000)}`],
  ])('a chain of %s that makes a tall tree is refused, not walked', (_name, sql) => {
    expect(sql.length).toBeLessThanOrEqual(statementCharactersMax);
    expect(refusalOf(sql)).toContain(`more than ${treeHeightMax} levels`);
  });

  test('a chain of some hundreds is read', () => {
    expect(() => parse(`select 1${' + 1'.repeat(treeHeightMax - 50)}`)).not.toThrow();
    expect(() => parse(`select * from a${' cross join a'.repeat(treeHeightMax - 50)}`)).not.toThrow();
  });
});

describe('long text', () => {
  test.each<[string, string]>([
    ['a name', `select ${'x'.repeat(200_000)}`],
    ['a text', `select '${"''".repeat(100_000)}'`],
    ['a number', `select ${'9'.repeat(200_000)}`],
    ['a number with an exponent', `select ${'1e'.repeat(1)}${'9'.repeat(200_000)}`],
    ['a comment', `select 1 /*${'*'.repeat(200_000)}*/`],
    ['blanks', `select ${' \n'.repeat(100_000)}1`],
    ['escapes', `select E'${'\\x41'.repeat(50_000)}'`],
    ['unicode escapes', `select U&'${'\\0041'.repeat(50_000)}'`],
    ['texts on lines', `select ${"'a'\n".repeat(50_000)}`],
    ['qualified names', `select ${'a.'.repeat(100_000)}a`],
    ['parameters', `select ${'?,'.repeat(100_000)}?`],
  ])('%s is read in linear time', (_name, sql) => {
    const start = performance.now();
    expect(() => parse(sql)).not.toThrow();
    expect(performance.now() - start).toBeLessThan(slowMs);
  });

  test.each<[string, string]>([
    ['comments that never close', 'select 1 '.concat('/*'.repeat(100_000))],
    ['quotes', `select ${"'a' ".repeat(50_000)}`],
    ['symbols', `select ${'<=>'.repeat(60_000)}`],
    ['interval of digits', `select interval '1' day(${'1'.repeat(200_000)})`],
    ['a timestamp of digits', `select timestamp '${'1'.repeat(200_000)}'`],
    ['UESCAPE far away', `select U&'a' ${' '.repeat(200_000)} uescape`],
  ])('%s are refused in linear time', (_name, sql) => {
    expect(refusalOf(sql).length).toBeLessThan(600);
  });

  test('a statement beyond the limit is refused before it is read', () => {
    expect(() => parse(`select 1${' '.repeat(statementCharactersMax - 8)}`)).not.toThrow();
    expect(refusalOf(`select 1${' '.repeat(statementCharactersMax - 7)}`)).toContain(
      `has ${statementCharactersMax + 1} characters, expected at most ${statementCharactersMax}`,
    );
  });
});
