/**
 * The gate by itself: DuckDB's own parse tree of hostile DuckDB SQL, as if the translator had let it through. Each of its
 * checks refuses something that no other check refuses, in words of its own.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkStatement, passGate } from '../../query/gate.ts';
import { hostileStatements } from './hostile-sql.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const outcomeOf = (sql: string): Promise<string> =>
  passGate(connection, sql).then(
    () => 'passed',
    (error: Error) => error.message,
  );

describe('the gate', () => {
  it('refuses every hostile statement, whoever wrote it', async () => {
    const passed: string[] = [];
    for (const { sql } of hostileStatements) if ((await outcomeOf(sql)) === 'passed') passed.push(sql);
    expect(passed).toEqual([]);
  });

  it.each([
    ['a function', `select getenv('HOME')`, /function getenv is not allowed/],
    ['a function in capitals', `select GETENV('HOME')`, /function getenv is not allowed/],
    ['a function of main', `select main.getenv('HOME')`, /function getenv is not allowed/],
    ['a function of another schema', `select pg_catalog.abs(1)`, /function pg_catalog.abs is not allowed/],
    ['a function of another catalog', `select other.main.abs(1)`, /function abs is not allowed/],
    ['a function in a window', `select getenv('HOME') over ()`, /function getenv is not allowed/],
    ['a function in a filter', `select count(*) filter (where getenv('x') = '')`, /function getenv/],
    ['a function in a lambda', `select list_transform([1], lambda x: getenv('x'))`, /function getenv/],
    ['a function in ORDER BY', `select 1 order by getenv('x')`, /function getenv/],
    ['a function in LIMIT', `select 1 limit (select getenv('x'))`, /function getenv/],
    ['a function in a WITH', `with w1 as (select getenv('x')) select 1`, /function getenv/],
    ['a function in a join', `select 1 from druid.a join druid.b on getenv('x') = ''`, /function getenv/],
    ['a function in VALUES', `select * from (values (getenv('x'))) as t`, /function getenv/],
    ['a function of rows', `select * from range(10)`, /a TABLE_FUNCTION in the FROM clause/],
    ['a file', `select * from read_text('/etc/passwd')`, /a TABLE_FUNCTION in the FROM clause/],
    ['a function of rows as a value', `select unnest(range(1000000000))`, /function range/],
    ['a file as a table', `select * from '/etc/passwd'`, /table \/etc\/passwd is not allowed/],
    ['a view of the engine', `select * from duckdb_views`, /table duckdb_views is not allowed/],
    ['a table without a schema', `select * from t1`, /table t1 is not allowed/],
    ['a WITH name that is not there', `select * from w1`, /table w1 is not allowed/],
    [
      'a WITH that hides a view',
      `with duckdb_views as (select 1) select * from duckdb_views`,
      /duckdb_views/,
    ],
    ['a table of main', `select * from main.x`, /table main.x is not allowed/],
    ['a table of a catalog', `select * from memory.druid.x`, /table memory.druid.x is not allowed/],
    ['information_schema', `select * from information_schema.tables`, /information_schema.tables/],
    ['SHOW', `show tables`, /a SHOW_REF in the FROM clause/],
    ['DESCRIBE in parentheses', `select * from (describe druid.x)`, /a SHOW_REF in the FROM clause/],
    [
      'recursion',
      `with recursive w1 as (select 1 union all select 1 from w1) select * from w1`,
      /RECURSIVE_CTE/,
    ],
    ['a parameter', `select $1`, /a PARAMETER expression/],
    ['a column by its place', `select #1`, /a POSITIONAL_REFERENCE expression/],
    ['a collation', `select 'a' collate nocase`, /a COLLATE expression/],
    ['DEFAULT', `select default`, /a DEFAULT expression/],
    ['a pattern of columns', `select columns('.*') from druid.x`, /a pattern of columns/],
    ['a sample of a table', `select * from druid.x tablesample 10%`, /a sample is not allowed/],
    ['a sample of a query', `select * from druid.x using sample 10`, /a sample is not allowed/],
    ['two statements', `select 1; select 2`, /found 2 statements/],
    ['no statement', ` `, /found 0 statements/],
    ['a statement that writes', `copy druid.x to '/tmp/x'`, /Not implemented error/],
    ['a statement nobody can read', `selec 1`, /Parser error/],
    ['a NUL', `select 1 \0; select 2`, /NUL character/],
    ['a translation without end', `select '${'x'.repeat(4 * 1024 * 1024)}'`, /expected at most 4194304/],
    ['a tree that is too deep', `select ${'abs('.repeat(2_000)}1${')'.repeat(2_000)}`, /nested too deeply/],
  ])('refuses %s', async (_name, sql, says) => {
    expect(await outcomeOf(sql)).toMatch(says);
  });

  it.each([
    ['views of ours', `select t1."a" as c0 from druid."x" as t1 join sys."y" as t2 on t1."a" = t2."b"`],
    ['a WITH of ours', `with w1 as (select 1 as c0) select t2.c0 as c0 from w1 as t2`],
    ['rows written out', `select t1.c0 from (select * from (values (1), (2)) as t(c0)) as t1`],
    ['unions and subqueries', `select 1 as c0 union all (select (select max(t1."a") from druid."x" as t1))`],
    ['numbers that JSON has no word for', `select 1e400 as c0, cast('NaN' as double) as c1`],
    ['a text that looks like one of them', `select 'a_":NaN,"b' as c0`],
    ['a lambda', `select list_transform([1, 2], lambda v: v + 1) as c0`],
    ['a window', `select sum(t1."a") over (partition by t1."b" order by t1."c" desc) from druid."x" as t1`],
  ])('lets through %s', async (_name, sql) => {
    expect(await outcomeOf(sql)).toBe('passed');
  });

  it('shows nothing of the SQL of a statement it cannot read', async () => {
    const message = await outcomeOf(`select t1."secret_column" frm druid."x" whre 1`);
    expect(message).not.toMatch(/secret_column|frm|whre|t1/);
    expect(message).toMatch(/^the statement cannot be run: /);
  });

  it.each([
    null,
    'text',
    [],
    {},
    { error: false },
    { statements: [] },
    { statements: [null] },
    { statements: [{}] },
  ])('refuses a tree that is none: %j', (tree) => {
    expect(() => checkStatement(tree)).toThrow(/cannot be run/);
  });
});
