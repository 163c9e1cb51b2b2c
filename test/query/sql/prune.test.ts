/** Which bounds a WHERE clause gives, and where it must give none. */
import { describe, expect, test } from 'vitest';
import type { Bounds } from '../../../query/sql/bounds.ts';
import { located, SqlProblem } from '../../../query/sql/errors.ts';
import { parse } from '../../../query/sql/parser.ts';
import type { Surroundings } from '../../../query/sql/prune-constants.ts';
import { tablesUsed } from '../../../query/sql/tables-used.ts';

/** 2026-11-21T14:40:05Z, a Saturday. */
const nowMs = Date.UTC(2026, 10, 21, 14, 40, 5);
const utc: Surroundings = { timeZone: 'UTC', nowMs };

function used(sql: string, around: Surroundings = utc): string[] {
  return tablesUsed(parse(sql), around).map((use) => `${use.schema}.${use.name}${shown(use.bounds)}`);
}

function shown({ fromMs, toMs, columns }: Bounds): string {
  const time = fromMs === null && toMs === null ? '' : ` ${iso(fromMs)}/${iso(toMs)}`;
  return time + columns.map(({ column, low, high }) => ` ${column}:${low ?? ''}..${high ?? ''}`).join('');
}

function iso(ms: number | null): string {
  return ms === null
    ? '*'
    : new Date(ms)
        .toISOString()
        .replace(/:00\.000Z$|\.000Z$|Z$/, '')
        .replace(/T00:00$/, '');
}

/** What is known of the rows of `t`. */
function bounds(where: string, around: Surroundings = utc): string {
  return used(`select * from t where ${where}`, around)[0]?.slice('druid.t'.length).trim() ?? '';
}

describe('which tables', () => {
  test.each<[string, readonly string[]]>([
    ['select 1', []],
    ['select * from a', ['druid.a']],
    ['select * from druid."a b"', ['druid.a b']],
    ['select * from sys.segments, information_schema.TABLES', ['sys.segments', 'INFORMATION_SCHEMA.TABLES']],
    ['select * from a x join a y on x.b = y.b', ['druid.a', 'druid.a']],
    ['select (select max(x) from b) from a where y in (select z from c)', ['druid.a', 'druid.b', 'druid.c']],
    [
      'select * from (select * from a union all select * from b) order by (select c from d)',
      ['druid.a', 'druid.b', 'druid.d'],
    ],
    ['select * from a join b on a.x = (select max(x) from c)', ['druid.a', 'druid.b', 'druid.c']],
    ['select * from a cross join unnest((select array_agg(x) from b)) as u(v)', ['druid.a', 'druid.b']],
    ['values ((select x from a))', ['druid.a']],
    ['table a', ['druid.a']],
    ["select * from table(append('a', 'b'))", ['druid.a', 'druid.b']],
    ['explain plan for select * from a', ['druid.a']],
    ['select case when exists (select 1 from a) then 1 end', ['druid.a']],
    ['select sum(x) over (order by (select y from b)) from a', ['druid.a', 'druid.b']],
  ])('%s', (sql, tables) => {
    expect(used(sql)).toEqual(tables);
  });

  test.each<[string, readonly string[]]>([
    ['with a as (select * from b) select * from a', ['druid.b']],
    ['with a as (select * from a) select * from a', ['druid.a']],
    ['with a as (select * from b), c as (select * from a) select * from a, c', ['druid.b']],
    ['with c as (select * from a), a as (select 1) select * from c', ['druid.a']],
    ['select * from (with a as (select 1) select * from a) join a on true', ['druid.a']],
    ['with a as (select 1) select * from druid.a', ['druid.a']],
    ['with a as (select 1) select * from A', ['druid.A']],
    ['with druid as (select 1) select * from druid.a', ['druid.a']],
    [
      'with a as (select 1) select (select x from a), (select y from b where y in (select z from a))',
      ['druid.b'],
    ],
    [
      'with a as (select 1) (select * from a) union all select * from (with b as (select 1) select * from b, a)',
      [],
    ],
    ['select * from a union all (with a as (select 1) select * from a)', ['druid.a']],
  ])('a name of WITH counts where it is visible: %s', (sql, tables) => {
    expect(used(sql)).toEqual(tables);
  });

  test.each<[string, string]>([
    [
      'select * from lookup.x',
      "Schema 'lookup' is not supported: there are no lookups; join with a data source, or use CASE (line [1], column [15])",
    ],
    [
      'select * from view.x',
      "Schema 'view' is not supported: there are no views; write the query in a WITH clause (line [1], column [15])",
    ],
    [
      'select * from ext.x',
      "Schema 'ext' is not supported: a query reads data sources and system tables, nothing outside (line [1], column [15])",
    ],
    ['select * from pg_catalog.pg_class', "Object 'pg_catalog' not found (line [1], column [15])"],
    ['select * from Sys.segments', "Object 'Sys' not found (line [1], column [15])"],
    ['select *\nfrom druid.druid.x', "Object 'druid' not found (line [2], column [6])"],
  ])('%s is refused by name', (sql, message) => {
    try {
      used(sql);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof SqlProblem)) throw error;
      expect(located(error, sql).message).toBe(message);
    }
  });

  test('the place is the name with its schema', () => {
    const sql = 'select * from  druid."wiki pedia" x';
    const [use] = tablesUsed(parse(sql), utc);
    expect(sql.slice(use?.span.at, use?.span.end)).toBe('druid."wiki pedia"');
  });
});

