/** Statements that are hostile by their length: long chains and lists, huge literals, texts of 256 KiB, patterns without end. */
import type { HostileShape, Outcome } from './hostile-nesting.ts';

const any: readonly Outcome[] = ['answered', 'refused', 'time', 'memory'];

const join = (count: number, separator: string, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => item(index)).join(separator);

const chains: readonly HostileShape[] = [
  ...['+', '-', '*', 'and', 'or', '||', '=', '<', '/', '%'].map((operator): HostileShape => ({
    name: `100,000 terms of ${operator}`,
    sql: `select ${join(
      operator === '||' ? 40_000 : operator === 'and' ? 25_000 : operator === 'or' ? 30_000 : 50_000,
      ` ${operator} `,
      () => (operator === '||' ? "''" : operator === 'and' || operator === 'or' ? 'true' : '1'),
    )} as a`.slice(0, 262_000),
    outcomes: ['refused', 'answered'],
  })),
  {
    name: '10,000 ORs of comparisons',
    sql: `select count(*) as a from life where ${join(10_000, ' or ', (at) => `n = ${at}`)}`,
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'an IN list of 10,000 numbers',
    sql: `select count(*) as a from life where n in (${join(10_000, ',', String)})`,
    outcomes: ['answered'],
  },
  {
    name: 'an IN list of 10,000 texts against numbers',
    sql: `select count(*) as a from life where n in (${join(10_000, ',', (at) => `'${at}'`)})`,
    outcomes: ['answered', 'refused'],
  },
  {
    name: 'an IN list of 60,000 numbers',
    sql: `select count(*) as a from life where n in (${join(60_000, ',', (at) => String(at % 10))})`,
    outcomes: ['answered', 'refused'],
  },
  {
    name: 'an IN list of 3,000 queries',
    sql: `select 1 as a where 1 in (${join(3_000, ',', () => '(select 1)')})`,
    outcomes: any,
  },
  {
    name: 'a CASE of 8,000 branches over a long operand',
    sql: `select case ${join(500, ' || ', () => 'country')} ${join(8_000, ' ', (at) => `when '${at}' then ${at}`)} end as a from life`,
    outcomes: any,
  },
  {
    name: '5,000 columns',
    sql: `select ${join(5_000, ', ', (at) => `${at} as c${at}`)}`,
    outcomes: any,
  },
  {
    name: '60,000 columns of one name',
    sql: `select ${join(60_000, ',', () => 'n')} from life`,
    outcomes: any,
  },
  { name: '10,000 stars', sql: `select ${join(10_000, ', ', () => '*')} from life`, outcomes: any },
  {
    name: '50,000 rows of VALUES',
    sql: `select count(*) as a from (values ${join(50_000, ',', () => '(1)')}) as t(a)`,
    outcomes: any,
  },
  { name: '8,000 UNION ALL', sql: join(8_000, ' union all ', () => 'select 1 as a'), outcomes: any },
  {
    name: '2,000 WITH names',
    sql: `with ${join(2_000, ', ', (at) => `w${at} as (select ${at} as a)`)} select * from w1999`,
    outcomes: any,
  },
  {
    name: 'WITH names that double 60 times',
    sql: `with w0 as (select 1 as a), ${join(60, ', ', (at) => `w${at + 1} as (select * from w${at} union all select * from w${at})`)} select count(*) as a from w60`,
    outcomes: ['refused', 'time', 'memory', 'answered'],
  },
  {
    name: 'a WITH that only looks recursive',
    sql: 'with t as (select 1 as a union all select a + 1 from t) select * from t',
    outcomes: ['refused'],
  },
  {
    name: '3,000 tables in FROM',
    sql: `select 1 from ${join(3_000, ', ', () => 'life')}`,
    outcomes: any,
  },
  {
    name: '500 joins',
    sql: `select 1 from life ${join(500, ' ', (at) => `join life as j${at} on true`)}`,
    outcomes: any,
  },
  {
    name: '10,000 tables that are not there',
    sql: `select ${join(10_000, ',', (at) => `(select 1 from z${at})`)}`,
    outcomes: ['refused'],
  },
  {
    name: '9,000 queries of one table',
    sql: `select ${join(9_000, ',', () => '(select n from life)')}`,
    outcomes: any,
  },
  {
    name: '20,000 GROUP BY keys',
    sql: `select 1 as a from life group by ${join(20_000, ', ', () => 'n')}`,
    outcomes: any,
  },
  {
    name: '20,000 ORDER BY keys',
    sql: `select n as a from life order by ${join(20_000, ', ', () => 'n')}`,
    outcomes: any,
  },
  {
    name: '5,000 windows',
    sql: `select ${join(5_000, ', ', (at) => `sum(n) over (order by n + ${at})`)} from life`,
    outcomes: any,
  },
  {
    name: '2,000 named windows that go round',
    sql: `select sum(n) over w0 as a from life window ${join(2_000, ', ', (at) => `w${at} as (w${(at + 1) % 2_000})`)}`,
    outcomes: ['refused'],
  },
  {
    name: 'CUBE of 20 columns',
    sql: `select count(*) as a from life group by cube (${join(20, ', ', (at) => `n + ${at}`)})`,
    outcomes: ['refused'],
  },
  {
    name: 'CUBE times CUBE',
    sql: `select count(*) as a from life group by ${join(8, ', ', () => 'cube (n, country)')}`,
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'ROLLUP of 5,000',
    sql: `select count(*) as a from life group by rollup (${join(5_000, ', ', (at) => `n + ${at}`)})`,
    outcomes: ['refused', 'time', 'memory'],
  },
  {
    name: '5,000 GROUPING SETS',
    sql: `select count(*) as a from life group by grouping sets (${join(5_000, ', ', () => '(n)')})`,
    outcomes: ['refused', 'answered'],
  },
  {
    name: '1,000 aggregates',
    sql: `select ${join(1_000, ', ', (at) => `sum(n + ${at})`)} from life`,
    outcomes: ['answered', 'refused'],
  },
  { name: '50,000 parameters', sql: `select ${join(50_000, ',', () => '?')}`, outcomes: ['refused'] },
];

