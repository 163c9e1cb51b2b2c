/** Statements of Druid SQL over small tables: what the translation of each answers in DuckDB, as Druid answers. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectRows, openWorld } from './translate-world.ts';
import type { Case, World } from './translate-world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

function cases(title: string, all: readonly Case[]): void {
  describe(title, () => {
    it.each(all)('%s', async (...one) => expectRows(world, one));
  });
}

const day1 = '2026-01-01T00:00:00.000Z';
const half = '2026-01-01T00:30:00.000Z';
const one = '2026-01-01T01:00:00.000Z';
const day2 = '2026-01-02T00:00:00.000Z';
const feb = '2026-02-01T12:00:00.000Z';

cases('literals and arithmetic', [
  ['select 1337', [1337]],
  ['select 1.0, 1e300, 0.1, .5', [[1, 1e300, 0.1, 0.5]]],
  ["select 'x', 'it''s', ''", [['x', "it's", '']]],
  ['select true, false, null', [[true, false, null]]],
  ["select timestamp '2026-01-01 00:00:00.5', date '2026-01-01'", [['2026-01-01T00:00:00.500Z', day1]]],
  ['select array[1, 2]', ['[1,2]']],
  ["select array['a', null]", ['["a",null]']],
  ['select -5, +5, - -5, -(2 + 3)', [[-5, 5, 5, -5]]],
  ['select 7 / 2, -7 / 2, 7 % 2, -7 % 2', [[3, -3, 1, -1]]],
  ['select 1 + 2 * 3 - 4', [3]],
  ['select 7 / 2.0, 1 / 4e0', [[3.5, 0.25]]],
  ['select 1.0 / 0, -1.0 / 0, 0.0 / 0', [['Infinity', '-Infinity', 'NaN']]],
  ['select 2000000000 + 2000000000', [4000000000]],
  ['select cnt / 2 from events where cnt is not null', [0, 1, 1, 2]],
  ['select cnt / 2.0 from events where cnt < 3', [0.5, 1]],
  ['select price / (cnt - cnt) from events where cnt = 1', ['Infinity']],
  ['select cnt % 2, mod(cnt, 2) from events where cnt = 3', [[1, 1]]],
  ['select 0.1 + 0.2', [0.30000000000000004]],
  ['select ratio + ratio, ratio * 2 from events where cnt = 2', [[3, 3]]],
  ["select 'a' + 1 from events", [null, null, null, null, null]],
  ['select code + 1 from events', [11, 3, null, null, 8]],
  ["select '2' + '3', '2' * 1.5", [[5, 3]]],
  ['select case when cnt <> 2 then 10 / (cnt - 2) else 0 end from events', [-10, 0, 10, 5, 0]],
  ["select 'a' || 'b' || 1 || null", [null]],
  ["select 'a' || 1 || true || 1.5", ['a1true1.5']],
  ['select 9223372036854775807 = 9223372036854775807, -9223372036854775808 < 0', [[true, true]]],
  ['select array[1, 2][2], array[1][5]', [[2, null]]],
]);

cases('comparison', [
  ['select 1 = 1.0, 1 <> 2, 1 != 2, 1 < 2, 2 >= 3', [[true, true, true, true, false]]],
  ['select null = 1, null is null, 1 is not null', [[null, true, true]]],
  ['select code from events where code = 10', ['10']],
  ['select code from events where code > 5', ['10', '7']],
  ['select code from events where code in (7, 2.5)', ['2.5', '7']],
  ["select code from events where code in ('7', 10)", ['10', '7']],
  ["select code from events where code > '5'", ['abc', '7']],
  ["select cnt from events where cnt = '2'", [2]],
  ['select cnt from events where cnt between 2 and 3', [2, 3]],
  ['select cnt from events where cnt not between 2 and 3', [1, 4]],
  ['select cnt from events where cnt between symmetric 3 and 2', [2, 3]],
  ['select cnt from events where cnt between 3 and 2', []],
  ["select country in ('US', null) from events", [true, true, null, null, null]],
  ["select count(*) from events where country not in ('US')", [2]],
  ['select cnt from events where cnt in (1, 4, 9)', [1, 4]],
  ["select country is distinct from 'US' from events", [false, false, true, true, true]],
  ['select country is not distinct from null from events', [false, false, false, true, false]],
  ["select (country = 'US') is true from events", [true, true, false, false, false]],
  ["select (country = 'US') is not false from events", [true, true, false, true, false]],
  ["select (country = 'US') is unknown from events", [false, false, false, true, false]],
  ["select page from events where page like '/_'", ['/a', '/b', '/a', '/c', '/b']],
  ["select page from events where page not like '/a%'", ['/b', '/c', '/b']],
  ["select 'a_b' like 'a!_b' escape '!', 'axb' like 'a!_b' escape '!'", [[true, false]]],
  ["select 'a\\b' like 'a\\b', 12 like '1%'", [[true, true]]],
  ['select (1, 2) = (1, 2), (1, 2) <> (1, 3), (1, 2) in ((1, 2), (3, 4))', [[true, true, true]]],
  ["select cnt from events where (country, page) in (('US', '/a'), ('DE', '/a'))", [1, 3]],
  ["select country from users where country = any (array['US', 'X'])", ['US']],
  ['select array[1, 2] = array[1, 2]', [true]],
  ["select count(*) from events where not (country = 'US')", [2]],
  ["select count(*) from events where not (country = 'US' and cnt = 1)", [4]],
  ["select count(*) from events where country = 'US' or cnt = 4 or page = '/b'", [4]],
]);

cases('time', [
  ["select cnt from events where __time >= '2026-01-01T00:30:00Z' and __time < '2026-02-01'", [2, 3, 4]],
  ["select cnt from events where __time = timestamp '2026-01-01 00:30:00'", [2]],
  ["select cnt from events where '2026-01-02' <= __time", [4, null]],
  ["select cnt from events where __time between '2026-01-01' and '2026-01-01 00:45:00'", [1, 2]],
  [
    "select cnt from events where __time in ('2026-01-01T00:00:00+00:00', timestamp '2026-01-02 00:00:00')",
    [1, 4],
  ],
  ["select cnt from events where time_in_interval(__time, '2026-01-01/P1D')", [1, 2, 3]],
  ['select count(*) from events where __time < current_timestamp', [4]],
  [
    "select count(*) from events where __time >= current_timestamp - interval '1' day - interval '4' hour",
    [5],
  ],
  ["select cnt from events where cast(__time as date) = date '2026-01-02'", [4]],
  ["select cnt from events where __time > date '2026-01-02'", [null]],
  [
    'select floor(__time to hour), count(*) from events group by 1 order by 1',
    [
      [day1, 2],
      [one, 1],
      [day2, 1],
      [feb, 1],
    ],
  ],
  ['select ceil(__time to month) from events where cnt = 2', ['2026-02-01T00:00:00.000Z']],
  ["select time_floor(__time, 'PT1H') from events where cnt = 2", [day1]],
  [
    "select time_shift(__time, 'P1D', 1), time_format(__time, 'yyyy') from events where cnt = 1",
    [[day2, '2026']],
  ],
  ['select extract(hour from __time), extract(minute from __time) from events where cnt = 2', [[0, 30]]],
  [
    "select timestampadd(hour, 1, __time), timestampdiff(minute, timestamp '2026-01-01 00:00:00', __time) from events where cnt = 2",
    [['2026-01-01T01:30:00.000Z', 30]],
  ],
  ["select __time + interval '30' minute from events where cnt = 1", [half]],
  ["select interval '1' day * 2 + timestamp '2026-01-01 00:00:00'", ['2026-01-03T00:00:00.000Z']],
  ["select timestamp '2026-01-31 00:00:00' + interval '1' month", ['2026-02-28T00:00:00.000Z']],
  ["select timestamp '2026-01-01 00:00:00' + interval '1-2' year to month", ['2027-03-01T00:00:00.000Z']],
  [
    "select timestamp '2026-01-01 00:00:00' - interval '1 02:03:04.5' day to second",
    ['2025-12-30T21:56:55.500Z'],
  ],
  [
    "select timestamp '2026-01-02 00:00:00' - (interval '1' day + interval '1' hour)",
    ['2025-12-31T23:00:00.000Z'],
  ],
  ["select date '2026-01-31' + interval '1' day", ['2026-02-01T00:00:00.000Z']],
  ["select timestamp '2026-01-01 00:00:00' - interval - '1' day", [day2]],
  ['select current_timestamp, current_date', [['2026-01-02T03:04:05.678Z', day2]]],
]);

cases('cast and case', [
  ["select cast('12' as bigint), cast('1.5' as double), cast(1.9 as integer)", [[12, 1.5, 1]]],
  ['select cast(cnt as varchar), cast(price as varchar) from events where cnt = 1', [['1', '0.5']]],
  ['select cast(code as bigint) from events', [10, 2, null, null, 7]],
  ["select try_cast('x' as bigint), try_cast('x' as timestamp)", [[null, null]]],
  ["select cast('2026-01-01' as timestamp), cast(1767225600000 as timestamp)", [[day1, day1]]],
  ["select cast(timestamp '2026-01-01 00:00:00' as bigint)", [1767225600000]],
  ["select cast(timestamp '2026-01-01 01:02:03' as varchar)", ['2026-01-01 01:02:03']],
  ['select cast(array[1, 2] as varchar array)', ['["1","2"]']],
  ["select cast('true' as boolean), cast(1 as boolean)", [[true, true]]],
  [
    "select case when country = 'US' then 1 when country is null then 2.5 end from events",
    [1, 1, null, 2.5, null],
  ],
  [
    "select case country when 'US' then 'a' when 'DE' then 'b' else 'c' end from events",
    ['a', 'a', 'b', 'c', 'b'],
  ],
  ["select case country when 'US' then 'a' else 1 end from events", ['a', 'a', '1', '1', '1']],
  [
    "select coalesce(country, 'none'), nvl(cnt, 0), nullif(page, '/b') from events where cnt is null or cnt = 4",
    [
      ['none', 4, '/c'],
      ['DE', 0, null],
    ],
  ],
  ['select greatest(1, 2.5), least(3, 2)', [[2.5, 2]]],
]);

cases('functions written with words', [
  [
    "select trim(both 'x' from 'xax'), trim(leading 'x' from 'xax'), trim(trailing 'x' from 'xax'), trim('  a ')",
    [['a', 'ax', 'xa', 'a']],
  ],
  ["select position('b' in 'abcb'), position('b' in 'abcb' from 3), position('z' in 'a')", [[2, 4, 0]]],
  ["select substring('abcd' from 2 for 2), substring('abcd', 3)", [['bc', 'cd']]],
  ["select upper('a'), lower('B'), length('abc'), concat('a', 'b', 'c')", [['A', 'b', 3, 'abc']]],
  ['select floor(1.5), ceil(1.5), abs(-2), round(2.5)', [[1, 2, 2, 3]]],
  ["select {fn upper('a')}", ['A']],
]);

cases('select, order, limit', [
  ['select country from events order by cnt desc limit 2', [null, 'DE']],
  ['select country from events order by country', [null, 'DE', 'DE', 'US', 'US']],
  ['select country from events order by country desc', ['US', 'US', 'DE', 'DE', null]],
  ['select country from events order by country nulls last limit 1', ['DE']],
  ['select country from events order by country desc nulls first limit 1', [null]],
  ['select cnt from events order by cnt * -1 limit 2', [null, 4]],
  ['select cnt from events order by 1 offset 3', [3, 4]],
  ['select cnt from events order by cnt limit 2 offset 1', [1, 2]],
  ['select cnt from events order by cnt offset 1 rows fetch next 2 rows only', [1, 2]],
  ['select cnt from events limit 0', []],
  ['select distinct country from events order by 1', [null, 'DE', 'US']],
  [
    "select distinct country, page from events where page = '/b' order by 1, 2",
    [
      ['DE', '/b'],
      ['US', '/b'],
    ],
  ],
  [
    'select country as page, page as country from events order by page, country limit 2',
    [
      [null, '/c'],
      ['DE', '/a'],
    ],
  ],
  ["select country as c from events order by c || 'x' limit 2", [null, 'DE']],
  ['select upper(country) as u from events order by lower(u) desc limit 1', ['US']],
  ['select e.country from events as e where e.cnt = 1', ['US']],
  ['select events.country, druid.events.cnt from druid.events where events.cnt = 1', [['US', 1]]],
  ['select "Case", "case", "a""b" from "odd "" name"', [['upper', 'lower', 'q']]],
  ['select e.*, 1 from "odd "" name" e', [[day1, 'q', 'upper', 'lower', 1]]],
  ['select 1 where false', []],
  ['select x from (select 1 as x) where x = 1', [1]],
]);

cases('group by', [
  [
    'select country, sum(cnt) n from events group by 1 order by 2 desc limit 2',
    [
      [null, 4],
      ['DE', 3],
    ],
  ],
  [
    'select country, count(*), count(cnt), count(distinct page) from events group by country order by 1',
    [
      [null, 1, 1, 1],
      ['DE', 2, 1, 2],
      ['US', 2, 2, 2],
    ],
  ],
  ['select country from events group by country having sum(cnt) > 3', [null]],
  [
    'select country, count(*) n from events group by country having count(*) > 1 and country is not null order by n, country',
    [
      ['DE', 2],
      ['US', 2],
    ],
  ],
  ['select max(cnt) from events having max(cnt) > 100', []],
  ['select count(*) from "nothing"', [0]],
  ['select max(n), sum(n), count(n) from "nothing"', [[null, null, 0]]],
  ['select a, count(*) from "nothing" group by a', []],
  ["select 'x', count(*) from \"nothing\" group by 'x'", []],
  ["select 'x', count(*) from events group by 'x'", [['x', 5]]],
  ['select 1 from events group by ()', [1]],
  ['select cnt + 1 as c from events group by cnt + 1 order by cnt + 1', [null, 2, 3, 4, 5]],
  ['select (cnt + 1) * 2 from events group by cnt + 1 order by 1', [null, 4, 6, 8, 10]],
  ['select country from events group by country order by sum(cnt) desc, max(page)', [null, 'US', 'DE']],
  [
    'select upper(country) u, count(*) from events group by upper(country) order by lower(u)',
    [
      [null, 1],
      ['DE', 2],
      ['US', 2],
    ],
  ],
  ["select country || '!' from events group by events.country order by 1", [null, 'DE!', 'US!']],
  [
    "select count(*) filter (where country = 'US'), sum(cnt) filter (where page = '/a') from events",
    [[2, 4]],
  ],
  ['select sum(cnt) + count(*), sum(cnt) * 2 from events', [[15, 20]]],
  ['select min(cnt), max(price), min(__time), max(page) from events', [[1, 4, day1, '/c']]],
  ['select avg(price), avg(cnt * 1.0) from events', [[2, 2.5]]],
  [
    'select earliest(page), latest(page), earliest(page, 10), earliest_by(page, __time) from events',
    [['/a', '/b', '/a', '/a']],
  ],
  ["select latest(cnt) filter (where cnt is not null) from events where country = 'US'", [2]],
  ['select array_agg(page order by page desc) from events', ['["/c","/b","/b","/a","/a"]']],
  ["select string_agg(distinct page, ',') from events where page = '/b'", ['/b']],
  ['select sum(distinct cnt), approx_count_distinct(country) from events', [[10, 2]]],
  [
    'select country, page, count(*), grouping(country, page) from events where cnt < 3 group by rollup (country, page) order by 4, 2',
    [
      ['US', '/a', 1, 0],
      ['US', '/b', 1, 0],
      ['US', null, 2, 1],
      [null, null, 2, 3],
    ],
  ],
  [
    'select country, page, sum(cnt) from events where cnt in (1, 3) group by cube (country, page) order by 1, 2',
    [
      [null, null, 4],
      [null, '/a', 4],
      ['DE', null, 3],
      ['DE', '/a', 3],
      ['US', null, 1],
      ['US', '/a', 1],
    ],
  ],
  [
    'select country, sum(cnt) from events group by grouping sets ((country), ()) order by 2, 1',
    [
      ['DE', 3],
      ['US', 3],
      [null, 4],
      [null, 10],
    ],
  ],
  [
    'select country, page, count(*) from events where cnt = 1 group by country, rollup (page) order by 2',
    [
      ['US', null, 1],
      ['US', '/a', 1],
    ],
  ],
  ["select sum(case when country = 'US' then cnt else 0 end) from events", [3]],
  ['select count(*) from events, users where events.country = users.country', [4]],
]);

cases('windows', [
  [
    'select cnt, row_number() over (partition by country order by __time desc) rn from events order by __time',
    [
      [1, 2],
      [2, 1],
      [3, 2],
      [4, 1],
      [null, 1],
    ],
  ],
  [
    'select country, sum(sum(cnt)) over (order by country) from events group by country order by 1',
    [
      [null, 4],
      ['DE', 7],
      ['US', 10],
    ],
  ],
  [
    'select country, rank() over (order by count(*) desc, country) r from events group by country order by r',
    [
      ['DE', 1],
      ['US', 2],
      [null, 3],
    ],
  ],
  [
    'select sum(cnt) over (order by __time rows between 1 preceding and current row) from events order by __time',
    [1, 3, 5, 7, 4],
  ],
  [
    'select sum(cnt) over w from events window w as (partition by country order by __time) order by __time',
    [1, 3, 3, 4, 3],
  ],
  [
    'select sum(cnt) over (w rows between unbounded preceding and current row) from events window w as (order by __time) order by __time',
    [1, 3, 6, 10, 10],
  ],
  ['select count(*) over (), count(*) from events', [[1, 5]]],
  ['select lag(cnt, 1) over (order by __time) from events order by __time', [null, 1, 2, 3, 4]],
  [
    'select sum(cnt) filter (where cnt > 1) over (partition by country) from events order by __time',
    [2, 2, 3, 4, 3],
  ],
  ['select cnt from events order by row_number() over (order by __time desc)', [null, 4, 3, 2, 1]],
  [
    'select first_value(cnt) ignore nulls over (order by cnt rows between unbounded preceding and unbounded following) from events limit 1',
    [1],
  ],
  [
    'select distinct country, count(*) over () from events order by 1',
    [
      [null, 5],
      ['DE', 5],
      ['US', 5],
    ],
  ],
]);

cases('joins and subqueries', [
  [
    'select e.cnt, u."user" from events e join users u on e.country = u.country order by e.__time',
    [
      [1, 'ann'],
      [2, 'ann'],
      [3, 'bob'],
      [null, 'bob'],
    ],
  ],
  [
    'select e.cnt, u."user" from events e left join users u on e.country = u.country where e.cnt = 4',
    [[4, null]],
  ],
  [
    'select u."user" from events e right join users u on e.country = u.country where e.cnt is null order by 1',
    ['bob', 'cyd'],
  ],
  ['select count(*) from events e full join users u on e.country = u.country', [6]],
  ['select count(*) from events cross join users', [15]],
  [
    'select country, "user", n from users join (select country, count(*) n from events group by country) using (country) order by 1',
    [
      ['DE', 'bob', 2],
      ['US', 'ann', 2],
    ],
  ],
  [
    "select country from users full join (select 'ZZ' as country) z using (country) order by 1",
    ['DE', 'FR', 'US', 'ZZ'],
  ],
  ['select "user" from events natural join users', ['ann']],
  ['select e.cnt from events e join users u on e.country = u.country and u.age > 30 order by 1', [null, 3]],
  [
    'select e.cnt from (events e join users u on e.country = u.country) join users v on v.country = e.country where e.cnt = 1',
    [1],
  ],
  ['select page from events where country in (select country from users where age > 30)', ['/a', '/b']],
  [
    'select country from users where country not in (select country from events where country is not null)',
    ['FR'],
  ],
  [
    'select country from users u where exists (select 1 from events e where e.country = u.country) order by 1',
    ['DE', 'US'],
  ],
  [
    'select (select max(cnt) from events), (select count(*) from users u where u.country = e.country) from events e order by __time',
    [
      [4, 1],
      [4, 1],
      [4, 1],
      [4, 0],
      [4, 1],
    ],
  ],
  [
    'select country, (select count(*) from users u where u.country = events.country) from events group by country order by 1',
    [
      [null, 0],
      ['DE', 1],
      ['US', 1],
    ],
  ],
  [
    'select country from users where age > all (select cnt from events where cnt is not null) order by 1',
    ['DE', 'US'],
  ],
  ['select country from users where age = any (select cnt * 10 from events)', ['US', 'DE']],
  ['select country from events where code in (select age / 4 from users)', ['US', 'DE']],
  [
    'select * from (select country c, count(*) n from events group by 1) where n > 1 order by c',
    [
      ['DE', 2],
      ['US', 2],
    ],
  ],
  ['select country from (select * from events order by cnt desc limit 2)', [null, 'DE']],
  ['with a as (select 1 as x) select * from (with a as (select 2 as x) select x from a) b, a', [[2, 1]]],
  ['with w as (select 1 as a), v as (select a + 1 as b from w) select * from v, w', [[2, 1]]],
  ["with w (x, y) as (select country, cnt from events) select y from w where x = 'US'", [1, 2]],
  [
    'with a as (select country from events) select count(*) from a where country in (select country from a)',
    [4],
  ],
  ['select country from events union all select country from users order by 1 limit 3', [null, 'DE', 'DE']],
  ["(select country from events order by cnt desc limit 1) union all (select 'X') order by 1", [null, 'X']],
  ["select 1 union all select 'a'", ['1', 'a']],
  ['select 1 union all select 2.5 union all select 3', [1, 2.5, 3]],
  [
    'select c, count(*) from (select country c from events union all select country from users) group by c order by 2 desc, 1 limit 1',
    [['DE', 3]],
  ],
  [
    "values (1, 'a'), (2, null)",
    [
      [1, 'a'],
      [2, null],
    ],
  ],
  ["select y from (values (1, 'a'), (2, 'b')) as t (x, y) where x > 1", ['b']],
  ['select * from unnest(array[1, 2]) as u (x)', [1, 2]],
  [
    "select x, y from unnest(array['a', 'b']) as u (x), unnest(array[1, 2]) as v (y)",
    [
      ['a', 1],
      ['a', 2],
      ['b', 1],
      ['b', 2],
    ],
  ],
]);
