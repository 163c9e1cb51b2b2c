/** Druid SQL over two segments of one spec with `useSchemaDiscovery`, whose columns turned out to be of different types. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainJson } from '../../domain/spec/input-format.ts';
import { QueryEngine } from '../../query/engine.ts';
import type { FileGroup } from '../../query/messages.ts';
import { unifyColumns } from '../../query/unify-columns.ts';
import { createRecordParser } from '../../formats/record-parser.ts';
import { buildSegments } from '../../segments/build-segments.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { aSchema } from '../support/data-schema.ts';
import { fakeCatalog, makeWorkplace, rowsOf } from './segments.ts';

const workplace = makeWorkplace();
const schema = aSchema({
  timestampSpec: { column: 't', format: 'auto', missingValueMs: null },
  discoverDimensions: true,
  discoverTypes: true,
  rollup: false,
});
let engine: QueryEngine;
let segments = 0;

async function segmentOf(records: readonly string[]): Promise<FileGroup> {
  const parser = createRecordParser(schema, plainJson, 2026);
  const index = new RowIndex(schema);
  for (const text of records) {
    const record = { value: Buffer.from(text), key: null, headers: [], timestampMs: 0 };
    const { rows, unparseable } = parser.parse({ ...record, topic: 't', partition: '0', position: 0n });
    expect(unparseable).toEqual([]);
    for (const row of rows) index.add(row);
  }
  const folder = join(workplace.folder, `found-${segments++}`);
  const steps = buildSegments({ schema, spills: [], memory: [index], folder, header: {} });
  for (;;) {
    const step = await steps.next();
    if (step.done !== true) continue;
    const [file] = step.value;
    if (file === undefined) throw new Error('no file');
    chmodSync(file.localPath, 0o444);
    return { paths: [file.localPath], columns: file.columns };
  }
}

beforeAll(async () => {
  const files = [
    await segmentOf([
      '{"t":1,"n":1,"m":1,"tags":["a","b"],"o":{"k":1,"l":[1.5,2]},"v":7,"big":9007199254740993,"x":null}',
      '{"t":2,"n":2,"m":2.5,"tags":["b"],"v":8}',
    ]),
    await segmentOf(['{"t":3,"n":"three","m":3,"tags":"c","o":{"k":"two"},"v":{"deep":[true]},"x":4}']),
  ];
  const columns = unifyColumns(
    files.map((file) => file.columns),
    [],
  );
  const catalog = fakeCatalog({});
  engine = new QueryEngine(
    {
      ...catalog,
      open: (uses) =>
        Promise.resolve({
          sources: uses.map(({ name, bounds }) => ({ name, columns, files, live: [], bounds })),
          incomplete: [],
          describeFile: () => 'a test file',
          release: () => undefined,
        }),
    },
    { scratch: join(workplace.folder, 'scratch') },
  );
});

afterAll(async () => {
  await engine.close();
  workplace.remove();
});

describe('columns that differ between segments', () => {
  it.each([
    // Long in one, text in the other: text.
    ['select n from f order by __time', [{ n: '1' }, { n: '2' }, { n: 'three' }]],
    ["select count(*) as c from f where n = '1'", [{ c: 1 }]],
    // Double in one, long in the other.
    ['select m from f order by __time', [{ m: 1 }, { m: 2.5 }, { m: 3 }]],
    ['select sum(m) as s from f', [{ s: 6.5 }]],
    // A list in one, a text in the other.
    ["select array_to_string(tags, '+') as s from f order by __time", [{ s: 'a+b' }, { s: 'b' }, { s: 'c' }]],
    [
      'select d.tag, count(*) as c from f, unnest(tags) as d(tag) group by 1 order by 1',
      [
        { tag: 'a', c: 1 },
        { tag: 'b', c: 2 },
        { tag: 'c', c: 1 },
      ],
    ],
    ["select count(*) as c from f where array_contains(tags, 'b')", [{ c: 2 }]],
    // Whole numbers in one, objects in the other: JSON.
    [
      'select to_json_string(v) as j from f order by __time',
      [{ j: '7' }, { j: '8' }, { j: '{"deep":[true]}' }],
    ],
    // Nothing but null in one says nothing of the type.
    ['select x + 1 as y from f order by __time', [{ y: null }, { y: null }, { y: 5 }]],
  ])('%s', async (sql, rows) => {
    expect(await rowsOf(engine, sql)).toEqual(rows);
  });

  it('keep every digit', async () => {
    const [row] = await rowsOf(engine, 'select cast(big as varchar) as b from f where big is not null');
    expect(row).toEqual({ b: '9007199254740993' });
  });
});

describe('JSON columns', () => {
  it.each([
    [
      "select json_value(o, '$.k') as k from f where o is not null order by __time",
      [{ k: '1' }, { k: 'two' }],
    ],
    ["select json_value(o, '$.l[0]' returning double) as d from f order by __time limit 1", [{ d: 1.5 }]],
    ["select array_to_string(json_keys(o, '$'), ',') as k from f order by __time limit 1", [{ k: 'k,l' }]],
    ["select to_json_string(json_query(o, '$.l')) as l from f order by __time limit 1", [{ l: '[1.5,2]' }]],
    [
      "select to_json_string(json_object(key 'a' value n)) as j from f order by __time limit 1",
      [{ j: '{"a":"1"}' }],
    ],
    ["select count(*) as c from f where json_value(o, '$.k') = 'two'", [{ c: 1 }]],
    [
      "select json_value(o, '$.k') as k, count(*) as c from f group by 1 order by 1 desc limit 2",
      [
        { k: 'two', c: 1 },
        { k: '1', c: 1 },
      ],
    ],
  ])('%s', async (sql, rows) => {
    expect(await rowsOf(engine, sql)).toEqual(rows);
  });
});
