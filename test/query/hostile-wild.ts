/**
 * Statements that would never end, or would fill memory, disk or the answer: each is stopped by the limit named first, or by
 * one of the others when the machine is quicker or slower. `many` has a million rows: n from 0, and s with 1,000 values.
 */
import type { HostileShape } from './hostile-nesting.ts';

type Wild = HostileShape;

const endless: readonly Wild[] = [
  ['a cross join of three', 'select sum(a.n - b.n + c.n) from many a cross join many b cross join many c'],
  ['a comma join', 'select count(*) from many a, many b where a.n + b.n = -1'],
  ['a join on true', 'select max(a.n * b.n) from many a join many b on true'],
  ['a join on an inequality', 'select count(*) from many a join many b on a.n < b.n where b.s < a.s'],
  ['a left join on an expression', 'select count(*) from many a left join many b on a.n + b.n = 7'],
  ['a full join on a text', "select count(*) from many a full join many b on a.s || 'x' = b.s || 'x'"],
  [
    'a natural join of texts',
    'select count(*) from (select s from many) a natural join (select s from many) b',
  ],
  ['distinct rows of a cross join', 'select distinct a.n, b.n from many a, many b'],
  [
    'a correlated query',
    'select count(*) from many a where exists (select 1 from many b where b.n * b.n < a.n - 5)',
  ],
  [
    'a correlated sum',
    'select sum((select sum(b.n) from many b where b.n <> a.n and b.s < a.s)) from many a',
  ],
  ['NOT IN over everything', 'select count(*) from many a where a.n not in (select b.n + a.n from many b)'],
  [
    'an UNNEST bomb',
    `select count(*) from many ${Array.from({ length: 9 }, (_, at) => `cross join unnest(array[1,2,3,4,5,6,7,8,9,10]) as u${at}(v${at})`).join(' ')}`,
  ],
  [
    'an UNNEST of split texts',
    `select count(*) from many a cross join unnest(string_to_array(repeat('a,', 100000), ',')) as u(v)`,
  ],
  ['a sorted cross join', 'select a.n from many a, many b order by a.n * b.n desc limit 1'],
  [
    'windows over everything',
    'select max(w) from (select sum(a.n) over (order by a.n * b.n rows between 1000000 preceding and 1000000 following) as w from many a, many b) as t',
  ],
  [
    'a moving maximum',
    'select sum(w) from (select max(s || s) over (order by n range between 500000 preceding and 500000 following) as w from many) as t join many on true',
  ],
  ['CUBE over a cross join', 'select count(*) from many a, many b group by cube (a.n, b.n, a.s, b.s)'],
  [
    'patterns over a cross join',
    `select count(*) from many a, many b where regexp_like(a.s || b.s, '^(v+)+[0-9]*x$')`,
  ],
  [
    'a union of cross joins',
    'select count(*) from (select a.n from many a, many b union all select a.n from many a, many b) as t',
  ],
  ['distinct counts of a cross join', 'select count(distinct a.n * b.n) from many a, many b'],
].map(([name, sql]) => ({ name: name ?? '', sql: sql ?? '', outcomes: ['time', 'memory'] as const }));

