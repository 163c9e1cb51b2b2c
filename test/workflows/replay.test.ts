/**
 * Every recorded history of a released workflow replays on the code of today; a change that would not is a patch, or a
 * new workflow type. See histories.temporal.test.ts for how they were recorded.
 */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, test } from 'vitest';
import { recordedHistories } from './support/histories.ts';
import { workflowBundle } from './support/harness.ts';

const recorded = recordedHistories();

beforeAll(() => void Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) }));

/** Under their own workflow ids: the ids of children are made from them. */
async function errorsOf(workflowBundle: { code: string }): Promise<Map<string, Error | undefined>> {
  const errors = new Map<string, Error | undefined>();
  for (const { name, workflowId, history } of recorded)
    for await (const replay of Worker.runReplayHistories({ workflowBundle }, [{ workflowId, history }]))
      errors.set(name, replay.error);
  return errors;
}

describe('recorded histories', () => {
  test('there is one for each main path', () => {
    const names = recorded.map((history) => history.name).sort();
    expect(names.filter((name) => !name.startsWith('operator-'))).toEqual([
      'group-bounded',
      'group-discarded',
      'group-failed-task-replaced',
      'group-mute-replica',
      'group-published',
      'group-task-shut-down',
      'group-told-to-stop',
      'supervisor-continued-as-new',
      'supervisor-next-life',
      'supervisor-whole-life',
    ]);
  });

  test('and twenty at least of the random operator, of supervisors and of groups', () => {
    const names = recorded.map((history) => history.name).filter((name) => name.startsWith('operator-'));
    expect(names.length).toBeGreaterThanOrEqual(20);
    for (const kind of ['supervisor', 'group'])
      expect(names.filter((name) => name.includes(kind)).length).toBeGreaterThanOrEqual(5);
  });

  test('they replay', { timeout: 240_000 }, async () => {
    const errors = await errorsOf(await workflowBundle());
    expect([...errors].filter(([, error]) => error !== undefined)).toEqual([]);
    expect(errors.size).toBe(recorded.length);
  });

  test('a change without a patch is caught in every one of them', { timeout: 240_000 }, async () => {
    const changed = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('support/changed-workflows.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR', () => undefined),
    });
    for (const [name, error] of await errorsOf(changed))
      expect(error, name).toBeInstanceOf(DeterminismViolationError);
  });
});
