import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePartitions, partitionKey, readPartitionKey, topicOf } from '../../domain/partition-key.ts';

test('a partition of one topic is its number, one of a pattern is topic:number', () => {
  expect(readPartitionKey('12')).toEqual({ topic: null, number: '12' });
  expect(readPartitionKey('clicks-eu.v2:12')).toEqual({ topic: 'clicks-eu.v2', number: '12' });
  expect(partitionKey(null, 7)).toBe('7');
  expect(partitionKey('clicks', 7)).toBe('clicks:7');
});

test('the topic of a partition is its own, or the one topic of the stream', () => {
  expect(topicOf('3', 'clicks')).toBe('clicks');
  expect(topicOf('clicks-eu:3', 'clicks-.*')).toBe('clicks-eu');
});

test('partitions sort by topic, then by number', () => {
  expect(['10', '9', '0', '100'].sort(comparePartitions)).toEqual(['0', '9', '10', '100']);
  expect(['b:0', 'a:10', 'a:9', 'a-b:0', 'a:0'].sort(comparePartitions)).toEqual([
    'a:0',
    'a:9',
    'a:10',
    'a-b:0',
    'b:0',
  ]);
});

test('the order is total: one of two different keys comes first, whatever they look like', () => {
  const key = fc.oneof(
    fc.nat().map(String),
    fc.tuple(fc.string({ maxLength: 4 }), fc.nat(20)).map(([topic, number]) => `${topic}:${number}`),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(key, key, key, (left, right, third) => {
      const order = comparePartitions(left, right);
      expect(Math.sign(order) + Math.sign(comparePartitions(right, left))).toBe(0);
      expect(order === 0).toBe(left === right);
      if (order <= 0 && comparePartitions(right, third) <= 0)
        expect(comparePartitions(left, third)).toBeLessThanOrEqual(0);
    }),
    { seed: 11 },
  );
});
