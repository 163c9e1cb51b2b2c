/** What a client of Temporal may answer to an update, one by one: when it is sent again, and what the caller is told. */
import {
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { tellSupervisor } from '../../api/order-door.ts';

const order = {
  supervisorId: 'clicks',
  verb: 'reset',
  commandId: 'c1',
  by: 'ada',
  input: { dryRun: true },
} as const;

type Sent = { readonly workflowId: string; readonly name: string; readonly options: unknown };

/** Answers each update with the next of `answers`. */
function aDoor(answers: readonly (Error | 'accepted')[], isThere = true) {
  const left = [...answers];
  const sent: Sent[] = [];
  const started: string[] = [];
  const client = {
    withDeadline: (_deadline: number, call: () => unknown) => call(),
    workflowService: {
      getSystemInfo: async () => {
        if (!isThere) throw new Error('No connection established');
      },
    },
    workflow: {
      getHandle: (workflowId: string) => ({
        executeUpdate: async (name: string, options: unknown) => {
          sent.push({ workflowId, name, options });
          const answer = left.shift();
          if (answer instanceof Error) throw answer;
          return { kind: answer, commandId: 'c1' };
        },
      }),
    },
  };
  const door = {
    client: client as unknown as Client,
    address: 'temporal:7233',
    start: async (id: string) => void started.push(id),
  };
  return { door, sent, started };
}

function grpc(code: number): ServiceError {
  return new ServiceError('Workflow Update failed', { cause: Object.assign(new Error('grpc'), { code }) });
}

describe('an order at the door of Temporal', () => {
  it('is one update whose id is the command id', async () => {
    const { door, sent } = aDoor(['accepted']);
    expect(await tellSupervisor(door, order)).toBe('accepted');
    expect(sent).toEqual([
      {
        workflowId: 'supervisor:clicks',
        name: 'reset',
        options: { updateId: 'c1', args: [{ dryRun: true, commandId: 'c1', by: 'ada' }] },
      },
    ]);
  });

  it.each([
    ['a rollover (code 9)', grpc(9)],
    ['a workflow that is just closing (code 8)', grpc(8)],
    [
      'a run that was over before it answered',
      new WorkflowUpdateFailedError(
        'failed',
        ApplicationFailure.create({ type: 'AcceptedUpdateCompletedWorkflow' }),
      ),
    ],
  ])('is sent again, under the same id, after %s', async (_what, error) => {
    const { door, sent, started } = aDoor([error, 'accepted']);
    expect(await tellSupervisor(door, order)).toBe('accepted');
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    expect(started).toEqual([]);
  });

  it('starts the workflow when there is none', async () => {
    const { door, sent, started } = aDoor([
      new WorkflowNotFoundError('none', 'supervisor:clicks', undefined),
      'accepted',
    ]);
    expect(await tellSupervisor(door, order)).toBe('accepted');
    expect([started, sent.length]).toEqual([['clicks'], 2]);
  });

  it('is refused with the code and words of the workflow', async () => {
    const refusal = ApplicationFailure.create({ type: 'REQUEST_INVALID', message: '200 orders are waiting' });
    const { door, sent } = aDoor([new WorkflowUpdateFailedError('failed', refusal)]);
    await expect(tellSupervisor(door, order)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: '200 orders are waiting',
      details: { status: 400, supervisorId: 'clicks', commandId: 'c1' },
    });
    expect(sent).toHaveLength(1);
  });

  it('was told to nobody when Temporal does not even say what it is', async () => {
    const { door, sent } = aDoor([], false);
    await expect(tellSupervisor(door, order)).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
      message: expect.stringContaining('nothing was changed'),
    });
    expect(sent).toEqual([]);
  });

  it.each([
    [
      'no worker',
      new WorkflowUpdateRPCTimeoutOrCancelledError('deadline'),
      /no control worker took it in time/,
    ],
    ['a connection that broke (code 14)', grpc(14), /Workflow Update failed: grpc/],
  ])('may or may not have been taken after %s', async (_what, error, says) => {
    const { door, sent } = aDoor([error, 'accepted']);
    await expect(tellSupervisor(door, order)).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
      message: expect.stringMatching(says),
      details: { isSent: true, commandId: 'c1' },
    });
    expect(sent).toHaveLength(1);
  });
});
