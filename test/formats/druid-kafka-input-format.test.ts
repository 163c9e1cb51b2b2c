/** Druid's scenarios of KafkaInputFormat (druid.md 6.42): a record's value, headers, key, time and topic as one row. */
import { describe, expect, test } from 'vitest';
import { plainJson, type KafkaFormat } from '../../domain/spec/input-format.ts';
import { createRecordParser, type ParsedRecord } from '../../formats/record-parser.ts';
import type { InputRecord } from '../../formats/input-reader.ts';
import { aDimension, anInput, aSchema } from '../support/data-schema.ts';

const format: KafkaFormat = {
  type: 'kafka',
  valueFormat: plainJson,
  keyFormat: plainJson,
  headerEncoding: 'UTF-8',
  headerColumnPrefix: 'kafka.newheader.',
  keyColumnName: 'kafka.newkey.key',
  timestampColumnName: 'kafka.newts.timestamp',
  topicColumnName: 'kafka.newtopic.topic',
};
const names = [
  'bar',
  'kafka.newheader.encoding',
  'kafka.newheader.kafkapkc',
  'kafka.newkey.key',
  'kafka.newts.timestamp',
  'kafka.newtopic.topic',
];
const recordMs = Date.parse('2021-06-24T00:00:00Z');

function parse(record: Partial<InputRecord>, changes: Partial<KafkaFormat> = {}, time = 't'): ParsedRecord {
  const schema = aSchema({
    timestampSpec: { column: time, format: 'auto', missingValueMs: null },
    dimensions: names.map((name) => aDimension(name)),
  });
  const headers = [
    { key: 'encoding', value: Buffer.from('application/json') },
    { key: 'kafkapkc', value: Buffer.from('pkc-bar') },
  ];
  return createRecordParser(schema, { ...format, ...changes }, 2026).parse({
    ...anInput(null),
    key: Buffer.from('{"key":"sampleKey","second":"ignored"}'),
    headers,
    timestampMs: recordMs,
    topic: 'sample',
    ...record,
  });
}

const value = Buffer.from('{"t":"2021-06-25","bar":"x"}');

describe('the input format kafka', () => {
  test('druid 6.42 KafkaInputFormatTest.testWithHeaderKeyAndValue: all parts of the record are one row', () => {
    expect(parse({ value }).rows).toMatchObject([
      {
        timestampMs: Date.parse('2021-06-25'),
        dimensions: ['x', 'application/json', 'pkc-bar', 'sampleKey', String(recordMs), 'sample'],
      },
    ]);
  });

  test('druid 6.42 KafkaInputFormatTest.testWithOutKey: a record without a key has no key column', () => {
    expect(parse({ value, key: null }).rows[0]?.dimensions[3]).toBeNull();
  });

  test('druid 6.42 KafkaInputFormatTest.testTimestampFromHeader: the time of the record can be the time of the row', () => {
    const { rows } = parse({ value }, {}, 'kafka.newts.timestamp');
    expect(rows.map(({ timestampMs }) => timestampMs)).toEqual([recordMs]);
  });

  test('druid 6.42 KafkaInputFormatTest.testValueInCombinedFormat: of two fields of one name the payload wins', () => {
    const own = Buffer.from(
      '{"t":"2021-06-25","kafka.newheader.encoding":"payload","kafka.newkey.key":"payload","kafka.newtopic.topic":"payload"}',
    );
    expect(parse({ value: own }).rows[0]?.dimensions).toEqual([
      null,
      'payload',
      'pkc-bar',
      'payload',
      String(recordMs),
      'payload',
    ]);
  });

  test('druid 6.42 KafkaInputFormatTest.testWithOutHeader: without a header format there are no header columns', () => {
    const { rows } = parse({ value }, { headerEncoding: null });
    expect(rows[0]?.dimensions.slice(1, 3)).toEqual([null, null]);
  });

  test('druid 6.42 KafkaInputFormatTest, null value: a tombstone gives no row in a task, as in Druid’s tasks', () => {
    expect(parse({ value: null }, {}, 'kafka.newts.timestamp')).toMatchObject({
      rows: [],
      unparseable: [],
      empty: true,
    });
  });

  test('druid 6.42 KafkaInputFormatTest.testMissingTimestampThrowsException: a row without a time is an error', () => {
    const { rows, unparseable } = parse({ value }, {}, 'nowhere');
    expect(rows).toEqual([]);
    expect(unparseable).toHaveLength(1);
    expect(unparseable[0]?.message).toMatch(/timestamp|time/i);
  });
});