describe('what WHERE says of __time', () => {
  test.each<[string, string]>([
    ["__time >= timestamp '2026-01-01 00:00:00'", '2026-01-01/*'],
    ["__time > '2026-01-01'", '2026-01-01/*'],
    ["__time < '2026-01-01T05:00:00Z'", '*/2026-01-01T05:00'],
    ["__time <= date '2026-01-01'", '*/2026-01-01T00:00:00.001'],
    ["__time = '2026-01-01 10:30:00.5'", '2026-01-01T10:30:00.500/2026-01-01T10:30:00.501'],
    ["'2026-01-01' <= __time and '2026-02-01' > __time", '2026-01-01/2026-02-01'],
    ["__time between '2026-01-01' and '2026-01-02'", '2026-01-01/2026-01-02T00:00:00.001'],
    ["__time in ('2026-01-03', '2026-01-01', null)", '2026-01-01/2026-01-03T00:00:00.001'],
    ["__time >= '2026-01-01' or __time = '2025-06-01'", '2025-06-01/*'],
    ["(__time < '2026-01-01' and x = 1) or (__time < '2026-03-01' and y = 2)", '*/2026-03-01'],
    ["__time >= '2026-01-01' and (x = 'a' or __time < '2020-01-01')", '2026-01-01/*'],
    ["__time >= '2026-01-01T00:00:00-08:00'", '2026-01-01T08:00/*'],
    ["t.__time >= '2026' and druid.t.__time < '2027-01'", '2026-01-01/2027-01-01'],
    ["time_in_interval(__time, '2026-01-01/P1D')", '2026-01-01/2026-01-02'],
    ["TIME_IN_INTERVAL(__time, '2026-01-01T05/2026-01-01T07:30')", '2026-01-01T05:00/2026-01-01T07:30'],
    ["time_in_interval(__time, 'PT6H/2026-01-01')", '2025-12-31T18:00/2026-01-01'],
    ['__time >= millis_to_timestamp(1767225600000)', '2026-01-01/*'],
    ['timestamp_to_millis(__time) < 1767225600000', '*/2026-01-01'],
    ['__time > current_timestamp', '2026-11-21T14:40:05/*'],
    ["__time >= current_timestamp - interval '1' hour", '2026-11-21T13:40:05/*'],
    ["__time >= interval '-2' day + current_timestamp", '2026-11-19T14:40:05/*'],
    ["__time >= current_timestamp - interval -'1' month", '2026-12-21T14:40:05/*'],
    ['__time >= timestampadd(week, -1, current_timestamp)', '2026-11-14T14:40:05/*'],
    ["__time >= time_shift(current_timestamp, 'P1D', -3)", '2026-11-18T14:40:05/*'],
    ['__time >= floor(current_timestamp to day)', '2026-11-21/*'],
    ['__time >= floor(current_timestamp to week)', '2026-11-16/*'],
    ['__time >= floor(current_timestamp to quarter)', '2026-10-01/*'],
    [
      "__time >= time_floor(current_timestamp, 'P1M') and __time < ceil(current_timestamp to hour)",
      '2026-11-01/2026-11-21T15:40:05',
    ],
    ["__time >= time_floor(current_timestamp, 'PT5M')", '2026-11-21T14:35:05/*'],
    ["__time >= date_trunc('year', current_timestamp)", '2026-01-01/*'],
    ['__time >= current_date', '2026-11-21/*'],
    ["__time >= cast('2026-01-01' as timestamp)", '2026-01-01/*'],
    ["__time >= time_parse('2026-01-01')", '2026-01-01/*'],
    ["floor(__time to day) = '2026-01-01'", '2026-01-01/2026-01-02'],
    ["time_floor(__time, 'PT1H') >= '2026-01-01 05:00:00'", '2026-01-01T05:00/*'],
    ["date_trunc('hour', __time) <= '2026-01-01 05:00:00'", '*/2026-01-01T06:00'],
    ["ceil(__time to hour) = '2026-01-01 05:00:00'", '2026-01-01T04:00:00.001/2026-01-01T05:00:00.001'],
    ["cast(__time as date) = '2026-01-01'", '2026-01-01/2026-01-02'],
    ["cast(__time as date) >= '2026-01-01 12:00:00'", '2026-01-01/*'],
  ])('%s', (where, expected) => {
    expect(bounds(where)).toBe(expected);
  });

  test.each([
    "__time >= '2026-01-01' or x = 1",
    "not (__time >= '2026-01-01')",
    "__time not between '2026-01-01' and '2026-02-01'",
    "__time <> '2026-01-01'",
    "__time is not distinct from '2026-01-01'",
    "__time >= 'yesterday'",
    '__time >= x',
    '__time >= ?',
    '__time >= (select max(__time) from t)',
    "case when __time >= '2026-01-01' then true end",
    "__time + interval '1' day > '2026-01-01'",
    'extract(year from __time) = 2026',
    "__time in ('2026-01-01', x)",
    "__time between symmetric '2026-02-01' and '2026-01-01'",
    "time_in_interval(__time, '2026-01-01')",
    "time_floor(__time, x) >= '2026-01-01'",
    "time_floor(current_timestamp, 'P0D') <= __time",
    "__time >= current_timestamp - interval '1-1' year to month",
    "__time >= time_shift(current_timestamp, 'P1Y1M', -1)",
    '"__TIME" >= \'2026-01-01\' is true',
  ])('nothing for %s', (where) => {
    expect(bounds(where)).toBe('');
  });

  test('literals are of the zone of the query; what clocks may do is added', () => {
    const around = { timeZone: 'America/Los_Angeles', nowMs };
    expect(bounds("__time >= '2026-01-01'", around)).toBe('2026-01-01T06:00/*');
    expect(bounds("__time < '2026-01-01'", around)).toBe('*/2026-01-01T10:00');
    // 14:40 in Greenwich is still the 21st there, which began at 08:00; a day and two hours are added.
    expect(bounds('__time >= floor(current_timestamp to day)', around)).toBe('2026-11-20T06:00/*');
  });

  test('parameters bound by their type', () => {
    const given = (type: string, value: string | number): Surroundings => ({
      ...utc,
      parameters: [{ type, value }],
    });
    expect(bounds('__time >= ?', given('TIMESTAMP', '2026-01-01 00:00:00'))).toBe('2026-01-01/*');
    expect(bounds('__time >= ?', given('TIMESTAMP', 1_767_225_600_000))).toBe('2026-01-01/*');
    expect(bounds('__time >= ?', given('VARCHAR', '2026-01-01'))).toBe('2026-01-01/*');
    expect(bounds('x >= ?', given('BIGINT', '5'))).toBe('x:5..');
    expect(bounds('x >= ?', given('VARCHAR', '5'))).toBe('x:5..');
    expect(tablesUsed(parse('select * from t where x = ?'), given('BIGINT', '5'))[0]?.bounds.columns).toEqual(
      [
        { column: 'x', low: 5, high: null },
        { column: 'x', low: null, high: 5 },
      ],
    );
    expect(bounds('x >= ?', given('BOOLEAN', 'true'))).toBe('');
  });
});

