import { expect, test } from 'vitest';
import { HeadgateError } from '../../domain/errors.ts';
import { untilReached } from '../../workers/patience.ts';

const lines: string[] = [];
const logger = {
  warn: (line: string) => void lines.push(line),
  info: (line: string) => void lines.push(line),
};

test('a server that comes up later is waited for, in plain words', async () => {
  let tries = 0;
  const reached = untilReached('Temporal', logger as never, async () => {
    tries += 1;
    if (tries < 3) throw new Error('connection refused');
    return 'up';
  });
  expect(await reached).toBe('up');
  expect(lines).toEqual([
    'Temporal does not answer yet: connection refused; trying again in 200 ms',
    'Temporal does not answer yet: connection refused; trying again in 400 ms',
    'Temporal answers now',
  ]);
});

test('what no waiting mends is thrown at once', async () => {
  const tooNew = new HeadgateError('METADATA_TOO_NEW', 'schema 12, this program knows 10');
  await expect(untilReached('Postgres', logger as never, () => Promise.reject(tooNew))).rejects.toBe(tooNew);
});

test('an order to stop ends the wait', async () => {
  const stop = new AbortController();
  const waiting = untilReached(
    'Postgres',
    logger as never,
    () => Promise.reject(new Error('down')),
    stop.signal,
  );
  stop.abort();
  await expect(waiting).rejects.toThrow();
});
