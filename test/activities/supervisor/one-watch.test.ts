/** A watch that was given up ends when the next one begins, not when it hears of it. */
import { expect, test } from 'vitest';
import { beginWatch } from '../../../activities/supervisor/one-watch.ts';

const never = new AbortController().signal;

test('the next watch of the supervisor ends the one before, and nobody else', () => {
  const first = beginWatch('a', never);
  const other = beginWatch('b', never);
  const second = beginWatch('a', never);
  expect([first, other, second].map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
  // It leaves late: the place is the second one's by now.
  first.leave();
  beginWatch('a', never);
  expect(second.signal.aborted).toBe(true);
});

test('one that has left is not ended, and a cancellation ends it as before', () => {
  const first = beginWatch('c', never);
  first.leave();
  const cancel = new AbortController();
  const second = beginWatch('c', cancel.signal);
  expect(first.signal.aborted).toBe(false);
  cancel.abort();
  expect(second.signal.aborted).toBe(true);
  expect(second.isOvertaken()).toBe(false);
});
