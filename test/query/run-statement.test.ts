/** A statement the gate refuses ends only when nothing is at work in its instance any more: whoever is told closes it. */
import { expect, it } from 'vitest';
import { HeadgateError } from '../../domain/errors.ts';
import type { LockedInstance } from '../../query/locked-instance.ts';
import type { RunMessage } from '../../query/messages.ts';
import { runStatement } from '../../query/run-statement.ts';

const message: RunMessage = {
  kind: 'run',
  sql: 'select 1',
  parameters: [],
  settings: { timeZone: 'UTC', nowMs: 0, approximateCountDistinct: true },
  sources: [],
  system: [],
  result: {
    format: 'object',
    header: false,
    typesHeader: false,
    sqlTypesHeader: false,
    stringifyArrays: true,
  },
  outerLimit: null,
  rowsMax: 10,
  resultBytesMax: 1_000,
};

it('waits until files are opened before it says that the gate refused', async () => {
  let opened = (): void => undefined;
  const events: string[] = [];
  const instance = {
    lock: async () => {
      await new Promise<void>((resolve) => (opened = resolve));
      events.push('opened');
    },
    connection: {
      extractStatements: async () => {
        events.push('prepared');
        throw new Error('nothing may be prepared');
      },
    },
  } as unknown as LockedInstance;
  const passed = Promise.reject(new HeadgateError('QUERY_INVALID', 'refused by the gate'));
  passed.catch(() => undefined);
  const running = runStatement(
    instance,
    message,
    { sql: 'select 1', outputs: [], isExplain: false, resources: [], passed },
    () => undefined,
  ).catch((error: unknown) => {
    events.push(error instanceof Error ? error.message : String(error));
  });
  await passed.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(events).toEqual([]);
  opened();
  await running;
  expect(events).toEqual(['opened', 'refused by the gate']);
});
