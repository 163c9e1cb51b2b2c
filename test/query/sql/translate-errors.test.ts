/** Statements that are refused: the words and the place of each error; and long or deep ones that are not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, refusal, translated } from './translate-world.ts';
import type { World } from './translate-world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const errors: readonly (readonly [sql: string, message: string])[] = [
  ['select * from nosuch', "Object 'nosuch' not found (line [1], column [15])"],
  ['select * from sys.nosuch', "Object 'nosuch' not found within 'sys' (line [1], column [19])"],
  ['select * from a.b', "Object 'a' not found (line [1], column [15])"],
  ['select * from a.b.c', "Object 'a' not found (line [1], column [15])"],
  ['select nosuch from "events"', "Column 'nosuch' not found in any table (line [1], column [8])"],
  [
    'select Country from events',
    "Column 'Country' not found in any table; did you mean 'country'? (line [1], column [8])",
  ],
  ['select t.x from events t', "Column 'x' not found in table 't' (line [1], column [8])"],
  ['select x.country from events t', "Table 'x' not found (line [1], column [8])"],
  ['select events.cnt from events e', "Table 'events' not found (line [1], column [8])"],
  ['select country\nfrom events,\n users', "Column 'country' is ambiguous (line [1], column [8])"],
  [
    'select a from (select country as a, page as a from events)',
    "Column 'a' is ambiguous (line [1], column [8])",
  ],
  ['select 1\nfrom events\nwhere x = 1', "Column 'x' not found in any table (line [3], column [7])"],
  [
    'select (select nosuch from users) from events',
    "Column 'nosuch' not found in any table (line [1], column [16])",
  ],
  [
    'select country, page from events group by country',
    "Expression 'page' is not being grouped (line [1], column [17])",
  ],
  [
    'select country from events group by country having cnt > 1',
    "Expression 'cnt' is not being grouped (line [1], column [52])",
  ],
  [
    'select country from events group by country order by cnt',
    "Expression 'cnt' is not being grouped (line [1], column [54])",
  ],
  [
    'select country, count(*) from events',
    "Expression 'country' is not being grouped (line [1], column [8])",
  ],
  [
    'select * from events group by country',
    "Expression '__time' is not being grouped (line [1], column [8])",
  ],
  [
    'select country from events where sum(cnt) > 1',
    'Aggregate expression is illegal in WHERE clause (line [1], column [34])',
  ],
  [
    'select 1 from events e join users u on sum(e.cnt) > 1',
    'Aggregate expression is illegal in ON clause (line [1], column [40])',
  ],
  [
    'select country from events group by sum(cnt)',
    'Aggregate expression is illegal in GROUP BY clause (line [1], column [37])',
  ],
  [
    'select count(*) from events group by 1',
    'Aggregate expression is illegal in GROUP BY clause (line [1], column [38])',
  ],
  ['select sum(sum(cnt)) from events', 'Aggregate expressions cannot be nested (line [1], column [12])'],
  [
    'select 1 from events where row_number() over () > 1',
    'Windowed aggregate expression is illegal in WHERE clause (line [1], column [28])',
  ],
  [
    'select row_number() from events',
    'OVER clause is necessary for window functions, found ROW_NUMBER without it (line [1], column [8])',
  ],
  ['select sum(cnt) over nosuch from events', "Window 'nosuch' not found (line [1], column [22])"],
  [
    'select nosuch(country, 1) from events',
    'No match found for function signature NOSUCH(<CHARACTER>, <NUMERIC>) (line [1], column [8])',
  ],
  [
    'select nosuch(__time, null) from events',
    'No match found for function signature NOSUCH(<TIMESTAMP>, <NULL>) (line [1], column [8])',
  ],
  [
    'select upper(distinct country) from events',
    'DISTINCT can only be used with an aggregate, UPPER is none (line [1], column [8])',
  ],
  [
    'select upper(country) over () from events',
    'OVER can only be used with an aggregate, UPPER is none (line [1], column [8])',
  ],
  ['select *', 'SELECT * requires a FROM clause (line [1], column [8])'],
  ['select x.* from events e', "Unknown identifier 'x' (line [1], column [8])"],
  [
    'select country from events order by 3',
    'Ordinal out of range: found 3, expected 1 to 1 (line [1], column [37])',
  ],
  [
    'select country from events group by 2',
    'Ordinal out of range: found 2, expected 1 to 1 (line [1], column [37])',
  ],
  [
    'select distinct country from events order by page',
    'An expression of ORDER BY is not in the SELECT DISTINCT list (line [1], column [46])',
  ],
  [
    'select country from events where cnt',
    'Expected a condition in the WHERE clause, found a value of type BIGINT (line [1], column [34])',
  ],
  ['select not 1', 'Expected a condition, found a value of type INTEGER (line [1], column [12])'],
  [
    "select date '2026-01-01' - date '2025-01-01'",
    "Cannot apply '-' to arguments of type '<DATE> - <DATE>'; use TIMESTAMPDIFF (line [1], column [8])",
  ],
  ['select true + 1', "Cannot apply '+' to arguments of type '<BOOLEAN> + <INTEGER>' (line [1], column [8])"],
  [
    "select interval '1' day + 1",
    "Cannot apply '+' to arguments of type '<INTERVAL> + <INTEGER>' (line [1], column [8])",
  ],
  ["select interval 'x' day", "Illegal interval literal format 'x' for INTERVAL DAY (line [1], column [8])"],
  [
    'select 99999999999999999999',
    "Numeric literal '99999999999999999999' out of range (line [1], column [8])",
  ],
  ['select 1e999', "Numeric literal '1e999' out of range (line [1], column [8])"],
  [
    'select (1, 2)',
    'A row of values can only be compared: (a, b) = (c, d), (a, b) IN (...) (line [1], column [8])',
  ],
  ['select (1, 2) = (1, 2, 3)', 'Rows of 2 and 3 values cannot be compared (line [1], column [8])'],
  ["select cast('x' as bigint)", "Cannot cast 'x' to BIGINT; use TRY_CAST for null (line [1], column [8])"],
  ['select 1 from events e, events e', "Duplicate relation name 'e' in FROM clause (line [1], column [15])"],
  [
    'select 1 from events join users using (nosuch)',
    "Column 'nosuch' not found in any table (line [1], column [40])",
  ],
  [
    'select country from events union select country from users',
    "SQL requires 'UNION' but only 'UNION ALL' is supported (line [1], column [1])",
  ],
  [
    'select 1 intersect select 1',
    "SQL requires 'INTERSECT' but only 'UNION ALL' is supported (line [1], column [1])",
  ],
  [
    'select 1 except all select 1',
    "SQL requires 'EXCEPT ALL' but only 'UNION ALL' is supported (line [1], column [1])",
  ],
  [
    'select 1, 2 union all select 1',
    'Column count mismatch in UNION ALL: found 1, expected 2 (line [1], column [1])',
  ],
  [
    'with w (a, b) as (select 1) select * from w',
    "Number of columns must match number of query columns: 'w' has 2, its query 1 (line [1], column [6])",
  ],
  [
    'select * from (select 1) as t (a, b)',
    'List of column aliases must have same degree as table; table has 1 columns, whereas alias list has 2 columns (line [1], column [29])',
  ],
  [
    "select * from unnest('a') as u (x)",
    "Cannot apply 'UNNEST' to arguments of type 'UNNEST(<VARCHAR>)'; expected an array (line [1], column [22])",
  ],
  [
    "select 1 from events where country similar to 'a'",
    'SIMILAR TO is not supported: use REGEXP_LIKE (line [1], column [28])',
  ],
  [
    "select 1 from events where country like 'a' escape 'ab'",
    'ESCAPE must be a literal of one character (line [1], column [28])',
  ],
  [
    'select 1 from events where cnt in (select 1, 2)',
    'The query of IN must have one column, found 2 (line [1], column [36])',
  ],
  ['select (select 1, 2)', 'A query in an expression must have one column, found 2 (line [1], column [8])'],
  [
    'select grouping(1) from events',
    "Argument to operator 'GROUPING' must be a grouped expression (line [1], column [17])",
  ],
  [
    'select sum(cnt) over (order by __time rows between country preceding and current row) from events',
    'The bound of a window frame must be a literal number, zero or more (line [1], column [52])',
  ],
  ["select * from events where __time > 'abc'", 'Illegal TIMESTAMP constant [abc] (line [1], column [28])'],
  [
    'select __time > 5 from events',
    'Cannot compare TIMESTAMP with INTEGER, expected values of one kind; CAST one of them (line [1], column [8])',
  ],
  ['select ?', 'Parameter at position [0] is not bound: found 0 parameters (line [1], column [8])'],
];

describe('errors and their places', () => {
  it.each(errors)('%s', async (sql, message) => {
    expect(await refusal(world, sql)).toBe(message);
  });

  it('divides a long by zero as Druid does: not at all', async () => {
    expect(await refusal(world, 'select 1 / 0')).toContain('/ by zero');
    expect(await refusal(world, 'select cnt / (cnt - cnt) from events where cnt > 1')).toContain('/ by zero');
    expect(await refusal(world, 'select cnt % 0 from events')).toContain('/ by zero');
  });

  it('says why a function is refused', async () => {
    expect(await refusal(world, "select lookup(country, 'x') from events")).toMatch(
      /^Function LOOKUP is not supported: .+ \(line \[1\], column \[8\]\)$/,
    );
  });

  it('counts the arguments', async () => {
    expect(await refusal(world, 'select substring(country) from events')).toMatch(
      /^Invalid number of arguments to function 'SUBSTRING'\. Was expecting 2 to 3 arguments: SUBSTRING\(/,
    );
  });
});

describe('long and deep statements', () => {
  const list = (count: number, text: (index: number) => string, separator: string): string =>
    Array.from({ length: count }, (_, index) => text(index)).join(separator);
  const long: readonly (readonly [name: string, sql: string, rows: number])[] = [
    ['a chain of OR', `select cnt from events where ${list(500, (n) => `cnt = ${n}`, ' or ')}`, 4],
    ['an IN list', `select cnt from events where cnt in (${list(20_000, String, ',')})`, 4],
    ['an IN list of texts', `select cnt from events where tags in (${list(5000, (n) => `'${n}'`, ',')})`, 0],
    ['a UNION ALL', list(300, (n) => `select ${n}`, ' union all '), 300],
    ['a sum', `select ${list(300, () => '1', ' + ')}`, 1],
    ['a division', `select ${list(100, () => 'cnt', ' / ')} from events`, 5],
    ['nested divisions', `select ${'cnt / ('.repeat(60)}cnt${')'.repeat(60)} from events`, 5],
    [
      'nested CASE',
      `select ${'case when cnt = 1 then '.repeat(100)}1${' else 2 end'.repeat(100)} from events`,
      5,
    ],
    ['nested queries', `select * from ${'(select * from '.repeat(80)}events${')'.repeat(80)}`, 5],
    ['many columns', `select ${list(500, (n) => `cnt + ${n}`, ', ')} from events`, 5],
  ];
  it.each(long)('answers %s', async (_, sql, rows) => {
    expect((await world.answer(sql)).rows).toHaveLength(rows);
  });

  it('does not grow without bound where an operand is needed twice', () => {
    const sql = `select ${'price / ('.repeat(100)}price${')'.repeat(100)} from events`;
    expect(translated(sql).sql.length).toBeLessThan(100_000);
  });

  it('refuses a CUBE that nobody meant', async () => {
    const keys = list(14, (n) => `cnt + ${n}`, ', ');
    expect(await refusal(world, `select count(*) from events group by cube (${keys})`)).toContain(
      'GROUP BY has more than 4096 grouping sets',
    );
  });

  it('refuses what is deeper than it would walk', async () => {
    const tests = 'is null '.repeat(450);
    expect(await refusal(world, `select cnt ${tests} from events`)).toContain('nested too deeply');
  });

  it('refuses a chain of arithmetic that DuckDB would not take', async () => {
    expect(await refusal(world, `select ${list(450, () => 'cnt', ' + ')} from events`)).toContain(
      'More than 400 operators in a row are not supported',
    );
  });
});
