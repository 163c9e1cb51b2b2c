/** SQL over real segment files in a real query process: formats as recorded from Druid, exact digits, limits that hold. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueryEngine } from '../../query/engine.ts';
import type { QueryParameter, ResultFormat } from '../../query/messages.ts';
import { waitFor } from '../support/wait-for.ts';
import { aQuery, makeWorkplace, openEngine, rowsOf, textOf, writeSegment } from './segments.ts';

const workplace = makeWorkplace();
const runaway = 'select sum(a.n - b.n + c.n) from many a cross join many b cross join many c';
let engine: QueryEngine;
let sources: Parameters<typeof openEngine>[1];

/** Two rows as in the recorded answers. */
const twoRows = `select * from (values
  (timestamptz '2026-01-01 00:00:00Z', 'US', 1::bigint), (timestamptz '2026-01-01 00:01:00Z', 'DE', 1::bigint))
  as t(__time, country, cnt)`;

beforeAll(async () => {
  const life = await writeSegment(workplace, twoRows);
  const old = await writeSegment(
    workplace,
    `select timestamptz '2026-01-01' as __time, 'a' as tags, 1::bigint as amount, 'x' as gone`,
  );
  const multi = await writeSegment(
    workplace,
    `select timestamptz '2026-01-02' as __time, unnest([['b','c'], ['d'], []::varchar[], null]) as tags, 1.5::double as amount`,
  );
  const many = await writeSegment(
    workplace,
    `select timestamptz '2026-01-01' as __time, range as n from range(1000000)`,
  );
  const big = await writeSegment(
    workplace,
    `select timestamptz '2026-01-01' as __time, 9223372036854775807::bigint as n from range(2)`,
  );
  sources = {
    life: { groups: [[life]] },
    mixed: { groups: [[old], [multi]], knownColumns: [{ name: 'amount', type: 'BIGINT' }] },
    big: { groups: [[big]] },
    many: { groups: [[many]] },
    empty: {
      groups: [],
      knownColumns: [
        { name: 'country', type: 'VARCHAR' },
        { name: 'events', type: 'BIGINT' },
      ],
    },
    'odd "name"; --': { groups: [[life]] },
    Life: { groups: [[life]] },
  };
  engine = openEngine(workplace, sources, {
    system: { tasks: [['t1', ...Array.from({ length: 13 }, () => null)]] },
  });
});

afterAll(async () => {
  await engine.close();
  workplace.remove();
});

async function body(sql: string, format: ResultFormat, headers = false): Promise<string> {
  const result = {
    format,
    header: headers,
    typesHeader: headers,
    sqlTypesHeader: headers,
    stringifyArrays: true,
  };
  return textOf(await engine.run(aQuery(sql, { result })));
}

describe('result formats', () => {
  const sql = 'select __time, country, cnt from "life" order by country desc';

  it.each<[ResultFormat, string]>([
    [
      'object',
      '[{"__time":"2026-01-01T00:00:00.000Z","country":"US","cnt":1},{"__time":"2026-01-01T00:01:00.000Z","country":"DE","cnt":1}]\n',
    ],
    ['array', '[["2026-01-01T00:00:00.000Z","US",1],["2026-01-01T00:01:00.000Z","DE",1]]\n'],
    [
      'objectLines',
      '{"__time":"2026-01-01T00:00:00.000Z","country":"US","cnt":1}\n{"__time":"2026-01-01T00:01:00.000Z","country":"DE","cnt":1}\n\n',
    ],
    ['arrayLines', '["2026-01-01T00:00:00.000Z","US",1]\n["2026-01-01T00:01:00.000Z","DE",1]\n\n'],
    ['csv', '2026-01-01T00:00:00.000Z,US,1\n2026-01-01T00:01:00.000Z,DE,1\n\n'],
  ])('writes %s as Druid does', async (format, expected) => {
    expect(await body(sql, format)).toBe(expected);
  });

  it('puts names and both kinds of types first when asked', async () => {
    expect(JSON.parse(await body(`${sql} limit 0`, 'array', true))).toEqual([
      ['__time', 'country', 'cnt'],
      ['LONG', 'STRING', 'LONG'],
      ['TIMESTAMP', 'VARCHAR', 'BIGINT'],
    ]);
    expect(JSON.parse(await body(`${sql} limit 0`, 'object', true))).toEqual([
      {
        __time: { type: 'LONG', sqlType: 'TIMESTAMP' },
        country: { type: 'STRING', sqlType: 'VARCHAR' },
        cnt: { type: 'LONG', sqlType: 'BIGINT' },
      },
    ]);
    expect(await body(`${sql} limit 0`, 'csv', true)).toBe(
      '__time,country,cnt\nLONG,STRING,LONG\nTIMESTAMP,VARCHAR,BIGINT\n\n',
    );
  });

  it('quotes csv cells that need it', async () => {
    expect(await body(`select 'a,b' as x, 'say "hi"' as y, null as z`, 'csv')).toBe(
      '"a,b","say ""hi""",\n\n',
    );
  });

  it('names expressions without an alias as Druid does', async () => {
    expect(await body('select count(*), sum(cnt), 1 as "one" from life', 'object')).toBe(
      '[{"EXPR$0":2,"EXPR$1":2,"one":1}]\n',
    );
    expect(await body(`select *, cnt + 1, 'x' as y from life limit 1`, 'objectLines')).toContain(
      '"EXPR$3":2,"y":"x"',
    );
  });
});

