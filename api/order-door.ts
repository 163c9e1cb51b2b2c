/**
 * Carries one order to a supervisor's workflow as an update whose id is the command id, so that however often it is
 * sent it is taken once.
 *
 * What fails is told apart: refused (REQUEST_INVALID), nobody was told (TEMPORAL_UNAVAILABLE, nothing was changed), or
 * it is not known (TEMPORAL_UNAVAILABLE with `isSent`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { errorCodes, HeadgateError, messageOf } from '../domain/errors.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import type { Verb } from '../domain/supervisor/commands.ts';
import { supervisorWorkflowId } from '../workflows/contract.ts';
import type { CommandAnswer } from '../workflows/contract.ts';

export type SentOrder = {
  readonly supervisorId: string;
  readonly verb: Verb;
  readonly commandId: string;
  readonly by: string;
  readonly input: { readonly [key: string]: Json };
};

export type Door = {
  readonly client: Client;
  readonly address: string;
  /** Starts the workflow when there is none. */
  readonly start: (supervisorId: string) => Promise<void>;
};

/** An update is answered by the next workflow task; a worker that is gone for a moment is waited for. */
const patienceMs = 10_000;
const pauseMs = 250;

/** Of gRPC: what the next try may well get past. */
const failedPrecondition = 9;
const resourceExhausted = 8;

export async function tellSupervisor(door: Door, order: SentOrder): Promise<CommandAnswer['kind']> {
  const deadline = Date.now() + patienceMs;
  await askWhetherThere(door, order, deadline);
  for (;;) {
    try {
      return (await sendUpdate(door, order, deadline)).kind;
    } catch (error) {
      const next = nextStep(error);
      if (next === 'fail' || Date.now() + pauseMs > deadline) throw failureOf(door, order, error);
      if (next === 'start') await door.start(order.supervisorId);
      await sleep(pauseMs);
    }
  }
}

/** Before anything is sent, so that "nothing was changed" can be said for sure. */
async function askWhetherThere({ client, address }: Door, order: SentOrder, deadline: number): Promise<void> {
  try {
    await client.withDeadline(deadline, () => client.workflowService.getSystemInfo({}));
  } catch (error) {
    throw new HeadgateError(
      'TEMPORAL_UNAVAILABLE',
      `[${order.supervisorId}]: ${order.verb}: Temporal at ${address} does not answer, so nobody was told and nothing was changed; try again. (${messageOf(error)})`,
      { cause: error },
    );
  }
}

function sendUpdate({ client }: Door, order: SentOrder, deadline: number): Promise<CommandAnswer> {
  const { commandId, by, input } = order;
  return client.withDeadline(deadline, () =>
    client.workflow
      .getHandle(supervisorWorkflowId(order.supervisorId))
      .executeUpdate<CommandAnswer, [{ readonly [key: string]: Json }]>(order.verb, {
        updateId: commandId,
        args: [{ ...input, commandId, by }],
      }),
  );
}

function nextStep(error: unknown): 'again' | 'start' | 'fail' {
  if (error instanceof WorkflowNotFoundError) return 'start';
  // The run was over before it answered: the next one knows whether it was taken.
  if (error instanceof WorkflowUpdateFailedError) return refusalOf(error) === null ? 'again' : 'fail';
  const code = grpcCodeOf(error);
  return code === failedPrecondition || code === resourceExhausted ? 'again' : 'fail';
}

function failureOf({ address }: Door, order: SentOrder, error: unknown): HeadgateError {
  const refusal = error instanceof WorkflowUpdateFailedError ? refusalOf(error) : null;
  const { supervisorId, verb, commandId } = order;
  if (refusal !== null)
    return new HeadgateError(refusal.code, refusal.message, {
      details: { supervisorId, commandId, status: 400 },
    });
  const why =
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ? 'no control worker took it in time' : '';
  return new HeadgateError(
    'TEMPORAL_UNAVAILABLE',
    `[${supervisorId}]: ${verb}: Temporal at ${address}: ${why || causeText(error)}; it is not known whether the order was taken. ` +
      `Send it again with the header x-headgate-command-id: ${commandId}, which applies it once, or ask for its outcome at /druid/indexer/v1/supervisor/${encodeURIComponent(supervisorId)}/commands/${encodeURIComponent(commandId)}`,
    { details: { supervisorId, commandId, isSent: true }, cause: error },
  );
}

/** Null: not the validator's word. Its types are our codes. */
function refusalOf({ cause }: WorkflowUpdateFailedError): { code: ErrorCode; message: string } | null {
  if (!(cause instanceof ApplicationFailure) || !cause.type || !Object.hasOwn(errorCodes, cause.type))
    return null;
  return { code: cause.type as ErrorCode, message: cause.message };
}

function grpcCodeOf(error: unknown): number | null {
  const code = error instanceof ServiceError ? (error.cause as { code?: unknown } | undefined)?.code : null;
  return typeof code === 'number' ? code : null;
}

function causeText(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}
