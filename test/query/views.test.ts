/** One table over files that disagree and pieces of running tasks: every row once, every group once, no name that breaks the SQL. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { LiveColumn, LiveGroup, SourceTable } from '../../query/messages.ts';
import { unifyColumns } from '../../query/unify-columns.ts';
import { identifier, literal, viewSql } from '../../query/views.ts';
import { makeWorkplace, writeSegment } from './segments.ts';

const workplace = makeWorkplace();
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await connection.run(`set TimeZone = 'UTC'; create schema druid`);
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  workplace.remove();
});

const time: LiveColumn = { name: '__time', type: 'TIMESTAMP WITH TIME ZONE', role: 'time', merge: null };
const dimension = (name: string, type = 'VARCHAR'): LiveColumn => ({
  name,
  type,
  role: 'dimension',
  merge: null,
});
const metric = (name: string, merge: 'sum' | 'min' | 'max', type = 'BIGINT'): LiveColumn => ({
  name,
  type,
  role: 'metric',
  merge,
});

async function piece(
  columns: readonly LiveColumn[],
  values: string,
  wide = false,
): Promise<LiveGroup['pieces'][number]> {
  const names = columns.map(({ name }) => identifier(name)).join(', ');
  const casts = columns
    .map(({ name, type }) => `cast(${identifier(name)} as ${type}) as ${identifier(name)}`)
    .join(', ');
  const path = await writeSegment(workplace, `select ${casts} from (values ${values}) as t(${names})`);
  return { path, columns, wide };
}

function table(live: readonly LiveGroup[], more: Partial<SourceTable> = {}): SourceTable {
  const shapes = live.flatMap(({ pieces }) => pieces.map(({ columns }) => columns));
  return {
    name: 'src',
    columns: unifyColumns(shapes, []),
    files: [],
    live,
    bounds: { fromMs: null, toMs: null },
    ...more,
  };
}

async function rows(source: SourceTable, select = '*'): Promise<unknown[]> {
  await connection.run(`drop view if exists druid.src`);
  await connection.run(viewSql(source));
  const answer = await connection.runAndReadAll(`select ${select} from druid.src order by all`);
  return answer.getRowsJson();
}

describe('rows of running tasks', () => {
  it('joins the rows of a group that came in several pieces, each metric in its own way', async () => {
    const columns = [
      time,
      dimension('site'),
      metric('n', 'sum'),
      metric('low', 'min'),
      metric('high', 'max'),
      metric('price', 'sum', 'DOUBLE'),
    ];
    const live = {
      rollup: true,
      pieces: [
        await piece(columns, `('2026-01-01', 'a', 1, 5, 5, 0.1), ('2026-01-01', null, 7, 1, 1, 1)`),
        await piece(
          columns,
          `('2026-01-01', 'a', 2, 3, 9, 0.2), ('2026-01-01', null, 1, null, 2, null), ('2026-01-02', 'a', 1, 1, 1, 0)`,
        ),
      ],
    };
    expect(await rows(table([live]), 'site, n, low, high, price')).toEqual([
      ['a', '1', '1', '1', 0],
      ['a', '3', '3', '9', expect.closeTo(0.3, 12)],
      [null, '8', '1', '2', 1],
    ]);
  });

  it('keeps rows apart without rollup, and groups of different sequences', async () => {
    const columns = [time, dimension('site'), metric('n', 'sum')];
    const one = await piece(columns, `('2026-01-01', 'a', 1)`);
    const two = await piece(columns, `('2026-01-01', 'a', 1)`);
    expect(await rows(table([{ rollup: false, pieces: [one, two] }]), 'n')).toEqual([['1'], ['1']]);
    const apart = [
      { rollup: true, pieces: [one] },
      { rollup: true, pieces: [two] },
    ];
    expect(await rows(table(apart), 'n')).toEqual([['1'], ['1']]);
  });

  it('takes a value alone and the same value as a list for one group', async () => {
    const live = {
      rollup: true,
      pieces: [
        await piece([time, dimension('tags'), metric('n', 'sum')], `('2026-01-01', 'a', 1)`),
        await piece(
          [time, dimension('tags', 'VARCHAR[]'), metric('n', 'sum')],
          `('2026-01-01', ['a'], 2), ('2026-01-01', ['a', 'b'], 5), ('2026-01-01', null, 9)`,
        ),
      ],
    };
    expect(await rows(table([live]), 'tags, n')).toEqual([
      [['a'], '3'],
      [['a', 'b'], '5'],
      [null, '9'],
    ]);
  });

  it('has null where a piece lacks a column', async () => {
    const live = {
      rollup: true,
      pieces: [
        await piece(
          [time, dimension('page'), dimension('site'), metric('n', 'sum')],
          `('2026-01-01', 'x', 'y', 1)`,
        ),
        await piece([time, dimension('page'), metric('n', 'sum')], `('2026-01-01', 'x', 1)`),
      ],
    };
    expect(await rows(table([live]), 'page, site, n')).toEqual([
      ['x', 'y', '1'],
      ['x', null, '1'],
    ]);
  });

  it('lets a sum of pieces leave 64 bits when a piece says it may', async () => {
    const columns = [time, metric('n', 'sum')];
    const values = `('2026-01-01', 9223372036854775807)`;
    const pieces = [await piece(columns, values, true), await piece(columns, values, true)];
    expect(await rows(table([{ rollup: true, pieces }]), 'n')).toEqual([['18446744073709551614']]);
  });

  it.each([
    ['VARCHAR', 'sum', 'BIGINT', `('2026-01-01', 9)`, `('2026-01-01', 10)`, '19'],
    ['VARCHAR', 'max', 'BIGINT', `('2026-01-01', 9)`, `('2026-01-01', 10)`, '10'],
    ['VARCHAR[]', 'max', 'DOUBLE', `('2026-01-01', 9)`, `('2026-01-01', 10)`, ['10.0']],
    ['DOUBLE', 'sum', 'BIGINT', `('2026-01-01', 9)`, `('2026-01-01', 10)`, 19],
  ] as const)(
    'adds up in its own type when another segment has the metric as %s (%s)',
    async (elsewhere, merge, type, one, two, expected) => {
      const columns = [time, metric('x', merge, type)];
      const live = { rollup: true, pieces: [await piece(columns, one), await piece(columns, two)] };
      const shapes = [columns, [{ name: 'x', type: elsewhere }]];
      expect(await rows(table([live], { columns: unifyColumns(shapes, []) }), 'x')).toEqual([[expected]]);
    },
  );
});

describe('segment files', () => {
  it('reads only what lies in the bounds', async () => {
    const path = await writeSegment(
      workplace,
      `select timestamptz '2026-01-01 00:00:00Z' + interval (r) hour as __time, r as n from range(48) t(r)`,
    );
    const files = [
      {
        paths: [path],
        columns: [
          { name: '__time', type: 'TIMESTAMP WITH TIME ZONE' },
          { name: 'n', type: 'BIGINT' },
        ],
      },
    ];
    const columns = unifyColumns(
      files.map((file) => file.columns),
      [],
    );
    const bounds = { fromMs: Date.UTC(2026, 0, 1, 5), toMs: Date.UTC(2026, 0, 1, 8) };
    expect(await rows(table([], { files, columns, bounds }), 'n')).toEqual([['5'], ['6'], ['7']]);
  });

  it('is an empty table without any', async () => {
    expect(await rows(table([], { columns: unifyColumns([], [{ name: 'n', type: 'BIGINT' }]) }))).toEqual([]);
  });
});

describe('names and paths in SQL', () => {
  it('doubles the quotes', () => {
    expect(identifier('a"b')).toBe('"a""b"');
    expect(literal("it's")).toBe("'it''s'");
    expect(viewSql(table([], { name: `x"; drop` }))).toBe(
      `create view druid."x""; drop" as select cast(null as TIMESTAMP) as "__time" where false`,
    );
  });
});