describe('values', () => {
  it('keeps every digit of longs and of sums beyond 64 bits', async () => {
    expect(await body('select n, sum(n) from big group by 1', 'array')).toBe(
      '[[9223372036854775807,18446744073709551614]]\n',
    );
  });

  it('prints the types of the recorded query as Druid did', async () => {
    const sql = `select 1 as i, 1.5 as d, 'x' as s, true as b, null as n, timestamp '2026-01-01 00:00:00' as t,
      array[1,2] as a, cast(9007199254740993 as bigint) as big`;
    expect(await body(sql, 'objectLines')).toBe(
      '{"i":1,"d":1.5,"s":"x","b":true,"n":null,"t":"2026-01-01T00:00:00.000Z","a":"[1,2]","big":9007199254740993}\n\n',
    );
  });

  it('has text for what JSON has no word for', async () => {
    const sql = `select date '2026-01-02' as d, timestamp '1969-12-31 23:59:59.999' as e, power(-8.0, 0.5) as f`;
    expect(JSON.parse(await body(sql, 'object'))).toEqual([
      { d: '2026-01-02T00:00:00.000Z', e: '1969-12-31T23:59:59.999Z', f: 'NaN' },
    ]);
  });

  it('prints times in the zone of the query', async () => {
    const sql = `select timestamp '2026-07-01 00:00:00' as t, time_floor(__time, 'P1D') as d, cast(__time as date) as day_ from life limit 1`;
    expect(await rowsOf(engine, sql, { timeZone: 'America/Los_Angeles' })).toEqual([
      {
        t: '2026-07-01T00:00:00.000-07:00',
        d: '2025-12-31T00:00:00.000-08:00',
        day_: '2025-12-31T00:00:00.000-08:00',
      },
    ]);
  });

  it('prints doubles and floats as Java does, whole numbers as digits', async () => {
    const sql = `select 1.5 as a, cast(20 as double) as b, cast(1e10 as double) as c, cast(0.1 as float) as d, 7 as e`;
    expect(await body(sql, 'csv')).toBe('1.5,20.0,1.0E10,0.1,7\n\n');
    expect(await body(sql, 'array')).toBe('[[1.5,20.0,1.0E10,0.1,7]]\n');
  });

  it('gives arrays as text, or as arrays when asked', async () => {
    expect(await rowsOf(engine, 'select array[1, 2] as a')).toEqual([{ a: '[1,2]' }]);
    const result = {
      format: 'object',
      header: false,
      typesHeader: false,
      sqlTypesHeader: false,
      stringifyArrays: false,
    } as const;
    expect(await rowsOf(engine, 'select array[1, 2] as a', { result })).toEqual([{ a: [1, 2] }]);
  });

  it('binds parameters by their SQL type', async () => {
    const parameters: QueryParameter[] = [
      { type: 'VARCHAR', value: 'US' },
      { type: 'BIGINT', value: '9007199254740993' },
      { type: 'TIMESTAMP', value: '2026-01-01T00:00:00Z' },
      { type: 'TIMESTAMP', value: 1767225600000 },
      { type: 'DOUBLE', value: 0.5 },
      { type: 'BOOLEAN', value: true },
      { type: 'DATE', value: '2026-01-01' },
    ];
    expect(
      await rowsOf(
        engine,
        'select country, ? as b, ? as t1, ? as t2, ? as d, ? as f, ? as e from life where country = ?',
        {
          parameters: [...parameters.slice(1), parameters[0] as QueryParameter],
        },
      ),
    ).toEqual([
      {
        country: 'US',
        b: 9007199254740992,
        t1: '2026-01-01T00:00:00.000Z',
        t2: '2026-01-01T00:00:00.000Z',
        d: 0.5,
        f: true,
        e: '2026-01-01T00:00:00.000Z',
      },
    ]);
  });

  it.each<[string, QueryParameter[], RegExp]>([
    ['too few', [], /Parameter at position \[0\]/],
    ['a wrong number', [{ type: 'BIGINT', value: 'x' }], /Parameter at position \[0\]/],
    ['a number of 65 bits', [{ type: 'BIGINT', value: '9223372036854775808' }], /out of range/],
    ['an unknown type', [{ type: 'GEOMETRY', value: 'x' }], /Parameter at position \[0\].*GEOMETRY/],
  ])('refuses parameters: %s', async (_name, parameters, says) => {
    await expect(engine.run(aQuery('select ?', { parameters }))).rejects.toMatchObject({
      code: 'QUERY_INVALID',
      message: expect.stringMatching(says),
    });
  });
});

