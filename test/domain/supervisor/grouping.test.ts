import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupOf, groupsOf } from '../../../domain/supervisor/grouping.ts';

test('partition modulo taskCount; groups without a partition are absent', () => {
  expect([...groupsOf(['0', '1', '2', '10'], 4)]).toEqual([
    [0, ['0']],
    [1, ['1']],
    [2, ['2', '10']],
  ]);
});

test('druid 6.2 testMultiTask: of three partitions and taskCount 2, group 0 has 0 and 2, group 1 has 1', () => {
  expect([...groupsOf(['0', '1', '2'], 2)]).toEqual([
    [0, ['0', '2']],
    [1, ['1']],
  ]);
});

// Recorded from Java: Math.abs(31 * topic.hashCode() + partition), and that modulo 3, 4 and 7.
test.each([
  ['clicks', 0, 860_524_917, [0, 1, 0]],
  ['clicks', 3, 860_524_920, [0, 0, 3]],
  ['clicks-eu', 7, 760_546_187, [2, 3, 2]],
  ['a', 0, 3_007, [1, 3, 4]],
  ['ab', 1, 96_256, [1, 0, 6]],
  ['orders.v2', 12, 772_805_255, [2, 3, 5]],
  ['Zz9_-.', 99, 1_819_224_700, [1, 0, 6]],
] as const)('partition %s:%i of a pattern, hash %i', (topic, number, hash, groups) => {
  const key = `${topic}:${number}`;
  expect(groupOf(key, 2 ** 31)).toBe(hash);
  expect([3, 4, 7].map((taskCount) => groupOf(key, taskCount))).toEqual(groups);
});

test('the one hash that has no positive amount in Java, -2^31, is in a valid group: that of 2^31', () => {
  // Java's abs gives -2^31 there, and -2^31 % 3 is -2.
  for (const key of ['polygenelubricants:0', 'a:2147480641'])
    expect([1, 2, 3, 4, 7].map((taskCount) => groupOf(key, taskCount))).toEqual([0, 0, 2, 0, 2]);
});

test('every partition of every topic of a pattern is in exactly one group below taskCount', () => {
  const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.tuple(topic, fc.nat(5_000)).map(([name, number]) => `${name}:${number}`),
        {
          maxLength: 60,
        },
      ),
      fc.integer({ min: 1, max: 40 }),
      (partitions, taskCount) => {
        const groups = groupsOf(partitions, taskCount);
        expect([...groups.values()].flat().toSorted()).toEqual(partitions.toSorted());
        for (const group of groups.keys()) expect(group >= 0 && group < taskCount).toBe(true);
        expect([...groupsOf(partitions.toReversed(), taskCount)]).toEqual([...groups]);
      },
    ),
    { seed: 4 },
  );
});

test('every partition is in exactly one group, whatever their order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(5_000), { maxLength: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (numbers, taskCount) => {
        const partitions = numbers.map(String);
        const groups = groupsOf(partitions, taskCount);
        const members = [...groups.values()].flat();
        expect(members.toSorted()).toEqual(partitions.toSorted());
        for (const [group, own] of groups) {
          expect(group).toBeLessThan(taskCount);
          expect(own.every((partition) => Number(partition) % taskCount === group)).toBe(true);
        }
        expect([...groupsOf(partitions.toReversed(), taskCount)]).toEqual([...groups]);
      },
    ),
    { seed: 3 },
  );
});
