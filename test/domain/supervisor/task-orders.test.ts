/** What may be asked of running task groups. */
import { describe, expect, test } from 'vitest';
import { readCheckpointOrder, readShutdownTaskOrder } from '../../../domain/supervisor/task-orders.ts';

describe('checkpoint', () => {
  test.each([
    [{}, {}],
    [{ taskGroupIds: null }, {}],
    [{ taskGroupIds: [2, 0, 2] }, { taskGroupIds: [2, 0] }],
    [{ taskGroupIds: [0], unknown: 1 }, { taskGroupIds: [0] }],
  ])('%j is taken', (fields, input) => {
    expect(readCheckpointOrder(fields)).toEqual({ kind: 'ok', input });
  });

  test.each([[], 'all', 0, ['0'], [-1], [1.5], Array.from({ length: 1_001 }, () => 0)])(
    'taskGroupIds %j is refused, with what was expected',
    (taskGroupIds) => {
      expect(readCheckpointOrder({ taskGroupIds })).toEqual({
        kind: 'invalid',
        message: expect.stringMatching(/^taskGroupIds is .*, expected a list of 1 to 1000 group numbers/),
      });
    },
  );
});

describe('shutdownTask', () => {
  test('wants a task id and nothing else', () => {
    expect(readShutdownTaskOrder({ taskId: 't', other: 1 })).toEqual({ kind: 'ok', input: { taskId: 't' } });
  });

  test.each([undefined, null, '', 7, {}, 'x'.repeat(1_001)])('taskId %j is refused', (taskId) => {
    expect(readShutdownTaskOrder({ taskId }).kind).toBe('invalid');
  });
});