describe('data sources', () => {
  it('answers by either name and quotes odd ones', async () => {
    expect(await rowsOf(engine, 'select count(*) as n from druid."life"')).toEqual([{ n: 2 }]);
    expect(await rowsOf(engine, 'select count(*) as n from "odd ""name""; --"')).toEqual([{ n: 2 }]);
  });

  it('joins files of different columns: a list and a text, a long and a double, a column that is gone', async () => {
    expect(
      await rowsOf(engine, "select tags, amount, gone from mixed order by __time, mv_to_string(tags, ',')"),
    ).toEqual([
      { tags: 'a', amount: 1, gone: 'x' },
      { tags: null, amount: 1.5, gone: null },
      { tags: null, amount: 1.5, gone: null },
      { tags: '["b","c"]', amount: 1.5, gone: null },
      { tags: 'd', amount: 1.5, gone: null },
    ]);
  });

  it('has the columns of the spec before there is a segment', async () => {
    expect(await body('select * from "empty"', 'array', true)).toContain('["__time","country","events"]');
    expect(await rowsOf(engine, 'select count(*) as n, sum(events) as s from "empty"')).toEqual([
      { n: 0, s: null },
    ]);
  });

  it('is case-sensitive about names, and says where an unknown one stands', async () => {
    await expect(engine.run(aQuery('select *\nfrom LIFE'))).rejects.toMatchObject({
      code: 'QUERY_INVALID',
      message: expect.stringMatching(/Object 'LIFE' not found \(line \[2\], column \[6\]\)/),
    });
    await expect(engine.run(aQuery('select * from life, "Life"'))).rejects.toThrow(/differ only in case/);
  });

  it('lets WITH names stand for themselves, also beside a data source of that name', async () => {
    expect(await rowsOf(engine, 'with q as (select 7 as a) select * from q')).toEqual([{ a: 7 }]);
    expect(
      await rowsOf(
        engine,
        'select (with life as (select 1 as uno) select uno from life) as a, count(*) as n from life',
      ),
    ).toEqual([{ a: 1, n: 2 }]);
  });

  it('answers sys tables from the rows it is given', async () => {
    expect(await rowsOf(engine, 'select task_id, error_msg from sys.tasks')).toEqual([
      { task_id: 't1', error_msg: null },
    ]);
    await expect(engine.run(aQuery('select * from sys.nosuch'))).rejects.toThrow(
      /Object 'sys.nosuch' not found .*servers/,
    );
  });
});