describe('what WHERE says of other columns', () => {
  test.each<[string, string]>([
    ["page = 'a'", 'page:a.. page:..a'],
    ["'b' > page", 'page:..b'],
    ["page between 'a' and 'c'", 'page:a.. page:..c'],
    ["page in ('c', 'a')", 'page:a.. page:..c'],
    ["page = 'a' or page = 'c'", 'page:a.. page:..c'],
    ["page = 'a' and page = 'c'", 'page:c.. page:..a'],
    ["page > 'a' and page >= 'b'", 'page:b..'],
    ["page like 'abc%'", 'page:abc.. page:..abd'],
    ["page like 'ab_d%'", 'page:ab.. page:..ac'],
    ["page like 'abc'", 'page:abc.. page:..abc'],
    ["page > 'é' and page > 'z'", 'page:é..'],
    ["page > '\u{ff61}' and page > '😀'", 'page:😀..'],
    ['n = 5', 'n:5.. n:..5'],
    ['n >= -5 and n < 7', 'n:-5.. n:..7'],
    ['5 <= n', 'n:5..'],
    ['n in (3, 1, 2)', 'n:1.. n:..3'],
    ["n > 5 and n > 'a'", 'n:5.. n:a..'],
    ["\"x y\" = 'a' and t.z = 'b'", 'x y:a.. x y:..a z:b.. z:..b'],
    ["(page = 'a' and n = 1) or (page = 'b' and m = 2)", 'page:a.. page:..b'],
  ])('%s', (where, expected) => {
    expect(bounds(where)).toBe(expected);
  });

  test.each([
    "page = ''",
    "page = 'a' or n = 1",
    "n = 1 or n = 'a'",
    "n in (1, 'a')",
    "n between 1 and '5'",
    "page <> 'a'",
    "page not in ('a')",
    "page not like 'a%'",
    "page like '%a'",
    "page like 'a!%' escape '!'",
    "page like 'a\\%'",
    "upper(page) = 'A'",
    'page = other',
    'page is null',
    "page similar to 'a%'",
    "other.page = 'a'",
    "page = U&'\\d800'",
    'n = 1e400',
  ])('nothing for %s', (where) => {
    expect(bounds(where)).toBe('');
  });

  test('numbers that a float holds a little beside have some room', () => {
    const [use] = tablesUsed(parse('select * from t where a = 0.1 and b = 9007199254740993'), utc);
    for (const { low, high } of use?.bounds.columns ?? [])
      expect(Number(low)).toBeLessThan(Number(high ?? Infinity));
    const of = (column: string): { low: number; high: number } => ({
      low: Number(use?.bounds.columns.find((it) => it.column === column && it.low !== null)?.low),
      high: Number(use?.bounds.columns.find((it) => it.column === column && it.high !== null)?.high),
    });
    expect(of('a').low).toBeLessThan(Math.fround(0.1) - 1e-9);
    expect(of('a').high).toBeGreaterThan(Math.fround(0.1));
    expect(of('b').low).toBeLessThan(9_007_199_254_740_990);
  });

  test('long texts bound by their beginning, and not from above', () => {
    const text = 'x'.repeat(5000);
    const [use] = tablesUsed(parse(`select * from t where a = '${text}'`), utc);
    expect(use?.bounds.columns).toEqual([{ column: 'a', low: 'x'.repeat(512), high: null }]);
    const pairs = tablesUsed(parse(`select * from t where a = 'x${'😀'.repeat(400)}'`), utc)[0]?.bounds
      .columns;
    expect(pairs).toEqual([{ column: 'a', low: `x${'😀'.repeat(255)}`, high: null }]);
  });

  test('there are never many', () => {
    const where = Array.from({ length: 100 }, (_, index) => `c${index} = ${index}`).join(' and ');
    expect(tablesUsed(parse(`select * from t where ${where}`), utc)[0]?.bounds.columns).toHaveLength(16);
  });
});

