/** Statistics of a file hold for every row of it, whatever the values; what is not certain is left out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileStatistics } from '../../query/segment-files/footer-statistics.ts';
import type { FileStatistics } from '../../query/segment-files/footer-statistics.ts';
import { makeSegmentWorld, parquetOf } from './segments-world.ts';
import type { SegmentWorld } from './segments-world.ts';

let world: SegmentWorld;
let files = 0;
beforeAll(() => (world = makeSegmentWorld()));
afterAll(() => world.remove());

function written(bytes: Buffer): string {
  const path = join(world.folder, `f-${files++}.parquet`);
  writeFileSync(path, bytes);
  return path;
}

async function statisticsOf(select: string, rowGroupRows?: number): Promise<FileStatistics> {
  return readFileStatistics(written(await parquetOf(world, select, rowGroupRows)));
}

const hex = (text: string): string => Buffer.from(text, 'utf8').toString('hex');

describe('statistics of a file', () => {
  it('has the ends of every type segments have', async () => {
    const { rows, columns } = await statisticsOf(`select
      cast(make_timestamp_ms(1000 + x * 500) as timestamp_ms) as "__time",
      make_timestamp(1500 + x * 1000000) as micros,
      case when x = 0 then null else 'v' || x end as page, -x as n, (x * 0.5)::double as d, cast(x as integer) as i,
      ['t' || x, 'a'] as tags from range(10) t(x)`);
    expect(rows).toBe(10);
    expect(columns).toEqual({
      __time: { min: 1000, max: 5500 },
      micros: { min: 1, max: 9001 },
      page: { low: hex('v1'), high: hex('v9') },
      n: { min: -9, max: 0 },
      d: { min: 0, max: 4.5 },
      i: { min: 0, max: 9 },
      tags: { low: hex('a'), high: hex('t9') },
    });
  });

  it('spans all row groups', async () => {
    const { columns } = await statisticsOf(
      `select x as n, 'k' || (x // 2048) as k from range(8192) t(x)`,
      2048,
    );
    expect(columns).toEqual({ n: { min: 0, max: 8191 }, k: { low: hex('k0'), high: hex('k3') } });
  });

  it('knows a column that is all null, and one that is in some row groups alone', async () => {
    const { columns } = await statisticsOf(
      `select null::varchar as nothing, null::varchar[] as none, case when x < 2048 then null else x end as late
       from range(4096) t(x)`,
      2048,
    );
    expect(columns).toEqual({
      nothing: { empty: true },
      none: { empty: true },
      late: { min: 2048, max: 4095 },
    });
  });

  it('cuts long texts outwards', async () => {
    const { columns } = await statisticsOf(`select repeat('z', 400) as long, repeat('ü', 20) as wide`);
    expect(columns['long']).toEqual({ low: hex('z'.repeat(32)), high: hex(`${'z'.repeat(31)}{`) });
    expect(columns['wide']?.low).toBe(hex('ü'.repeat(16)));
    expect((columns['wide']?.high ?? '') > hex('ü'.repeat(20))).toBe(true);
  });

  it('says nothing where an order is not certain or an end is not a number', async () => {
    const { columns } = await statisticsOf(`select case when x = 1 then 'nan'::double else x end as nan,
      case when x = 1 then 'inf'::double else x end as inf, true as flag, x::decimal(10, 2) as money,
      {'a': x, 'b': x} as pair, x::uinteger as unsigned, 'x'::blob as bytes from range(3) t(x)`);
    expect(columns).toEqual({ inf: { min: 0 } });
  });

  it('leaves room around floats, which literals are rounded to', async () => {
    const { columns } = await statisticsOf(`select 0.1::float as f`);
    expect(columns['f']?.min).toBeLessThan(0.1);
    expect(columns['f']?.max).toBeGreaterThan(Math.fround(0.1));
    expect(columns['f']?.max).toBeLessThan(0.100001);
  });

  it('holds for every row of random files', async () => {
    const row = fc.record({
      s: fc.option(fc.string({ unit: 'binary', maxLength: 80 }).filter((text) => !text.includes('\0'))),
      n: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      d: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
        const values = rows.map(
          ({ s, n, d }) =>
            `(${s === null ? 'null' : `'${s.replaceAll("'", "''")}'`}, ${n === null ? 'null' : `'${n}'::bigint`}, ` +
            `${d === null ? 'null' : `'${d}'::double`})`,
        );
        const { columns } = await statisticsOf(
          `select s::varchar as s, n::bigint as n, d::double as d from (values ${values.join(', ')}) t(s, n, d)`,
        );
        for (const { s, n, d } of rows) {
          if (s !== null) {
            expect((columns['s']?.low ?? '') <= hex(s)).toBe(true);
            expect((columns['s']?.high ?? 'ff') >= hex(s)).toBe(true);
          }
          for (const [name, value] of [
            ['n', n === null ? null : Number(n)],
            ['d', d],
          ] as const) {
            if (value === null) continue;
            expect((columns[name]?.min ?? -Infinity) <= value).toBe(true);
            expect((columns[name]?.max ?? Infinity) >= value).toBe(true);
          }
          for (const [name, value] of Object.entries({ s, n, d }))
            if (value !== null) expect(columns[name]?.empty).toBeUndefined();
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a footer that cannot be read', () => {
  it('is one clause, whatever byte is wrong', async () => {
    const bytes = await parquetOf(world, `select x as n, 'v' || x as s from range(5) t(x)`);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.nat(255),
        fc.nat(bytes.length),
        async (at, value, cut) => {
          const broken = Buffer.from(bytes.subarray(0, bytes.length - (cut % 7)));
          broken[Math.min(at, broken.length - 1)] = value;
          const path = written(broken);
          const answer = await readFileStatistics(path).catch((error: unknown) => error);
          // Wrong numbers are SHA-256's to find; here it must end, in an answer or in an error of ours.
          if (answer instanceof Error) expect(answer.message).not.toContain(world.folder);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('this is no parquet file')],
    [
      'a length beyond the file',
      Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(8, 0xff), Buffer.from('PAR1')]),
    ],
  ])('%s', async (_, bytes) => {
    await expect(readFileStatistics(written(bytes))).rejects.toThrow(
      'it does not end as a Parquet file does',
    );
  });

  it('nests only so deep', async () => {
    const deep = Buffer.alloc(10_000, 0x1c);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(deep.length);
    const path = written(Buffer.concat([Buffer.from('PAR1'), deep, length, Buffer.from('PAR1')]));
    await expect(readFileStatistics(path)).rejects.toThrow(/nests deeper/);
  });
});
