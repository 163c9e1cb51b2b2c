/** Multi-value dimensions: any value matches, functions run over each value, GROUP BY sees one row a value. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRows, openWorld, refusal } from './translate-world.ts';
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

// Rows by cnt: 1 has x and y, 2 has x, 3 has none, 4 has y and z, null has z.
const xy = '["x","y"]';
const yz = '["y","z"]';

cases('in conditions any value matches, and negated none', [
  ['select tags from events', [xy, 'x', null, yz, 'z']],
  ["select cnt from events where tags = 'x'", [1, 2]],
  ["select cnt from events where 'x' = tags", [1, 2]],
  ["select cnt from events where tags <> 'x'", [4, null]],
  ["select cnt from events where not (tags = 'x')", [4, null]],
  ["select cnt from events where tags in ('x', 'q')", [1, 2]],
  ["select cnt from events where tags not in ('x', 'q')", [4, null]],
  ["select cnt from events where tags like 'z%'", [4, null]],
  ["select cnt from events where tags not like 'z%'", [1, 2]],
  ["select cnt from events where tags between 'y' and 'z'", [1, 4, null]],
  ["select cnt from events where tags not between 'y' and 'z'", [2]],
  ["select cnt from events where tags > 'x' and tags < 'z'", [1, 4]],
  ['select cnt from events where tags is null', [3]],
  ['select cnt from events where tags is not null', [1, 2, 4, null]],
  ["select cnt from events where tags is distinct from 'x'", [3, 4, null]],
  ["select cnt from events where tags = 'x' or tags = 'z'", [1, 2, 4, null]],
  ["select cnt from events where tags = 'x' and tags = 'y'", [1]],
  ['select cnt from events where tags in (select roles from users)', [1, 2, 4, null]],
  ['select cnt from events where tags not in (select roles from users where roles is not null)', []],
  ["select cnt from events where tags in (select roles from users where roles = 'q')", []],
  ['select cnt from events where country in (select roles from users order by age desc limit 1)', []],
  ['select cnt from events where tags in (select roles from users order by age desc limit 1)', [1, 4, null]],
  [
    "select cnt from events where 'z' in (select roles from users order by age desc limit 1) and cnt = 1",
    [1],
  ],
  ["select cnt from events where tags in (select 'q' union all select roles from users)", [1, 2, 4, null]],
  ["select cnt from events where upper(tags) = 'X'", [1, 2]],
  ['select cnt from events where length(tags) > 1', []],
  ["select tags = 'x' from events", [true, true, null, false, false]],
  ["select tags <> 'x' from events", [false, false, null, true, true]],
  ["select count(*) filter (where tags = 'y') from events", [2]],
  ['select "user" from users where country in (select country from events where tags = \'x\')', ['ann']],
  ["select cnt from events where case when tags = 'x' then true else false end", [1, 2]],
  ["select cnt from events where nvl(tags, 'q') = 'q'", [3]],
]);

cases('functions run over each value', [
  ['select upper(tags) from events', ['["X","Y"]', 'X', null, '["Y","Z"]', 'Z']],
  ["select tags || '!' from events", ['["x!","y!"]', 'x!', null, '["y!","z!"]', 'z!']],
  ["select upper(tags) || '-' || tags from events where cnt = 1", ['["X-x","Y-y"]']],
  ["select coalesce(tags, 'none') from events", [xy, 'x', 'none', yz, 'z']],
  ["select case when tags = 'x' then 'X' else tags end from events", ['["X","y"]', 'X', null, yz, 'z']],
  ['select cast(tags as varchar) from events where cnt = 4', [yz]],
  ["select mv_to_string(tags, '|') from events", ['x|y', 'x', null, 'y|z', 'z']],
  ['select mv_length(upper(tags)) from events', [2, 1, null, 2, 1]],
  ["select mv_filter_only(tags, array['x']) from events", ['x', 'x', null, null, null]],
  ['select mv_to_array(tags) from events where cnt < 3', [xy, '["x"]']],
]);

cases('grouped, each value is a row', [
  [
    'select tags, count(*) from events group by tags order by 1',
    [
      [null, 1],
      ['x', 2],
      ['y', 2],
      ['z', 2],
    ],
  ],
  [
    "select tags, count(*) from events where tags = 'x' group by 1 order by 1",
    [
      ['x', 2],
      ['y', 1],
    ],
  ],
  [
    'select upper(tags) u, sum(cnt) from events group by upper(tags) order by 1',
    [
      [null, 3],
      ['X', 3],
      ['Y', 5],
      ['Z', 4],
    ],
  ],
  [
    "select tags || '!' t, sum(cnt) from events group by tags || '!' having sum(cnt) > 3 order by t",
    [
      ['y!', 5],
      ['z!', 4],
    ],
  ],
  [
    "select coalesce(tags, 'none'), count(*) from events group by 1 order by 1",
    [
      ['none', 1],
      ['x', 2],
      ['y', 2],
      ['z', 2],
    ],
  ],
  [
    "select case tags when 'x' then 'X' else 'other' end c, count(*) from events group by 1 order by 1",
    [
      ['X', 2],
      ['other', 5],
    ],
  ],
  [
    'select country, tags, count(*) from events where cnt < 3 group by 1, 2 order by 1, 2',
    [
      ['US', 'x', 2],
      ['US', 'y', 1],
    ],
  ],
  [
    'select e.tags, u.roles, count(*) from events e join users u on e.country = u.country group by 1, 2 order by 1, 2',
    [
      [null, 'y', 1],
      [null, 'z', 1],
      ['x', 'x', 2],
      ['y', 'x', 1],
      ['z', 'y', 1],
      ['z', 'z', 1],
    ],
  ],
  [
    'select tags, count(*) from events group by rollup (tags) order by grouping(tags), 1',
    [
      [null, 1],
      ['x', 2],
      ['y', 2],
      ['z', 2],
      [null, 7],
    ],
  ],
  [
    "select mv_filter_only(tags, array['x']) t, count(*) from events group by 1 order by 1",
    [
      [null, 3],
      ['x', 2],
    ],
  ],
  [
    'select mv_to_array(tags), count(*) from events group by 1 order by 2, 1 limit 2',
    [
      [null, 1],
      ['["x"]', 1],
    ],
  ],
  ['select distinct tags from events order by 1', [null, 'x', 'y', 'z']],
  [
    'select tags, row_number() over (partition by tags order by __time) from events order by 1, 2',
    [
      [null, 1],
      ['x', 1],
      ['x', 2],
      ['y', 1],
      ['y', 2],
      ['z', 1],
      ['z', 2],
    ],
  ],
  [
    'select tags, count(distinct page) from events group by 1 order by 2 desc, 1',
    [
      ['x', 2],
      ['y', 2],
      ['z', 2],
      [null, 1],
    ],
  ],
  [
    "select string_to_mv('a,b', ',') m, count(*) from events group by 1 order by 1",
    [
      ['a', 5],
      ['b', 5],
    ],
  ],
]);

cases('in aggregates without grouping', [
  ['select count(tags), count(distinct tags) from events', [[4, 3]]],
  ['select count(distinct tags) filter (where cnt < 3), approx_count_distinct(tags) from events', [[2, 3]]],
  ['select count(distinct tags) from events where cnt = 3', [0]],
  ["select sum(case when tags = 'x' then 1 else 0 end) from events", [2]],
]);

cases('rows of values', [
  [
    'select cnt, x from events cross join unnest(mv_to_array(tags)) as u (x) order by __time, x',
    [
      [1, 'x'],
      [1, 'y'],
      [2, 'x'],
      [4, 'y'],
      [4, 'z'],
      [null, 'z'],
    ],
  ],
  ["select cnt from events, unnest(mv_to_array(tags)) as u (x) where x = 'y'", [1, 4]],
  [
    'select cnt, x from events left join unnest(mv_to_array(tags)) as u (x) on true where cnt = 3',
    [[3, null]],
  ],
  [
    'select x, count(*) from events, unnest(mv_to_array(tags)) as u (x) group by x order by 1',
    [
      ['x', 2],
      ['y', 2],
      ['z', 2],
    ],
  ],
  [
    'select tags, country from events where cnt = 1 union all select country, tags from events where cnt = 2',
    [
      [xy, 'US'],
      ['US', 'x'],
    ],
  ],
]);

describe('what has no clear meaning is refused', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['select cnt from events order by tags', 'A multi-value dimension has no order of its own'],
    ['select tags from events order by 1', 'A multi-value dimension has no order of its own'],
    [
      'select 1 from events e join users u on e.tags = u.country',
      'A multi-value dimension cannot be joined on',
    ],
    ['select 1 from users join (select roles from users) r using (roles)', 'cannot be joined on'],
    ['select tags || roles from events, users', 'Two multi-value dimensions in one expression'],
    ['select * from events, unnest(tags) as u (x)', 'expected an array: use MV_TO_ARRAY'],
    ['select array[tags] from events', 'use MV_TO_ARRAY'],
    [
      "select 1 from users where ('x', 'y') in (select tags, tags from events limit 1)",
      'Two multi-value dimensions in a query of IN with a LIMIT',
    ],
    [
      'select tags || (select max(country) from users) from events',
      'A query and a multi-value dimension in one',
    ],
  ];
  it.each(refused)('%s', async (sql, message) => {
    expect(await refusal(world, sql)).toContain(message);
  });
});
