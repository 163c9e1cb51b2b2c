import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePartitions, groupsOf } from '../../../domain/supervisor/grouping.ts';

test('partition modulo taskCount; groups without a partition are absent', () => {
  expect([...groupsOf(['0', '1', '2', '10'], 4)]).toEqual([
    [0, ['0']],
    [1, ['1']],
    [2, ['2', '10']],
  ]);
});

test('partitions sort by number', () => {
  expect(['10', '9', '0', '100'].sort(comparePartitions)).toEqual(['0', '9', '10', '100']);
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
