/** An order that fails by a mistake of ours is given up in the end: those behind it must not wait for ever. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { applyCommand } from '../../../activities/supervisor/apply-command.ts';
import type { ControlDeps } from '../../../activities/control-deps.ts';
import type { ApplyCommandInput } from '../../../activities/supervisor/contract.ts';
import type { Verb } from '../../../domain/supervisor/commands.ts';
import { readCommand } from '../../../storage/supervisors.ts';
import { scratchDatabase } from '../../storage/scratch.ts';

const scratch = scratchDatabase();
const order: ApplyCommandInput = {
  supervisorId: 'mistaken',
  commandId: 'mistaken-1',
  // Nobody has written what it does.
  verb: 'somersault' as Verb,
  by: 'test',
  refusal: null,
  input: {},
};

function tried(attempt: number): Promise<unknown> {
  const deps = { pool: scratch.pool(), log: () => undefined } as unknown as ControlDeps;
  const logger = new DefaultLogger('ERROR', () => undefined);
  return new MockActivityEnvironment({ attempt }, { logger }).run(() => applyCommand(deps, order));
}

test('nine tries fail, the tenth is the last, and says so', async () => {
  await expect(tried(9)).rejects.toThrow();
  expect(await readCommand(scratch.pool(), order.commandId)).toBeNull();
  expect(await tried(10)).toMatchObject({
    kind: 'refused',
    outcome: { summary: expect.stringContaining('tried 10 times') as unknown },
  });
  expect(await readCommand(scratch.pool(), order.commandId)).toMatchObject({ state: 'refused' });
});
