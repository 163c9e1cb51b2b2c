import { expect, test } from 'vitest';
import { Bell } from '../../activities/bell.ts';

const silent = new AbortController().signal;

test('a notice that came since the count was read is not slept through', async () => {
  const bell = new Bell();
  const seen = bell.rings;
  bell.ring();
  expect(await bell.wait(seen, 60_000, silent)).toBe('rang');
});

test('it waits for the next notice, or the time', async () => {
  const bell = new Bell();
  const waiting = bell.wait(bell.rings, 60_000, silent);
  bell.ring();
  expect(await waiting).toBe('rang');
  expect(await bell.wait(bell.rings, 5, silent)).toBe('time');
});

test('it hears its own payload and "look again", and no other', async () => {
  let notify: (payload: string | null) => void = () => undefined;
  let stopped = false;
  const notifications = {
    listen: (_channel: string, handler: typeof notify) => {
      notify = handler;
      return Promise.resolve(() => void (stopped = true));
    },
  };
  const bell = await Bell.listen(notifications, 'headgate_supervisor', 'wiki');
  for (const payload of ['other', 'wiki', null, 'wik']) notify(payload);
  expect(bell.rings).toBe(2);
  bell.close();
  bell.close();
  expect(stopped).toBe(true);
});

test('an abort ends a wait, also one that came before it', async () => {
  const bell = new Bell();
  const abort = new AbortController();
  const waiting = bell.wait(bell.rings, 60_000, abort.signal);
  abort.abort(new Error('stop'));
  await expect(waiting).rejects.toThrow('stop');
  await expect(async () => bell.wait(bell.rings, 60_000, abort.signal)).rejects.toThrow('stop');
});