describe('whose rows a condition is about', () => {
  test.each<[string, readonly string[]]>([
    [
      "select * from a, b where a.__time >= '2026-01-01' and b.x = 'y'",
      ['druid.a 2026-01-01/*', 'druid.b x:y.. x:..y'],
    ],
    ["select * from a join b on true where __time >= '2026-01-01' and x = 'y'", ['druid.a', 'druid.b']],
    ["select * from a left join b on true where a.x = 'y' and b.x = 'z'", ['druid.a x:y.. x:..y', 'druid.b']],
    [
      "select * from a right join b on true where a.x = 'y' and b.x = 'z'",
      ['druid.a', 'druid.b x:z.. x:..z'],
    ],
    ["select * from a full join b on true where a.x = 'y' and b.x = 'z'", ['druid.a', 'druid.b']],
    [
      "select * from (a join c on true) left join b on true where c.x = 'y' and b.x = 'z'",
      ['druid.a', 'druid.c x:y.. x:..y', 'druid.b'],
    ],
    [
      "select * from c left join (a join b on true) on true where a.x = 'y'",
      ['druid.c', 'druid.a', 'druid.b'],
    ],
    ["select * from a as z where z.x = 'y' and a.y = 'n'", ['druid.a x:y.. x:..y']],
    ["select * from a as z (x, y) where z.x = 'y' and __time > '2026'", ['druid.a']],
    ["select * from a, a as b where a.x = 'y'", ['druid.a x:y.. x:..y', 'druid.a']],
    ["select * from a, a where a.x = 'y'", ['druid.a', 'druid.a']],
    [
      "select * from a cross join unnest(b) as u(c) where __time >= '2026-01-01' and c = 'y' and a.d = 'z'",
      ['druid.a 2026-01-01/* d:z.. d:..z'],
    ],
    ["select * from a cross join unnest(b) as u(__time) where __time >= '2026-01-01'", ['druid.a']],
    ["select * from a cross join unnest(b) where __time >= '2026-01-01'", ['druid.a']],
    ["select * from (select * from a where x = 'y') where x = 'z'", ['druid.a x:y.. x:..y']],
    [
      "select * from a where x = 'y' and exists (select 1 from b where z = 'w' and b.v = 'u' and __time > '2026-01-01')",
      ['druid.a x:y.. x:..y', 'druid.b 2026-01-01/* v:u.. v:..u'],
    ],
    ["select (select max(q) from (select * from b where z = 'w')) from a", ['druid.a', 'druid.b']],
    [
      "select * from a where x = 'y' union all select * from a where x = 'z'",
      ['druid.a x:y.. x:..y', 'druid.a x:z.. x:..z'],
    ],
    ["select x, count(*) from a group by x having x = 'y'", ['druid.a']],
    [
      "with c as (select * from a where x = 'y') select * from c, b where c.x = 'z' and b.x = 'w'",
      ['druid.b x:w.. x:..w', 'druid.a x:y.. x:..y'],
    ],
    ["select * from sys.segments where datasource = 'y'", ['sys.segments']],
  ])('%s', (sql, expected) => {
    expect(used(sql).toSorted()).toEqual(expected.toSorted());
  });
});
