/** Druid's grammar: what it takes, as which tree. */
import { describe, expect, test } from 'vitest';
import { parse } from '../../../query/sql/parser.ts';
import { exprShape, shapeOf } from './parser-shape.ts';

describe('operators bind as in Druid', () => {
  test.each([
    ['1 + 2 * 3', '(1 + (2 * 3))'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['(1 + 2) * 3', '((1 + 2) * 3)'],
    ["'a' || 1 * 2", "(('a' || 1) * 2)"],
    ["'a' || 1 + 2", "(('a' || 1) + 2)"],
    ['7 % 4 / 2', '((7 % 4) / 2)'],
    ['-a * b', '((- a) * b)'],
    ['- - 1', '(- (- 1))'],
    ['-a[1]', '(- a[1])'],
    ['+a - -b', '((+ a) - (- b))'],
    ['a = b + 1', '(a = (b + 1))'],
    ['a = b = c', '((a = b) = c)'],
    ['a != b', '(a <> b)'],
    ['a < b AND c >= d OR e <= f', '(((a < b) AND (c >= d)) OR (e <= f))'],
    ['a OR b AND c', '(a OR (b AND c))'],
    ['NOT a = b', '(NOT (a = b))'],
    ['NOT a AND b', '((NOT a) AND b)'],
    ['NOT NOT a', '(NOT (NOT a))'],
    ['NOT a IS NULL', '(NOT (a is NULL))'],
    ['a = NOT b AND c', '((a = (NOT b)) AND c)'],
    ['a = b IS NULL', '((a = b) is NULL)'],
    ['a IS NOT NULL', '(a is not NULL)'],
    ['a IS NOT TRUE', '(a is not TRUE)'],
    ['a IS UNKNOWN', '(a is UNKNOWN)'],
    ['a IS FALSE = b', '((a is FALSE) = b)'],
    ['a IS DISTINCT FROM b + 1', '(a IS DISTINCT FROM (b + 1))'],
    ['a IS NOT DISTINCT FROM b', '(a IS NOT DISTINCT FROM b)'],
    ['a BETWEEN 1 AND 2 AND b', '((a between 1 and 2) AND b)'],
    ['a NOT BETWEEN SYMMETRIC 1 + 1 AND 2', '(a not between symmetric (1 + 1) and 2)'],
    ['a BETWEEN ASYMMETRIC 1 AND 2', '(a between 1 and 2)'],
    ['a = b BETWEEN 1 AND 2', '(a = (b between 1 and 2))'],
    ["a LIKE 'x%' OR b", "((a LIKE 'x%') OR b)"],
    ["a NOT LIKE 'x!%' ESCAPE '!'", "(a not LIKE 'x!%' escape '!')"],
    ["a SIMILAR TO 'x' AND b", "((a SIMILAR TO 'x') AND b)"],
    ['a IN (1, 2) = b', '((a in (1, 2)) = b)'],
    ['a NOT IN (1)', '(a not in (1))'],
    ['a[b + 1][2]', 'a[(b + 1)][2]'],
    ['a IN (1) AND NOT b IN (2)', '((a in (1)) AND (NOT (b in (2))))'],
  ])('%s', (sql, shape) => {
    expect(exprShape(sql)).toBe(shape);
  });

  test('a chain of AND or OR is balanced and keeps its order', () => {
    expect(exprShape('a OR b OR c OR d OR e')).toBe('(((a OR b) OR (c OR d)) OR e)');
    expect(exprShape('a AND b AND c')).toBe('((a AND b) AND c)');
  });
});

describe('operands', () => {
  test.each([
    ["'it''s'", "'it's'"],
    ["'a'\n  'b'\n'c'", "'abc'"],
    [String.raw`U&'\00e9\+01F600\\'`, "'é😀\\'"],
    [String.raw`u&'!00e9!!' UESCAPE '!'`, "'é!'"],
    [String.raw`E'a\n\x41\u00e9\'\101\U0001F600\q'`, "'a\nAé'A😀q'"],
    ["N'x'", "'x'"],
    ["_UTF8'x'", "'x'"],
    ['1.50', '1.50'],
    ['.5', '.5'],
    ['1e3', '1e3'],
    ['1.5E-10', '1.5E-10'],
    ['TRUE', 'true'],
    ['unknown', 'null'],
    ['NULL', 'null'],
    ["DATE '2026-02-28'", "DATE '2026-02-28'"],
    ["TIMESTAMP '2026-01-01 05:06:07.123'", "TIMESTAMP '2026-01-01 05:06:07.123'"],
    ["TIMESTAMP '2026-01-01'", "TIMESTAMP '2026-01-01'"],
    ["{ts '2026-01-01 00:00:00'}", "TIMESTAMP '2026-01-01 00:00:00'"],
    ["{d '2026-01-01'}", "DATE '2026-01-01'"],
    ["{fn upper('x')}", "UPPER('x')"],
    ["INTERVAL '1' DAY", "interval '1' DAY"],
    ["INTERVAL -'3' MONTH", "interval -'3' MONTH"],
    ["INTERVAL '1-2' YEAR(2) TO MONTH", "interval '1-2' YEAR to MONTH"],
    ["INTERVAL '5' SECOND(3, 2)", "interval '5' SECOND"],
    ['?', '?0'],
    ['? + ?', '(?0 + ?1)'],
    ['"a b"."c""d"', 'a b.c"d'],
    [String.raw`U&"\0061b"`, 'ab'],
    ['druid.t.x', 'druid.t.x'],
    ['CURRENT_TIMESTAMP', 'CURRENT_TIMESTAMP()'],
    ['current_timestamp()', 'CURRENT_TIMESTAMP()'],
    ['CURRENT_TIMESTAMP(3)', 'CURRENT_TIMESTAMP(3)'],
    ['ARRAY[1, a]', 'array[1, a]'],
    ['ARRAY[]', 'array[]'],
    ['(1, 2)', 'row(1, 2)'],
    ['ROW(1, a)', 'row(1, a)'],
    ['((((a))))', 'a'],
    ['$a_1é', '$a_1é'],
    ['CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END', 'case when a then 1 when b then 2 else 3 end'],
    ['CASE x WHEN 1 THEN 2 END', 'case x when 1 then 2 end'],
  ])('%s', (sql, shape) => {
    expect(exprShape(sql)).toBe(shape);
  });

  test('a comment is a blank, wherever it stands', () => {
    expect(shapeOf('select/* a -- */1-- b\n+//c\n2/**/ -- end')).toBe('select (1 + 2)');
  });
});

describe('calls', () => {
  test.each([
    ['count(*)', 'COUNT(*)'],
    ['Count(DISTINCT a)', 'COUNT(distinct a)'],
    ['sum(ALL a)', 'SUM(a)'],
    ['f()', 'F()'],
    ['"f"(1)', 'F(1)'],
    ['left(a, 2)', 'LEFT(a, 2)'],
    ['replace(a, b, c)', 'REPLACE(a, b, c)'],
    ['translate(a, b, c)', 'TRANSLATE(a, b, c)'],
    ['sum(a) FILTER (WHERE b > 1)', 'SUM(a) filter ((b > 1))'],
    ['array_agg(a ORDER BY b DESC NULLS LAST)', 'ARRAY_AGG(a order by b desc nulls last)'],
    ["listagg(a, ',') WITHIN GROUP (ORDER BY b)", "LISTAGG(a, ',' order by b)"],
    ['first_value(a) IGNORE NULLS OVER w', 'FIRST_VALUE(a) ignore nulls over w'],
    ['lag(a) RESPECT NULLS OVER (w ORDER BY b)', 'LAG(a) respect nulls over (w order by b)'],
    [
      'sum(a) OVER (PARTITION BY b, c ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND 1 + 1 FOLLOWING)',
      'SUM(a) over (partition by b, c order by d ROWS unboundedPreceding to (1 + 1) following)',
    ],
    ['sum(a) FILTER (WHERE b) OVER (RANGE CURRENT ROW)', 'SUM(a) filter (b) over (RANGE currentRow)'],
    ['count(*) OVER ()', 'COUNT(*) over ()'],
    ['cast(a AS VARCHAR(10))', 'cast(a as VARCHAR(10))'],
    ['cast(a AS double precision)', 'cast(a as DOUBLE)'],
    ['cast(a AS int)', 'cast(a as INTEGER)'],
    ['cast(a AS numeric(10, 2))', 'cast(a as DECIMAL(10,2))'],
    ['cast(a AS character varying)', 'cast(a as VARCHAR)'],
    ['cast(a AS BIGINT ARRAY)', 'cast(a as BIGINT ARRAY)'],
    ['cast(a AS TIMESTAMP WITHOUT TIME ZONE)', 'cast(a as TIMESTAMP)'],
    ["cast(a AS TYPE('COMPLEX<json>'))", 'cast(a as COMPLEX<JSON>)'],
    ['try_cast(a AS BIGINT)', 'try_cast(a as BIGINT)'],
    ['safe_cast(a AS BIGINT)', 'try_cast(a as BIGINT)'],
    ['extract(EPOCH FROM __time)', 'extract(EPOCH from __time)'],
    ['floor(a)', 'FLOOR(a)'],
    ['floor(__time TO DAY)', 'FLOOR(__time to DAY)'],
    ['ceil(__time TO QUARTER)', 'CEIL(__time to QUARTER)'],
    ['ceiling(a)', 'CEILING(a)'],
    ['ceil(a + 1, b)', 'CEIL((a + 1), b)'],
    ['trim(a)', 'trim(BOTH from a)'],
    ["trim(a, 'x')", "trim(BOTH 'x' from a)"],
    ["trim('x' FROM a)", "trim(BOTH 'x' from a)"],
    ["trim(LEADING 'x' FROM a)", "trim(LEADING 'x' from a)"],
    ['trim(TRAILING FROM a)', 'trim(TRAILING from a)'],
    ["position('x' IN a)", "position('x' in a)"],
    ["position('x' || b IN a FROM 2)", "position(('x' || b) in a from 2)"],
    ['substring(a FROM 2 FOR 3)', 'SUBSTRING(a, 2, 3)'],
    ['substring(a, 2)', 'SUBSTRING(a, 2)'],
    ['overlay(a PLACING b FROM 1 FOR 2)', 'OVERLAY(a, b, 1, 2)'],
    ['timestampadd(DAY, -1, __time)', "TIMESTAMPADD('DAY', (- 1), __time)"],
    ['timestampdiff(SQL_TSI_HOUR, a, b)', "TIMESTAMPDIFF('HOUR', a, b)"],
    ["json_value(a, '$.x')", "JSON_VALUE(a, '$.x')"],
    ["json_value(a, '$.x' RETURNING BIGINT)", "try_cast(JSON_VALUE(a, '$.x') as BIGINT)"],
    ["json_object('a': 1, KEY 'b' VALUE 2)", "JSON_OBJECT('a', 1, 'b', 2)"],
    ['json_object()', 'JSON_OBJECT()'],
    ['exists(select 1)', 'exists(select 1)'],
  ])('%s', (sql, shape) => {
    expect(exprShape(sql)).toBe(shape);
  });
});

describe('parentheses hold a query or expressions', () => {
  test.each([
    ['(select 1)', 'scalar(select 1)'],
    ['((select 1))', 'scalar(select 1)'],
    ['((select 1) + 1)', '(scalar(select 1) + 1)'],
    ['((select 1) union all (select 2))', 'scalar({(select 1) UNION ALL (select 2)})'],
    ['((select 1) limit 1)', 'scalar((select 1) limit 1)'],
    ['(((select 1)), 2)', 'row(scalar(select 1), 2)'],
    ['((1, 2), 3)', 'row(row(1, 2), 3)'],
    ['x in (select 1)', '(x in (select 1))'],
    ['x in ((select 1))', '(x in (select 1))'],
    ['x in ((select 1), 2)', '(x in (scalar(select 1), 2))'],
    ['(a, b) in ((1, 2), (3, 4))', '(row(a, b) in (row(1, 2), row(3, 4)))'],
    ['x = any (select 1)', '(x = ANY select 1)'],
    ['x > all (values 1, 2)', '(x > ALL values (1),(2))'],
    ['x <> some (1, 2)', '(x <> ANY row(1, 2))'],
    ['exists ((select 1) union (select 2))', 'exists({(select 1) UNION (select 2)})'],
  ])('%s', (sql, shape) => {
    expect(exprShape(sql)).toBe(shape);
  });
});

describe('queries', () => {
  test.each([
    ['select 1', 'select 1'],
    ['select distinct a x, b as "Y z" from t', 'select distinct a as x, b as Y z from t'],
    ['select all *, t.*, druid.t.* from t', 'select *, t.*, druid.t.* from t'],
    ['select a first, b type from t last', 'select a as first, b as type from t as last'],
    ['select 1;', 'select 1'],
    ['explain plan for select 1', 'explain select 1'],
    ['explain plan with implementation including all attributes as json for select 1', 'explain select 1'],
    ['values (1, 2), (3, 4)', 'values (1, 2),(3, 4)'],
    ['values 1, 2', 'values (1),(2)'],
    ['table druid.t', 'select * from druid.t'],
    [
      'with a as (select 1), b (x, y) as (select * from a) select * from b',
      'with a as (select 1), b(x,y) as (select * from a) select * from b',
    ],
    ['select 1 union select 2 intersect select 3', '{select 1 UNION {select 2 INTERSECT select 3}}'],
    ['select 1 except all select 2', '{select 1 EXCEPT ALL select 2}'],
    ['select 1 union distinct select 2', '{select 1 UNION select 2}'],
    ['select 1 union all select 2 union all select 3', '{{select 1 UNION ALL select 2} UNION ALL select 3}'],
    ['select 1 union select 2 union all select 3', '{{select 1 UNION select 2} UNION ALL select 3}'],
    [
      '(select 1 limit 1) union all select 2 order by 1 limit 3',
      '{(select 1 limit 1) UNION ALL select 2} order by 1 limit 3',
    ],
    ['((select 1))', '((select 1))'],
    ['select a from t limit 10 offset 20', 'select a from t limit 10 offset 20'],
    ['select a from t limit all', 'select a from t'],
    ['select a from t offset ? rows fetch next ? rows only', 'select a from t limit ?1 offset ?0'],
    ['select a from t fetch first 3 row only', 'select a from t limit 3'],
    [
      'select a from t order by a desc nulls last, b asc nulls first, 3',
      'select a from t order by a desc nulls last, b nulls first, 3',
    ],
    [
      'select a from t where b group by a, (b, c), () having count(*) > 1',
      'select a from t where b group by a, set(b, c), set() having (COUNT(*) > 1)',
    ],
    ['select a from t group by all a', 'select a from t group by a'],
    ['select a from t group by (a)', 'select a from t group by a'],
    ['select a from t group by (row(a, b))', 'select a from t group by row(a, b)'],
    ['select a from t group by row(a, b)', 'select a from t group by row(a, b)'],
    ['select a from t group by (a, b) = (1, 2)', 'select a from t group by (row(a, b) = row(1, 2))'],
    [
      'select a from t group by grouping sets ((a, b), a, ()), rollup(a, (b, c)), cube(d)',
      'select a from t group by GROUPING SETS(set(a, b), a, set()), ROLLUP(a, set(b, c)), CUBE(d)',
    ],
    [
      'select sum(a) over w from t window w as (order by b), v as (w)',
      'select SUM(a) over w from t window w as (order by b), window v as (w)',
    ],
  ])('%s', (sql, shape) => {
    expect(shapeOf(sql)).toBe(shape);
  });
});

describe('FROM', () => {
  test.each([
    ['a', 'a'],
    ['"a b" as t (x, y)', 'a b as t(x,y)'],
    ['sys.segments s', 'sys.segments as s'],
    ['a, b join c on x = y, d', '[[a CROSS [b INNER c on (x = y)]] CROSS d]'],
    ['a cross join b inner join c using (x, y)', '[[a CROSS b] INNER c using x,y]'],
    ['a left join b on x right outer join c on y', '[[a LEFT b on x] RIGHT c on y]'],
    ['a natural full join b', '[a NATURAL FULL b]'],
    ['(a join b on x) join c on y', '[[a INNER b on x] INNER c on y]'],
    ['a join (b cross join c) on x', '[a INNER [b CROSS c] on x]'],
    ['(select 1) t', '(select 1) as t'],
    ['((select 1) union all select 2) as t(x)', '({(select 1) UNION ALL select 2}) as t(x)'],
    ['((select 1))', '(select 1)'],
    ['((select 1) t join b on x)', '[(select 1) as t INNER b on x]'],
    ['((select 1) t)', '(select 1) as t'],
    ['((((a))))', 'a'],
    ['(values (1, 2)) as t(a, b)', '(values (1, 2)) as t(a,b)'],
    ['(table a)', '(select * from a)'],
    ['a cross join unnest(mv_to_array(tags)) as u(tag)', '[a CROSS unnest(MV_TO_ARRAY(tags)) as u(tag)]'],
    ['a, lateral unnest(x) u', '[a CROSS unnest(x) as u]'],
    ["table(append('a', 'b')) t", "table(APPEND('a', 'b')) as t"],
  ])('%s', (from, shape) => {
    expect(shapeOf(`select * from ${from}`)).toBe(`select * from ${shape}`);
  });
});

test('every node knows where it stands', () => {
  const sql =
    'with c as (select \'a\' || "x" as y from druid.t where -z between 1 and 2) select max(y) over () from c';
  const places = new Set<string>();
  const open: unknown[] = [parse(sql)];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if ('at' in value && 'end' in value) places.add(sql.slice(Number(value.at), Number(value.end)));
    open.push(...(Object.values(value) as unknown[]));
  }
  for (const text of [
    "'a'",
    '"x"',
    '\'a\' || "x"',
    '\'a\' || "x" as y',
    'druid.t',
    '-z',
    '-z between 1 and 2',
    '()',
    'max(y) over ()',
    'c',
    sql,
  ])
    expect(places).toContain(text);
});

test('parameters are counted through the whole text', () => {
  expect(parse('select ? from t where a in (?, ?) limit ?').parameters).toBe(4);
  expect(parse("select '?' -- ?\n").parameters).toBe(0);
});