const greedy: readonly Wild[] = [
  ['ARRAY_AGG of a cross join', 'select array_length(array_agg(a.s || b.s)) from many a, many b'],
  [
    'ARRAY_AGG of everything, many times',
    `select ${Array.from({ length: 20 }, (_, at) => `array_length(array_agg(s || '${'x'.repeat(40)}${at}'))`).join(', ')} from many`,
  ],
  ['STRING_AGG of a cross join', `select char_length(string_agg(a.s || repeat('x', 1000), ',')) from many a`],
  ['LISTAGG of long texts', `select char_length(listagg(repeat(s, 1000), '')) from many`],
  ['distinct long texts', `select count(distinct repeat(s, 500) || cast(n as varchar)) from many`],
  [
    'groups of long texts',
    `select count(*) from (select repeat(s, 300) || cast(n as varchar) as k, count(*) from many group by 1) as t`,
  ],
  [
    'a sort of long texts',
    `select s from (select repeat(s, 300) || cast(n as varchar) as s from many) as t order by s limit 1 offset 900000`,
  ],
  ['quantiles of everything', 'select array_agg(n) from many group by s order by 1'],
  [
    'a window of long texts',
    `select max(w) from (select array_agg(repeat(s, 100)) over (order by n) as w from many) as t`,
  ],
  [
    'an array of arrays',
    `select array_length(array_concat_agg(string_to_array(repeat('a,', 1000), ','))) from many`,
  ],
  ['repeats of repeats', `select char_length(repeat(repeat(repeat(s, 1000), 1000), 1000)) from many`],
  ['one text of two gigabytes', `select char_length(repeat('x', 2000000000)) as a`],
  ['one text of a terabyte', `select char_length(repeat('x', 1000000000000)) as a`],
  ['a text padded to two gigabytes', `select char_length(lpad('x', 2000000000, 'ab')) as a`],
  ['many texts padded', `select sum(char_length(rpad(s, 10000000, 'ab'))) from many`],
  ['a text formatted to a gigabyte', `select char_length(string_format('%999999999d', n)) from many limit 1`],
  [
    'a text doubled 31 times',
    `select char_length(${'concat(x, x)'.replace('x, x', "repeat('x', 1000000000), repeat('y', 1000000000)")}) as a`,
  ],
  [
    'a replacement that grows',
    `select char_length(replace(repeat('a', 1000000), 'a', repeat('b', 1000000))) as a`,
  ],
  [
    'a pattern replacement that grows',
    `select char_length(regexp_replace(repeat('a', 1000000), 'a', repeat('b', 100000))) as a`,
  ],
  ['JSON that grows', `select char_length(to_json_string(array_agg(repeat(s, 1000)))) from many`],
  ['a list resized to a billion', `select array_length(array_slice(array[1], 0, 1000000000)) as a`],
  ['lists resized to many', `select sum(array_length(array_slice(array[n], 0, 100000000))) from many`],
  [
    'a list of a hundred million pieces',
    `select array_length(string_to_array(repeat('a,', 100000000), ',')) as a`,
  ],
].map(([name, sql]) => ({
  name: name ?? '',
  sql: sql ?? '',
  outcomes: ['memory', 'time', 'refused', 'bytes'] as const,
}));

const long: readonly Wild[] = [
  { name: 'a million rows', sql: 'select * from many', outcomes: ['rows', 'bytes'] },
  { name: 'a trillion rows', sql: 'select a.n from many a, many b', outcomes: ['rows', 'bytes', 'time'] },
  { name: 'rows sorted', sql: 'select n from many order by n desc', outcomes: ['rows', 'bytes', 'memory'] },
  {
    name: 'rows of a UNION',
    sql: 'select n from many union all select n from many',
    outcomes: ['rows', 'bytes'],
  },
  { name: 'rows beyond a LIMIT', sql: 'select n from many limit 1001', outcomes: ['rows'] },
  {
    name: 'rows of an UNNEST',
    sql: `select v from unnest(string_to_array(repeat('a,', 5000), ',')) as u(v)`,
    outcomes: ['rows'],
  },
  {
    name: 'wide rows',
    sql: `select ${Array.from({ length: 200 }, () => 's').join(', ')} from many limit 900`,
    outcomes: ['bytes'],
  },
  { name: 'long texts', sql: `select repeat(s, 1000) from many limit 500`, outcomes: ['bytes'] },
  { name: 'one long text', sql: `select repeat('x', 10000000) as a`, outcomes: ['bytes', 'memory'] },
  { name: 'one long list', sql: 'select array_agg(n) from many', outcomes: ['bytes', 'memory'] },
  { name: 'texts that grow as JSON', sql: `select repeat('\u0001', 50000) as a`, outcomes: ['bytes'] },
  {
    name: 'names that grow in every row',
    sql: `select n as "${'x'.repeat(10_000)}" from many limit 900`,
    outcomes: ['bytes'],
  },
];

export const wildStatements: readonly Wild[] = [...endless, ...greedy, ...long];
