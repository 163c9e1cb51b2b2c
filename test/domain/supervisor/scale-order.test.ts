import { describe, expect, test } from 'vitest';
import { readScaleOrder } from '../../../domain/supervisor/scale-order.ts';

describe('an order to scale', () => {
  test('is a count, and a reason', () => {
    expect(readScaleOrder({ taskCount: 4 })).toEqual({ kind: 'ok', input: { taskCount: 4 } });
    expect(readScaleOrder({ taskCount: 500, reason: ' sale tomorrow ', dryRun: true })).toEqual({
      kind: 'ok',
      input: { taskCount: 500, reason: 'sale tomorrow', dryRun: true },
    });
    expect(readScaleOrder({ taskCount: 1, reason: '', dryRun: false })).toEqual({
      kind: 'ok',
      input: { taskCount: 1 },
    });
  });

  test.each([
    [{}, 'taskCount is absent, expected a whole number from 1 to 500'],
    [{ taskCount: 0 }, 'taskCount is 0, expected'],
    [{ taskCount: 501 }, 'taskCount is 501, expected'],
    [{ taskCount: 1.5 }, 'taskCount is 1.5, expected'],
    [{ taskCount: '4' }, 'taskCount is "4", expected'],
    [{ taskCount: null }, 'taskCount is null, expected'],
    [{ taskCount: 4, reason: 7 }, 'reason is 7, expected a text'],
    [{ taskCount: 4, reason: 'x'.repeat(301) }, 'expected a text of at most 300 characters'],
    [{ taskCount: 4, dryRun: 'yes' }, 'dryRun is "yes", expected true or false'],
    [{ taskcount: 4 }, 'found "taskcount", expected taskCount'],
  ])('%j is refused, naming the field', (fields, message) => {
    const reading = readScaleOrder(fields);
    expect(reading).toMatchObject({ kind: 'invalid', message: expect.stringContaining(message) as string });
  });
});
