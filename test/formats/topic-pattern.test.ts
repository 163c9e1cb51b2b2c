import { expect, test } from 'vitest';
import { CompileProblem } from '../../formats/compile-problem.ts';
import { topicMatcher, topicsOf } from '../../formats/topic-pattern.ts';

test.each([
  ['clicks-.*', 'clicks-eu', true],
  ['clicks-.*', 'clicks-', true],
  ['clicks-.*', 'clicks', false],
  ['clicks', 'clicks-eu', false],
  ['clicks', 'more-clicks', false],
  ['^clicks.v\\d+$', 'clicks.v12', true],
  ['a|b', 'ab', false],
  ['(?i)CLICKS', 'clicks', true],
  ['.*', 'anything', true],
])('the pattern %s and the topic %s: %s', (pattern, topic, matches) => {
  expect(topicMatcher(pattern)(topic)).toBe(matches);
});

test('topics of Kafka itself are meant only by a pattern that begins as their names do', () => {
  for (const pattern of ['.*', '_.*', '(__consumer_offsets|clicks)'])
    expect(topicMatcher(pattern)('__consumer_offsets')).toBe(false);
  expect(topicMatcher('(__consumer_offsets|clicks)')('clicks')).toBe(true);
  expect(topicMatcher('_.*')('_schemas')).toBe(true);
  for (const pattern of ['__.*', '^__consumer_offsets$'])
    expect(topicMatcher(pattern)('__consumer_offsets')).toBe(true);
});

test('a pattern that RE2 cannot run is refused, and one that would take Java for ever is quick', () => {
  expect(() => topicMatcher('(a')).toThrow(CompileProblem);
  expect(() => topicMatcher('(?=a)b')).toThrow(CompileProblem);
  expect(topicMatcher('(a+)+')(`${'a'.repeat(248)}b`)).toBe(false);
});

test('a spec with one topic needs no matcher', () => {
  expect(topicsOf({ topic: 'clicks.', isPattern: false })).toBeUndefined();
  expect(topicsOf({ topic: 'clicks.', isPattern: true })?.('clicks2')).toBe(true);
});
