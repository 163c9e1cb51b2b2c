/** The format kafka: what the recorded answers of Druid (test/vectors/kafka.test.ts) do not ask. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainJson, type KafkaFormat, type PayloadFormat } from '../../domain/spec/input-format.ts';
import { CompileProblem } from '../../formats/compile-problem.ts';
import type { InputRecord, ReadRecord } from '../../formats/input-reader.ts';
import { openReader } from '../../formats/open-reader.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function kafka(changes: Partial<KafkaFormat> = {}): KafkaFormat {
  return {
    type: 'kafka',
    valueFormat: plainJson,
    keyFormat: null,
    headerEncoding: 'UTF-8',
    headerColumnPrefix: 'h.',
    keyColumnName: 'key',
    timestampColumnName: 'time',
    topicColumnName: 'topic',
    ...changes,
  };
}

type Record = { value?: string | null; key?: string | null; headers?: [string, string | null][] };

function input({ value = '{}', key = null, headers = [] }: Record): InputRecord {
  const bytes = (text: string | null): Uint8Array | null => (text === null ? null : Buffer.from(text));
  return {
    value: bytes(value),
    key: bytes(key),
    headers: headers.map(([name, text]) => ({ key: name, value: bytes(text) })),
    timestampMs: 7,
    topic: 'orders',
    partition: '0',
    position: 3n,
  };
}

function read(format: KafkaFormat, record: Record): ReadRecord {
  return openReader(format).read(input(record));
}

function row(format: KafkaFormat, record: Record): unknown {
  const { rows, problems } = read(format, record);
  expect([rows.length, problems]).toEqual([1, []]);
  return Object.fromEntries(rows[0] ?? []);
}

const csv: PayloadFormat = {
  type: 'csv',
  columns: ['a', 'b'],
  findColumnsFromHeader: false,
  skipHeaderRows: 0,
  listDelimiter: '\u0001',
  delimiter: ',',
  tryParseNumbers: false,
};

describe('a record of the format kafka', () => {
  test('has the fields of its value, its headers, its key, its time and its topic', () => {
    const record = { value: '{"a":1}', key: '{"id":7,"x":8}', headers: [['n', 'v']] as [string, string][] };
    expect(row(kafka({ keyFormat: plainJson }), record)).toEqual({
      a: 1,
      'h.n': 'v',
      key: 7,
      time: 7,
      topic: 'orders',
    });
    expect(row(kafka({ headerEncoding: null }), record)).toEqual({ a: 1, time: 7, topic: 'orders' });
  });

  test('takes of two fields of one name the value, then the header, then the rest; null hides nothing', () => {
    const format = kafka({ headerColumnPrefix: '', keyFormat: csv, valueFormat: csv });
    const headers: [string, string | null][] = [
      ['a', 'header'],
      ['b', 'header'],
      ['key', 'header'],
      ['time', null],
      ['topic', 'one'],
      ['topic', 'two'],
    ];
    expect(row(format, { value: 'value,', key: 'k', headers })).toEqual({
      a: 'value',
      b: 'header',
      key: 'header',
      time: 7,
      topic: 'two',
    });
  });

  test('without a value gives nothing; with an empty one what the format of the value says', () => {
    expect(read(kafka(), { value: null, key: 'k', headers: [['n', 'v']] })).toEqual({
      rows: [],
      problems: [],
    });
    expect(read(kafka({ valueFormat: csv }), { value: '' })).toEqual({ rows: [], problems: [] });
    expect(read(kafka(), { value: '' }).problems).toHaveLength(1);
  });

  test('is one problem when its key cannot be read', () => {
    const format = kafka({ keyFormat: plainJson });
    for (const key of ['', 'x', '[]', '{}', '{"a":1'])
      expect(read(format, { key }), key).toEqual({ rows: [], problems: [expect.stringMatching(/^key: /)] });
    expect(read(kafka({ keyFormat: csv }), { key: '' }).rows).toHaveLength(1);
  });

  test('gives a row for each row of a value whose rows stand alone, and none for several objects in one', () => {
    const { rows } = read(kafka({ valueFormat: csv, keyFormat: csv }), { value: '1,2\n3,4', key: 'k' });
    expect(rows.map((one) => [one.get('a'), one.get('key')])).toEqual([
      ['1', 'k'],
      ['3', 'k'],
    ]);
    expect(read(kafka(), { value: '{"a":1}{"a":2}' })).toEqual({
      rows: [],
      problems: [expect.stringContaining('assumeNewlineDelimited')],
    });
    const lines = kafka({ valueFormat: { ...plainJson, assumeNewlineDelimited: true } });
    expect(read(lines, { value: '{"a":1}\n{"a":2}' }).rows).toHaveLength(2);
  });

  test('with more headers than any program writes is one problem', () => {
    const headers = Array.from({ length: 10_001 }, (_, at): [string, string] => [String(at), '']);
    expect(read(kafka(), { headers }).problems).toEqual(['record has 10001 headers; at most 10000 are read']);
  });

  test('says which part of the format does not compile', () => {
    const bad: PayloadFormat = { type: 'regex', pattern: '(', columns: null, listDelimiter: ',' };
    const at = (format: KafkaFormat): unknown => {
      try {
        return openReader(format);
      } catch (error) {
        return error instanceof CompileProblem ? error.at : error;
      }
    };
    expect(at(kafka({ valueFormat: bad }))).toBe('valueFormat.pattern');
    expect(at(kafka({ keyFormat: bad }))).toBe('keyFormat.pattern');
  });

  test('is read without an exception, whatever it holds', () => {
    const formats: readonly PayloadFormat[] = [plainJson, csv, { type: 'lines' }];
    const encodings = ['UTF-8', 'UTF-16', 'UTF-16BE', 'UTF-16LE', 'US-ASCII', 'ISO-8859-1', null] as const;
    const bytes = fc.option(fc.uint8Array({ maxLength: 40 }));
    const record = fc.record({
      value: bytes,
      key: bytes,
      headers: fc.array(fc.record({ key: fc.string({ unit: 'binary' }), value: bytes }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(
        record,
        fc.constantFrom(...formats),
        fc.constantFrom(null, ...formats),
        fc.constantFrom(...encodings),
        (parts, valueFormat, keyFormat, headerEncoding) => {
          const reader = openReader(kafka({ valueFormat, keyFormat, headerEncoding }));
          const { rows, problems } = reader.read({ ...input({}), ...parts });
          if (parts.value === null) expect([rows, problems]).toEqual([[], []]);
        },
      ),
      { seed, numRuns: 1_000 },
    );
  });
});