const literals: readonly HostileShape[] = [
  { name: 'a number of 250,000 digits', sql: `select ${'9'.repeat(250_000)} as a`, outcomes: ['refused'] },
  {
    name: 'a fraction of 250,000 digits',
    sql: `select 0.${'3'.repeat(250_000)} as a`,
    outcomes: ['answered', 'refused'],
  },
  {
    name: 'an exponent of 100,000 digits',
    sql: `select 1e${'9'.repeat(100_000)} as a`,
    outcomes: ['refused'],
  },
  { name: 'a very small number', sql: 'select 1e-400 as a', outcomes: ['answered'] },
  { name: 'a very large number', sql: 'select 1e400 as a', outcomes: ['refused'] },
  { name: 'a long too many', sql: 'select 9223372036854775808 as a', outcomes: ['refused'] },
  {
    name: 'longs that overflow',
    sql: 'select 9223372036854775807 * 9223372036854775807 as a',
    outcomes: ['refused'],
  },
  {
    name: 'a text of 250,000 letters',
    sql: `select char_length('${'x'.repeat(250_000)}') as a`,
    outcomes: ['answered'],
  },
  {
    name: 'a text of a million letters',
    sql: `select '${'x'.repeat(1_000_000)}' as a`,
    outcomes: ['refused'],
  },
  {
    name: 'a text of 100,000 quotes',
    sql: `select char_length('${"''".repeat(100_000)}') as a`,
    outcomes: ['answered'],
  },
  {
    name: 'a text of 20,000 NULs',
    sql: `select char_length('${'\0'.repeat(20_000)}') as a`,
    outcomes: ['answered', 'refused'],
  },
  {
    name: 'a text of 80,000 emojis',
    sql: `select length('${'😀'.repeat(80_000)}') as a`,
    outcomes: ['answered'],
  },
  {
    name: 'a text of 250,000 half characters',
    sql: `select length('${'\ud800'.repeat(250_000)}') as a`,
    outcomes: ['answered', 'refused'],
  },
  {
    name: 'a name of 250,000 letters',
    sql: `select ${'x'.repeat(250_000)} from life`,
    outcomes: ['refused'],
  },
  {
    name: 'a quoted name of 250,000 letters',
    sql: `select 1 as "${'x'.repeat(250_000)}"`,
    outcomes: ['answered'],
  },
  {
    name: 'a table of 250,000 letters',
    sql: `select * from "${'x'.repeat(250_000)}"`,
    outcomes: ['refused'],
  },
  { name: '250,000 blanks', sql: `select${' '.repeat(250_000)}1 as a`, outcomes: ['answered'] },
  {
    name: 'a comment of 250,000 letters',
    sql: `select 1 as a /*${'*'.repeat(250_000)}*/`,
    outcomes: ['answered'],
  },
  { name: '60,000 comments', sql: `select ${'/**/'.repeat(60_000)} 1 as a`, outcomes: ['answered'] },
  {
    name: '125,000 lines and an error',
    sql: `select ${'\n'.repeat(125_000)} nosuch from life`,
    outcomes: ['refused'],
  },
  {
    name: '256 KiB and one letter',
    sql: `select 1 as a${' '.repeat(256 * 1024 - 12)}`,
    outcomes: ['refused'],
  },
  {
    name: 'digits that a careless pattern reads again and again',
    sql: `select cast('${'1'.repeat(200_000)}x' as bigint) as a`,
    outcomes: ['refused', 'time'],
  },
  {
    name: 'blanks that a careless pattern reads again and again',
    sql: `select interval '1${' '.repeat(200_000)}x' day as a`,
    outcomes: ['refused', 'time'],
  },
  {
    name: 'a period of 200,000 digits',
    sql: `select time_floor(timestamp '2026-01-01', 'P${'1'.repeat(200_000)}D') as a`,
    outcomes: ['refused'],
  },
  {
    name: 'a shift beyond all calendars',
    sql: "select time_shift(timestamp '2026-01-01', 'P999999Y', 999999) as a",
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'an interval beyond all calendars',
    sql: "select timestamp '2026-01-01' + interval '999999999999' year as a",
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'an interval of the year 9999 and more',
    sql: "select count(*) as a from life where time_in_interval(__time, '2026-01-01/P999999Y')",
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'an interval of bounds beyond all calendars',
    sql: "select count(*) as a from life where __time > current_timestamp - interval '999999999999' year * 1000000",
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'milliseconds beyond all calendars',
    sql: 'select millis_to_timestamp(9223372036854775807) as a',
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'a path of 30,000 steps',
    sql: `select json_value('{}', '$${'.a'.repeat(30_000)}') as a`,
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'a path of 30,000 brackets',
    sql: `select json_value('{}', '$${'[0]'.repeat(30_000)}') as a`,
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'JSON 100,000 deep',
    sql: `select json_value('${'['.repeat(100_000)}${']'.repeat(100_000)}', '$') as a`,
    outcomes: ['refused', 'answered', 'memory'],
  },
  {
    name: 'JSON 100,000 deep, parsed',
    sql: `select parse_json('${'['.repeat(100_000)}${']'.repeat(100_000)}') as a`,
    outcomes: ['refused', 'answered', 'memory'],
  },
  {
    name: 'a pattern of 100,000 groups',
    sql: `select regexp_like('a', '${'('.repeat(100_000)}a${')'.repeat(100_000)}') as a`,
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'a pattern that repeats a billion times',
    sql: "select regexp_like('a', '((a{1000}){1000}){1000}') as a",
    outcomes: ['refused', 'answered'],
  },
  {
    name: 'a pattern that explodes elsewhere',
    sql: `select regexp_like('${'a'.repeat(50_000)}b', '^(a+)+$') as a`,
    outcomes: ['answered'],
  },
  {
    name: 'a time pattern of 50,000 letters',
    sql: `select time_format(timestamp '2026-01-01', '${'yyyy-'.repeat(40_000)}') as a`,
    outcomes: ['answered', 'refused'],
  },
  {
    name: 'a time zone of 200,000 letters',
    sql: `select time_floor(timestamp '2026-01-01', 'P1D', null, '${'x'.repeat(200_000)}') as a`,
    outcomes: ['refused'],
  },
  {
    name: 'a million arguments in vain',
    sql: `select concat(${join(60_000, ',', () => "'a'")}) as a`,
    outcomes: ['answered', 'refused'],
  },
];

export const longShapes: readonly HostileShape[] = [...chains, ...literals];
