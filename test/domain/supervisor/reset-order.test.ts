/** Orders that move positions, as their bodies come: what is taken, and how what is wrong is named. */
import { describe, expect, test } from 'vitest';
import {
  readBackfillOrder,
  readResetOffsetsOrder,
  readResetOrder,
} from '../../../domain/supervisor/reset-order.ts';
import { commandItem } from '../../../domain/supervisor/commands.ts';

const kafka = (partitions: unknown, more: object = {}) => ({ type: 'kafka', partitions, ...more });
const end = (map: unknown, more: object = {}) => ({
  type: 'end',
  stream: 'clicks',
  partitionOffsetMap: map,
  ...more,
});

const taken = (body: Record<string, unknown>) => {
  const reading = readResetOffsetsOrder(body);
  if (reading.kind === 'invalid') throw new Error(reading.message);
  return reading.input;
};
const refusal = (body: Record<string, unknown>) => {
  const reading = readResetOffsetsOrder(body);
  return reading.kind === 'invalid' ? reading.message : 'taken';
};

describe('offsets', () => {
  test('as Druid writes them: numbers, under either name of the map', () => {
    const wanted = {
      type: 'kafka',
      partitions: { type: 'end', stream: 'clicks', partitionOffsetMap: { 0: '100', 11: '0' } },
      force: false,
      dryRun: false,
    };
    const map = { 0: 100, 11: -0 };
    expect(taken(kafka(end(map)))).toEqual(wanted);
    expect(taken(kafka({ type: 'end', stream: 'clicks', partitionSequenceNumberMap: map }))).toEqual(wanted);
    expect(taken(kafka(end(map, { topic: 'clicks', partitionSequenceNumberMap: map })))).toEqual(wanted);
    expect(taken(kafka({ type: 'end', topic: 'clicks', partitionOffsetMap: map }))).toEqual(wanted);
  });

  test('beyond 2^53 as texts, up to the last of Kafka', () => {
    const last = '9223372036854775807';
    expect(taken(kafka(end({ 0: last })))).toMatchObject({ partitions: { partitionOffsetMap: { 0: last } } });
  });

  test('of several topics', () => {
    expect(taken(kafka(end({ 'a.b:3': 7 })))).toMatchObject({
      partitions: { partitionOffsetMap: { 'a.b:3': '7' } },
    });
  });

  test('what is read can be read again', () => {
    const once = taken(kafka(end({ 0: 100 }), { force: true, dryRun: true }));
    expect(taken(once)).toEqual(once);
  });

  test.each([
    ['no type', {}, /^type is absent, expected "kafka" .* or "timestamp"/],
    ['another class', { type: 'kinesis', partitions: {} }, /^type is "kinesis", expected "kafka"/],
    ['a class of Druid that has no offsets', { type: 'object' }, /^type is "object"/],
    ['no partitions', kafka(undefined), /^partitions is absent/],
    ['null partitions', kafka(null), /^partitions is null/],
    ['a list', kafka([]), /^partitions is \[\]/],
    [
      'druid 6.64 testSupervisorResetWithInvalidStartSequenceMetadata: a start',
      kafka({ ...end({ 0: 1 }), type: 'start' }),
      /^partitions.type is "start", expected "end"/,
    ],
    [
      'exclusive starts',
      kafka(end({ 0: 1 }, { exclusivePartitions: [] })),
      /^partitions.exclusivePartitions is \[\], expected no such field/,
    ],
    ['no stream', kafka({ type: 'end', partitionOffsetMap: { 0: 1 } }), /^partitions.stream is absent/],
    ['two streams', kafka(end({ 0: 1 }, { topic: 'other' })), /^partitions.topic is "other"/],
    ['no map', kafka({ type: 'end', stream: 'clicks' }), /^partitions.partitionOffsetMap is absent/],
    ['an empty map', kafka(end({})), /^partitions.partitionOffsetMap is \{\}, expected .* at least one/],
    ['a list for a map', kafka(end([1])), /^partitions.partitionOffsetMap is \[1\]/],
    [
      'two maps that differ',
      kafka(end({ 0: 1 }, { partitionSequenceNumberMap: { 0: 2 } })),
      /^partitions.partitionSequenceNumberMap is .* the same as/,
    ],
    ['a partition that is none', kafka(end({ x: 1 })), /^a key of .* is "x", expected the number/],
    ['a partition with a zero before it', kafka(end({ '01': 1 })), /^a key of .* is "01"/],
    ['a topic without a name', kafka(end({ ':1': 1 })), /^a key of .* is ":1"/],
    ['null', kafka(end({ 0: null })), /partitionOffsetMap\.0 is null, expected an offset/],
    ['a negative offset', kafka(end({ 0: -1 })), /partitionOffsetMap\.0 is -1, expected an offset/],
    ['a fraction', kafka(end({ 0: 1.5 })), /partitionOffsetMap\.0 is 1\.5/],
    ['not a number', kafka(end({ 0: Number.NaN })), /partitionOffsetMap\.0 is null, expected an offset/],
    ['a text that is no number', kafka(end({ 0: '1e3' })), /partitionOffsetMap\.0 is "1e3"/],
    ['a number that JSON has rounded', kafka(end({ 0: 2 ** 53 })), /in quotes beyond 2\^53/],
    ['more than Kafka has', kafka(end({ 0: '9223372036854775808' })), /expected an offset/],
    ['more digits than any', kafka(end({ 0: '1'.repeat(40) })), /expected an offset/],
    ['an unknown field', kafka(end({ 0: 1 }), { forse: true }), /^forse is true, expected none of that name/],
    ['an unknown field within', kafka(end({ 0: 1 }, { x: 1 })), /^partitions.x is 1, expected none/],
    ['a switch that is a text', kafka(end({ 0: 1 }), { force: 'yes' }), /^force is "yes", expected true/],
  ] as [string, Record<string, unknown>, RegExp][])('%s is refused', (_what, body, message) => {
    expect(refusal(body)).toMatch(message);
  });

  test('druid hazard 3: null is no full reset', () => {
    for (const payload of [null, undefined, {}])
      expect(commandItem('resetOffsets', payload, 'id').refusal?.message).toMatch(/type is absent/);
    expect(commandItem('resetOffsets', 'null', 'id').refusal?.code).toBe('REQUEST_INVALID');
  });
});