describe('SQL of Druid that comes cheap', () => {
  it.each([
    [
      `select time_floor(__time, 'PT1H') as t, count(*) as n from life group by 1`,
      { t: '2026-01-01T00:00:00.000Z', n: 2 },
    ],
    [`select time_floor(timestamp '2026-02-18 13:14:15', 'P1W') as t`, { t: '2026-02-16T00:00:00.000Z' }],
    [`select time_floor(timestamp '2026-02-18 13:14:15', 'P3M') as t`, { t: '2026-01-01T00:00:00.000Z' }],
    [`select time_ceil(timestamp '2026-02-18 13:14:15', 'P1D') as t`, { t: '2026-02-19T00:00:00.000Z' }],
    [`select time_shift(timestamp '2026-02-18', 'P1M', -1) as t`, { t: '2026-01-18T00:00:00.000Z' }],
    [
      `select millis_to_timestamp(0) as t, timestamp_to_millis(timestamp '1970-01-02') as m`,
      { t: '1970-01-01T00:00:00.000Z', m: 86400000 },
    ],
    ['select 5 / 2 as q', { q: 2 }],
    [`select approx_count_distinct(country) as n from life`, { n: 2 }],
    [`select count(*) filter (where country = 'US') as n from life`, { n: 1 }],
  ])('%s', async (sql, row) => {
    expect(await rowsOf(engine, sql)).toEqual([row]);
  });

  it('sorts nulls as the smallest value', async () => {
    const sql = 'select a from (values (1), (null), (2)) as t(a) order by a';
    expect(await rowsOf(engine, sql)).toEqual([{ a: null }, { a: 1 }, { a: 2 }]);
    expect(await rowsOf(engine, `${sql} desc`)).toEqual([{ a: 2 }, { a: 1 }, { a: null }]);
  });

  it('explains without showing where files lie', async () => {
    const plan = await body('/* why */ explain plan for select * from life', 'object');
    expect(JSON.parse(plan)).toEqual([
      {
        PLAN: expect.stringContaining('country'),
        RESOURCES: '[{"name":"life","type":"DATASOURCE"}]',
        ATTRIBUTES: '{"statementType":"SELECT"}',
      },
    ]);
    expect(plan).not.toContain(workplace.folder);
  });
});

describe('mistakes', () => {
  it.each([
    ['', /unexpected token \[<EOF>\]/],
    ['selec 1', /unexpected token \[selec\] \(line \[1\], column \[1\]\)/],
    ['select nosuch from life', /Column 'nosuch' not found in any table \(line \[1\], column \[8\]\)/],
    ['select 9223372036854775807 + n from big', /Overflow/i],
    [`select 'é', nosuch from life`, /line \[1\], column \[13\]/],
    ['('.repeat(5000) + '1' + ')'.repeat(5000), /./],
    ['select \u0000 1', /./],
  ])('%#: a clear refusal', async (sql, says) => {
    await expect(engine.run(aQuery(sql))).rejects.toMatchObject({
      code: expect.stringMatching(/^QUERY_/),
      message: expect.stringMatching(says),
    });
    expect(await rowsOf(engine, 'select 1 as a')).toEqual([{ a: 1 }]);
  });
});

