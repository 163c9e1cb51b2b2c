/** Run by row-index.test.ts in a process of its own: the index's own estimate beside what the heap grew by. */
import type { ParsedRow } from '../../domain/rows.ts';
import { plainJson } from '../../domain/spec/input-format.ts';
import { createRecordParser } from '../../formats/record-parser.ts';
import { RowIndex } from '../../segments/row-index.ts';
import { aDimension, anInput, aSchema } from '../support/data-schema.ts';

const rows = 40_000;
const dimensions = [
  aDimension('page'),
  aDimension('country'),
  aDimension('code', 'long'),
  aDimension('ratio', 'double'),
];
const metrics = [
  { type: 'count' as const, name: 'n', fieldName: null },
  { type: 'longSum' as const, name: 'l', fieldName: 'code' },
  { type: 'doubleSum' as const, name: 'd', fieldName: 'ratio' },
];
const schema = aSchema({ dimensions, metrics });

const shapes: { name: string; rollup: boolean; json: (at: number) => unknown }[] = [
  {
    name: 'groups',
    rollup: true,
    json: (at) => ({
      t: at,
      page: `page ${at % 500} of the site`,
      country: 'DE',
      code: at,
      ratio: at / 7,
      filler: 'x'.repeat(300),
    }),
  },
  {
    name: 'rows',
    rollup: false,
    json: (at) => ({ t: at, page: `p${at % 500}`, country: 'DE', code: 5, ratio: 1 }),
  },
  {
    name: 'lists',
    rollup: true,
    json: (at) => ({ t: at, page: ['a', 'b', `c${at % 100}`], country: null, code: at, ratio: 0.5 }),
  },
  {
    name: 'long texts',
    rollup: true,
    json: (at) => ({ t: at, page: `${'long '.repeat(40)}${at}`, country: 'DE', code: 1, ratio: 0.5 }),
  },
];

function heap(): number {
  for (let times = 0; times < 3; times++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function measure({ name, rollup, json }: (typeof shapes)[number]): {
  name: string;
  bytes: number;
  heap: number;
} {
  const parser = createRecordParser({ ...schema, rollup }, plainJson, 2026);
  const before = heap();
  const index = new RowIndex({ ...schema, rollup });
  for (let at = 0; at < rows; at++) {
    const record = parser.parse(anInput(Buffer.from(JSON.stringify(json(at)))));
    index.add(record.rows[0] as ParsedRow);
  }
  const after = heap();
  return { name, bytes: index.bytes, heap: after - before };
}

measure(shapes[1] as (typeof shapes)[number]);
process.stdout.write(JSON.stringify(shapes.map(measure)));