describe('a point in time', () => {
  test('ISO 8601 or milliseconds, of all partitions or of some', () => {
    const wanted = {
      type: 'timestamp',
      timestamp: 1_767_225_600_000,
      partitions: null,
      force: false,
      dryRun: false,
    };
    expect(taken({ type: 'timestamp', timestamp: '2026-01-01T00:00:00Z' })).toEqual(wanted);
    expect(taken({ type: 'timestamp', timestamp: '2026-01-01T01:00:00+01:00' })).toEqual(wanted);
    expect(taken({ type: 'timestamp', timestamp: 1_767_225_600_000, partitions: null })).toEqual(wanted);
    expect(taken(taken({ type: 'timestamp', timestamp: 0, partitions: [0, '1', 1] }))).toMatchObject({
      partitions: ['0', '1'],
    });
  });

  test.each([
    [{ timestamp: undefined }, /^timestamp is absent, expected a time/],
    [{ timestamp: 'yesterday' }, /^timestamp is "yesterday"/],
    [{ timestamp: '2026-02-30' }, /^timestamp is "2026-02-30"/],
    [{ timestamp: -1 }, /^timestamp is -1/],
    [{ timestamp: 1.5 }, /^timestamp is 1\.5/],
    [{ timestamp: 9e15 }, /^timestamp is 9000000000000000/],
    [{ timestamp: 0, partitions: [] }, /^partitions is \[\], expected a list/],
    [{ timestamp: 0, partitions: [-1] }, /^partitions is \[-1\]/],
    [{ timestamp: 0, partitions: { 0: 1 } }, /^partitions is \{/],
    [{ timestamp: 0, stream: 'clicks' }, /^stream is "clicks", expected none of that name/],
  ] as [object, RegExp][])('%j is refused', (body, message) => {
    expect(refusal({ type: 'timestamp', ...body })).toMatch(message);
  });
});

describe('a full reset and a backfill', () => {
  test('what they take', () => {
    expect(readResetOrder({})).toEqual({ kind: 'ok', input: { dryRun: false } });
    expect(readResetOrder({ dryRun: true })).toEqual({ kind: 'ok', input: { dryRun: true } });
    expect(readBackfillOrder({})).toEqual({ kind: 'ok', input: { backfillTaskCount: null, dryRun: false } });
    for (const count of [3, '3'])
      expect(readBackfillOrder({ backfillTaskCount: count })).toMatchObject({
        input: { backfillTaskCount: 3 },
      });
  });

  test('a body that names partitions is not taken for a full reset', () => {
    expect(readResetOrder(kafka(end({ 0: 1 })))).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('use resetOffsets') as string,
    });
  });

  test.each([0, -1, 1.5, 'x', true, {}])('%j groups are refused', (count) => {
    expect(readBackfillOrder({ backfillTaskCount: count })).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('backfillTaskCount is') as string,
    });
  });
});