// Processes are started and killed here; a busy machine needs its time.
describe('limits', { timeout: 60_000 }, () => {
  it('stops a runaway join at its timeout and goes on', async () => {
    const started = performance.now();
    await expect(engine.run(aQuery(runaway, { timeoutMs: 500 }))).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      details: { limit: 'time' },
    });
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(await rowsOf(engine, 'select 1 as a')).toEqual([{ a: 1 }]);
  });

  it('kills a process that does not listen to an interrupt', async () => {
    const stubborn = openEngine(workplace, {}, { limits: { killAfterMs: 300 } });
    try {
      // One call of a scalar function is never interrupted.
      const sql = `select length(regexp_replace(repeat('ab', 100000000), '(a|b)+?c', 'd'))`;
      const started = performance.now();
      await expect(stubborn.run(aQuery(sql, { timeoutMs: 300 }))).rejects.toMatchObject({
        code: 'QUERY_LIMIT',
      });
      expect(performance.now() - started).toBeLessThan(15_000);
      expect(await rowsOf(stubborn, 'select 1 as a')).toEqual([{ a: 1 }]);
    } finally {
      await stubborn.close();
    }
  });

  it('refuses results beyond the row, byte and memory limits, each by name', async () => {
    const small = openEngine(workplace, sources, {
      limits: { rowsMax: 1_000, resultBytesMax: 100_000, memoryBytes: 64 * 1024 * 1024, spillBytesMax: 0 },
    });
    try {
      const limitOf = (sql: string) =>
        small.run(aQuery(sql)).then(
          () => 'none',
          (error: { details: { limit: string } }) => error.details.limit,
        );
      expect(await limitOf('select * from many limit 1001')).toBe('rows');
      expect(await limitOf(`select repeat('x', 1000) from many limit 500`)).toBe('bytes');
      expect(await limitOf('select array_agg(a.n) from many a, many b')).toBe('memory');
      expect(await rowsOf(small, 'select count(*) as n from many')).toEqual([{ n: 1_000_000 }]);
    } finally {
      await small.close();
    }
  });

  it('lets some queries wait and refuses the rest', async () => {
    const narrow = openEngine(workplace, sources, { limits: { concurrent: 1, waiting: 1 } });
    try {
      const running = narrow.run(aQuery(runaway, { id: 'slow' })).catch((error: unknown) => error);
      await waitFor(() => narrow.cancel('nobody') === false, { what: 'the pool' });
      const second = narrow.run(aQuery('select 1 as a'));
      await expect(narrow.run(aQuery('select 1'))).rejects.toMatchObject({
        details: { limit: 'concurrent' },
      });
      await waitFor(() => narrow.cancel('slow'), { what: 'the slow query to run' });
      expect(await running).toMatchObject({
        code: 'QUERY_LIMIT',
        message: expect.stringContaining('cancelled'),
      });
      expect(textOf(await second)).toBe('[{"a":1}]\n');
    } finally {
      await narrow.close();
    }
  });

  it('cuts at the outer limit without an error', async () => {
    expect(await rowsOf(engine, 'select * from many', { outerLimit: 3 })).toHaveLength(3);
  });

  it.skipIf(process.platform !== 'linux')(
    'takes its process along when the api process is killed in the middle of a query',
    async () => {
      const engineFile = join(import.meta.dirname, '../../dist/query/engine.js');
      const script = `
      const { QueryEngine } = await import(${JSON.stringify(engineFile)});
      const opened = { sources: [], incomplete: [], describeFile: () => null, release: () => {} };
      const catalog = { open: async () => opened, systemTable: async () => null, systemTableNames: () => [] };
      const engine = new QueryEngine(catalog, { scratch: ${JSON.stringify(join(workplace.folder, 'killed'))} });
      const result = { format: 'object', header: false, typesHeader: false, sqlTypesHeader: false, stringifyArrays: true };
      const ask = (sql) => engine.run({ sql, parameters: [], result, outerLimit: null, timeoutMs: null });
      await ask('select 1');
      console.log('ready');
      await ask("select length(regexp_replace(repeat('ab', 100000000), '(a|b)+?c', 'd'))");`;
      const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => parent.stdout.once('data', resolve));
      const children = await waitFor(() => childrenOf(parent.pid), { what: 'the query process' });
      parent.kill('SIGKILL');
      await waitFor(() => children.every((pid) => !isAlive(pid)), { what: 'the query process to end' });
    },
  );

  it('leaves no folder of a query behind', async () => {
    const other = openEngine(workplace, {});
    await rowsOf(other, 'select 1');
    await other.close();
    const scratch = join(workplace.folder, 'scratch');
    // The processes of `engine` still run; none of the others' folders is left.
    expect(readdirSync(scratch).length).toBeLessThanOrEqual(2);
  });
});

/** Only where /proc exists. */
function childrenOf(pid: number | undefined): number[] | null {
  const path = `/proc/${pid}/task/${pid}/children`;
  const pids = existsSync(path)
    ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    : [];
  return pids.length === 0 ? null : pids;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
