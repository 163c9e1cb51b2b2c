/** Names and types of what a statement gives, parameters, time zones, the outer limit, and what of a text gets through. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, refusal, translated } from './translate-world.ts';
import type { World } from './translate-world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function outputs(sql: string): Promise<string[]> {
  const { names, types } = await world.answer(sql);
  return names.map((name, index) => `${name} ${types[index]}`);
}

describe('names', () => {
  const named: readonly (readonly [sql: string, names: readonly string[]])[] = [
    ['select count(*), sum(cnt) from events', ['EXPR$0', 'EXPR$1']],
    ['select country, cnt + 1, page as p from events', ['country', 'EXPR$1', 'p']],
    ['select country, country, country from events', ['country', 'country0', 'country1']],
    ['select u."user", 1 as "user" from users u', ['user', 'user0']],
    ['select e.country, u.country from events e, users u', ['country', 'country0']],
    ['select * from (select 1, 2)', ['EXPR$0', 'EXPR$1']],
    ['select * from users', ['__time', 'country', 'user', 'age', 'roles']],
    ['select *, 1 from users', ['__time', 'country', 'user', 'age', 'roles', 'EXPR$5']],
    ["values (1, 'a')", ['EXPR$0', 'EXPR$1']],
    ['with w (a) as (select 1) select * from w', ['a']],
    ['select country as "a ""b" from users', ['a "b']],
  ];
  it.each(named)('%s', async (sql, names) => {
    expect((await world.answer(sql)).names).toEqual(names);
  });

  it('shows a column of USING once and first', async () => {
    const sql = "select * from users join (select 'US' as country, 1 as n) using (country)";
    expect((await world.answer(sql)).names).toEqual(['country', '__time', 'user', 'age', 'roles', 'n']);
  });
});

describe('types', () => {
  const typed: readonly (readonly [sql: string, types: readonly string[]])[] = [
    [
      'select __time, country, tags, cnt, price, ratio from events',
      ['TIMESTAMP', 'VARCHAR', 'VARCHAR MULTI', 'BIGINT', 'DOUBLE', 'FLOAT'],
    ],
    [
      'select 1, 3000000000, 1.5, 1e3, true, null',
      ['INTEGER', 'BIGINT', 'DECIMAL', 'DOUBLE', 'BOOLEAN', 'NULL'],
    ],
    [
      'select 1 + 1, cnt + 1, cnt + 1.5, price + 1, ratio + ratio from events',
      ['INTEGER', 'BIGINT', 'DECIMAL', 'DOUBLE', 'FLOAT'],
    ],
    ['select cast(1 as bigint) + 1', ['BIGINT']],
    [
      'select count(*), sum(cnt), sum(price), min(cnt), max(country) from events',
      ['BIGINT', 'BIGINT', 'DOUBLE', 'BIGINT', 'VARCHAR'],
    ],
    ['select upper(tags) from events', ['VARCHAR MULTI']],
    ['select upper(tags), mv_to_array(tags) from events group by 1, 2', ['VARCHAR', 'VARCHAR ARRAY']],
    ["select tags = 'x' from events", ['BOOLEAN']],
    ['select case when cnt = 1 then 1 else 2.5 end from events', ['DOUBLE']],
    [
      "select date '2026-01-01' + interval '1' day, date '2026-01-01' + interval '1' hour",
      ['DATE', 'TIMESTAMP'],
    ],
    ['select array[1, 2.5]', ['DOUBLE ARRAY']],
    ["select cnt from events union all select '1'", ['VARCHAR']],
    ['select row_number() over (order by cnt) from events', ['BIGINT']],
    ['select (select max(price) from events)', ['DOUBLE']],
  ];
  it.each(typed)('%s', async (sql, expected) => {
    expect((await world.answer(sql)).types).toEqual(expected);
  });

  it('gives names and types of an empty answer', async () => {
    expect(await outputs('select a, sum(n) as s from "nothing" group by a')).toEqual([
      'a VARCHAR',
      's BIGINT',
    ]);
  });
});

describe('parameters', () => {
  const given = (
    type: string,
    value: string | number | boolean | null,
  ): { parameters: [{ type: string; value: typeof value }] } => ({
    parameters: [{ type, value }],
  });
  const answers: readonly (readonly [
    type: string,
    value: string | number | boolean | null,
    shown: unknown,
  ])[] = [
    ['VARCHAR', "it's", "it's"],
    ['varchar', 5, '5'],
    ['BIGINT', 5, 5],
    ['INTEGER', '-5', -5],
    ['DOUBLE', 1.5, 1.5],
    ['DOUBLE', '2', 2],
    ['DECIMAL', -2.5, -2.5],
    ['DOUBLE', 1e300, 1e300],
    ['BOOLEAN', true, true],
    ['BOOLEAN', 'FALSE', false],
    ['TIMESTAMP', '2026-01-01 00:00:00', '2026-01-01T00:00:00.000Z'],
    ['TIMESTAMP', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['TIMESTAMP', 1767225600000, '2026-01-01T00:00:00.000Z'],
    ['DATE', '2026-01-01', '2026-01-01T00:00:00.000Z'],
    ['BIGINT', null, null],
  ];
  it.each(answers)('%s %s', async (type, value, shown) => {
    expect((await world.answer('select ?', given(type, value))).rows).toEqual([[shown]]);
  });

  const refused: readonly (readonly [
    type: string,
    value: string | number | boolean | null,
    message: string,
  ])[] = [
    ['BIGINT', 'x', 'Parameter at position [0] is not a BIGINT: found "x"'],
    ['BIGINT', 1.5, 'Parameter at position [0] is not a BIGINT: found 1.5'],
    ['DOUBLE', '1e999', 'Parameter at position [0] is not a DOUBLE: found "1e999"'],
    ['BOOLEAN', 'x', 'Parameter at position [0] is not a BOOLEAN: found "x"'],
    ['NOSUCH', 1, 'Parameter at position [0] has the type [NOSUCH]'],
    ['TIMESTAMP', 'x', 'Illegal TIMESTAMP'],
  ];
  it.each(refused)('refuses %s %s', async (type, value, message) => {
    expect(await refusal(world, 'select ?', given(type, value))).toContain(message);
  });

  it('are constants: in LIMIT, as keys, in conditions', async () => {
    const parameters = [
      { type: 'VARCHAR', value: '-' },
      { type: 'VARCHAR', value: 'US' },
      { type: 'VARCHAR', value: '-' },
      { type: 'INTEGER', value: 1 },
    ];
    const sql = 'select country || ?, count(*) from events where country = ? group by country || ? limit ?';
    expect((await world.answer(sql, { parameters })).rows).toEqual([['US-', 2]]);
  });

  it('are never read as SQL', async () => {
    const value = "' or 1=1 --";
    const found = await world.answer(
      'select count(*) from events where country = ?',
      given('VARCHAR', value),
    );
    expect(found.rows).toEqual([[0]]);
  });
});

describe('the time zone of the query', () => {
  const berlin = { timeZone: 'Europe/Berlin' };
  const cases: readonly (readonly [sql: string, shown: unknown])[] = [
    ["select timestamp '2026-01-01 00:00:00'", '2026-01-01T00:00:00.000+01:00'],
    ["select cnt from events where __time = '2026-01-01 01:00:00'", 1],
    ["select cnt from events where __time = '2026-01-01T00:00:00Z'", 1],
    ['select cast(__time as varchar) from events where cnt = 1', '2026-01-01 01:00:00'],
    ["select timestamp '2026-03-28 12:00:00' + interval '1' day", '2026-03-29T13:00:00.000+02:00'],
    ["select timestamp '2026-02-28 12:00:00' + interval '1' month", '2026-03-28T12:00:00.000+01:00'],
    ["select timestamp '2026-03-15 12:00:00' + interval '1' month", '2026-04-15T12:00:00.000+02:00'],
    ['select floor(__time to day) from events where cnt = 1', '2026-01-01T00:00:00.000+01:00'],
    ['select extract(hour from __time) from events where cnt = 1', 1],
  ];
  it.each(cases)('%s', async (sql, shown) => {
    expect((await world.answer(sql, berlin)).rows).toEqual([[shown]]);
  });
});

describe('the outer limit', () => {
  const rows = async (sql: string): Promise<number> =>
    (await world.answer(sql, { outerLimit: 2 })).rows.length;
  it('takes the smaller of both', async () => {
    expect(await rows('select * from events')).toBe(2);
    expect(await rows('select * from events limit 1')).toBe(1);
    expect(await rows('select * from events limit 4')).toBe(2);
    expect(await rows('select count(*) from (select * from events)')).toBe(1);
  });

  it('keeps the order', async () => {
    const { rows: found } = await world.answer('select cnt from events order by cnt desc', { outerLimit: 2 });
    expect(found).toEqual([[4], [3]]);
  });
});

describe('what of a text gets through', () => {
  it('is only literals: names are quoted, tables are under names of ours', () => {
    const sql = translated(`select "a""b" as "x; drop", 'q;''--' from "odd "" name" as "y"" z"`).sql;
    expect(sql).toBe(`select t1."a""b" as c0, 'q;''--' as c1 from druid."odd "" name" as t1`);
  });

  it('holds a NUL, which would end a text in DuckDB', async () => {
    const { rows } = await world.answer("select 'a\0b' || 'c', length('a\0b')");
    expect(rows).toEqual([['a\0bc', 3]]);
  });

  it('computes one aggregate once', () => {
    const { sql } = translated(
      'select sum(cnt), sum(cnt) + 1 from events having sum(cnt) > 0 order by sum(cnt) + 2',
    );
    expect(sql.split('sum(').length - 1).toBe(1);
  });

  it('computes a common table expression once when it is used twice, in place when once', () => {
    expect(translated('with w as (select 1 as a) select * from w').sql).toContain('as not materialized');
    expect(translated('with w as (select 1 as a) select * from w x, w y').sql).not.toContain(
      'not materialized',
    );
  });
});
