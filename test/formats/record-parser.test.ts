import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DataSchema } from '../../domain/spec/spec.ts';
import { plainJson } from '../../domain/spec/input-format.ts';
import { maxRecordBytes } from '../../formats/input-reader.ts';
import { createRecordParser, type ParsedRecord } from '../../formats/record-parser.ts';
import { aDimension, anInput, aSchema } from '../support/data-schema.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function parse(schema: Partial<DataSchema>, value: string | Uint8Array | null): ParsedRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return createRecordParser(aSchema(schema), plainJson, 2026).parse(anInput(bytes));
}

const columns: Partial<DataSchema> = {
  dimensions: [aDimension('s'), aDimension('l', 'long'), aDimension('d', 'double')],
  metrics: [
    { type: 'count', name: 'n', fieldName: null },
    { type: 'longSum', name: 'sum', fieldName: 'l' },
    { type: 'longMax', name: 'newest', fieldName: '__time' },
  ],
};

const messages = ({ unparseable }: ParsedRecord): string[] => unparseable.map(({ message }) => message);

describe('a record', () => {
  test('gives one row per object', () => {
    const { rows } = parse(columns, '{"t":1,"s":"a","l":5}\n{"t":2,"l":"1e3","d":2}');
    expect(rows).toEqual([
      { timestampMs: 1, dimensions: ['a', 5, null], discovered: null, metrics: [null, 5, 1], problems: [] },
      {
        timestampMs: 2,
        dimensions: [null, 1000, 2],
        discovered: null,
        metrics: [null, 1000, 2],
        problems: [],
      },
    ]);
  });

  test('is taken whole or not at all', () => {
    for (const text of ['{"t":1}{"t":"bad"}', '{"t":1}{', '{"t":1} 5', '{"t":1}{"t":null}'])
      expect(parse(columns, text)).toMatchObject({
        rows: [],
        unparseable: [{ message: expect.any(String) }],
        empty: false,
      });
  });

  test('that is a tombstone is empty; a blank one is unparseable', () => {
    expect(parse(columns, null)).toMatchObject({ rows: [], unparseable: [], filtered: 0, empty: true });
    expect(parse(columns, ' \n').rows).toEqual([]);
    expect(messages(parse(columns, ' \n'))).toEqual(['record is blank; expected JSON objects']);
    expect(messages(parse(columns, new Uint8Array())).length).toBe(1);
  });

  test('that is not UTF-8 or too large is unparseable', () => {
    expect(messages(parse(columns, Buffer.from([0x7b, 0xff, 0x7d])))).toEqual(['record is not UTF-8']);
    expect(messages(parse(columns, Buffer.alloc(maxRecordBytes + 1, 0x20)))).toEqual([
      'record has 8388609 bytes; at most 8388608 are read',
    ]);
    const largest = Buffer.alloc(maxRecordBytes, 0x20);
    largest.write('{"t":1}');
    expect(parse(columns, largest).rows.length).toBe(1);
  });

  test('read value by value keeps what stands beside a bad row', () => {
    const parser = createRecordParser(aSchema(columns), { ...plainJson, useJsonNodeReader: true }, 2026);
    const counts = ['{"t":5}\n{"t":"bad"}\n{"t":7}', '{"t":5}\n{bad}\n{"t":7}', '{"t":5}x', ''].map(
      (text) => {
        const { rows, unparseable } = parser.parse(anInput(Buffer.from(text)));
        return [rows.length, unparseable.length];
      },
    );
    expect(counts).toEqual([
      [2, 1],
      [1, 1],
      [1, 1],
      [0, 1],
    ]);
  });

  test('keeps its row when a column cannot be converted: that column is null', () => {
    expect(parse(columns, '{"t":1,"s":[2,1],"l":"x","d":true}').rows).toMatchObject([
      {
        timestampMs: 1,
        dimensions: [['1', '2'], null, null],
        discovered: null,
        metrics: [null, null, 1],
        problems: [
          'could not convert value [x] to long for column [l]',
          'could not convert value [true] to double for column [d]',
          'could not convert value [x] to longSum for column [l]',
        ],
      },
    ]);
  });

  test('shows no more than an excerpt of a bad value', () => {
    const { rows } = parse(columns, `{"t":1,"l":"${'x'.repeat(10_000)}"}`);
    expect(Math.max(...(rows[0]?.problems ?? []).map(({ length }) => length))).toBeLessThan(150);
  });

  test('without a timestamp gets missingValue, if there is one', () => {
    const timestampSpec = { column: 't', format: 'auto' as const, missingValueMs: 7 };
    expect(parse({ timestampSpec }, '{"s":1}').rows[0]?.timestampMs).toBe(7);
    expect(parse({ timestampSpec }, '{"t":"bad"}').rows).toEqual([]);
    expect(messages(parse({}, '{"s":1}'))).toEqual(['timestamp [null] is unparseable']);
  });
});

describe('discovery', () => {
  const discovering: Partial<DataSchema> = {
    discoverDimensions: true,
    dimensionExclusions: ['secret'],
    metrics: [{ type: 'longSum', name: 'sum', fieldName: 'added' }],
  };

  test('takes plain root fields and lists of them, but not what is excluded or used otherwise', () => {
    const { rows } = parse(
      discovering,
      '{"t":1,"a":1.0,"b":[true,"x"],"secret":1,"sum":2,"added":3,"__time":4,"":5,"o":{"k":1},"oo":[{"k":1}],"n":null,"e":[]}',
    );
    expect([...(rows[0]?.discovered ?? [])]).toEqual([
      ['a', '1.0'],
      ['b', ['true', 'x']],
    ]);
  });

  test('does not make columns of names that are too long or hold control characters', () => {
    const { rows } = parse(discovering, `{"t":1,"${'k'.repeat(513)}":1,"a\\u0000b":2,"ok":3}`);
    expect([...(rows[0]?.discovered?.keys() ?? [])]).toEqual(['ok']);
    expect(rows[0]?.problems.length).toBe(2);
  });

  test('of hostile names pollutes nothing', () => {
    const { rows } = parse(discovering, '{"t":1,"__proto__":"x","constructor":"y","toString":"z"}');
    expect([...(rows[0]?.discovered?.keys() ?? [])]).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

test('lone surrogates are stored as ?', () => {
  expect(parse(columns, '{"t":1,"s":"a\\ud83db"}').rows[0]?.dimensions[0]).toBe('a?b');
  expect(parse(columns, '{"t":1,"s":"\\ud83d\\ude00"}').rows[0]?.dimensions[0]).toBe('\u{1f600}');
});

test('no bytes throw', () => {
  const parser = createRecordParser(aSchema({ ...columns, discoverDimensions: true }), plainJson, 2026);
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '"t":1',
    '"a"',
    '1e5',
    '\\u0000',
    'null',
    ' ',
    '\u00e9',
    '-0',
    '1e999999999',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 64 }),
        fc.array(pieces, { maxLength: 20 }).map((list) => Buffer.from(list.join(''))),
      ),
      (value) => {
        const { rows, unparseable } = parser.parse(anInput(value));
        expect(unparseable.length).toBe(rows.length === 0 ? 1 : 0);
      },
    ),
    { seed, numRuns: 5000 },
  );
});
