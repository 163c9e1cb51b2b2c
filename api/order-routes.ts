/**
 * The verbs that reach a supervisor through its workflow (druid.md 2.2, 2.6, 2.7): reset, resetOffsets,
 * resetToLatestAndBackfill, handoff, and ours: checkpoint, scale.
 *
 * As in Druid, 200 or 202 says that the order is taken; a refusal is 400 with the reason. `?wait=true` answers when the
 * effect is there, with the outcome; `?dryRun=true` changes nothing and tells what would be.
 */
import type { FastifyReply } from 'fastify';
import { HeadgateError } from '../domain/errors.ts';
import { describe } from '../domain/supervisor/order-reading.ts';
import type { Json } from '../domain/json.ts';
import type { Verb } from '../domain/supervisor/commands.ts';
import { findSupervisor } from './find-supervisor.ts';
import { exactValue } from './json-body.ts';
import { sendJson } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import { sendNothing } from './neighbour-answers.ts';
import { checkpointed, handedOff, readAgain, readScene, scaled } from './order-effects.ts';
import type { Effect, Scene } from './order-effects.ts';
import { callerOf, commandIdOf } from './order-headers.ts';
import type { OrderAnswer, OrderSender } from './order-sender.ts';
import { countOf, flagOf, refuseDryRun, requireBody } from './routes.ts';
import type { Request, Route } from './routes.ts';
import type { Store, SupervisorRow } from './store.ts';
import { waitForEffect } from './waiting.ts';

export type OrderDeps = { readonly store: Store; readonly sender: OrderSender };

type Fields = { readonly [key: string]: Json };

type Verbs = {
  readonly path: string;
  readonly verb: Verb;
  /** From body and query; throws REQUEST_INVALID. */
  readonly fields: (request: Request) => Fields;
  /** What `?wait=true` waits for, from how it was before. */
  readonly effect: (before: Scene, fields: Fields) => Effect;
  /** Without `wait` and `dryRun`. */
  readonly answer: (reply: FastifyReply, row: SupervisorRow, answer: OrderAnswer) => FastifyReply;
};

const base = '/druid/indexer/v1/supervisor/:id';

const verbs: readonly Verbs[] = [
  {
    path: 'reset',
    verb: 'reset',
    fields: (request) => ({ ...optionalFields(request), ...dryRunOf(request) }),
    effect: () => readAgain,
    answer: (reply, row, answer) => sendJson(reply, { id: row.supervisorId, ...lateness(answer) }),
  },
  {
    path: 'resetOffsets',
    verb: 'resetOffsets',
    fields: (request) => ({
      ...bodyFields(request),
      ...(flagOf(request, 'force') ? { force: true } : {}),
      ...dryRunOf(request),
    }),
    effect: () => readAgain,
    answer: (reply, row, answer) => sendJson(reply, { id: row.supervisorId, ...lateness(answer) }),
  },
  {
    path: 'resetToLatestAndBackfill',
    verb: 'resetToLatestAndBackfill',
    fields: (request) => {
      const count = countOf(request, 'backfillTaskCount', backfillTasksMost);
      return {
        ...optionalFields(request),
        ...(count === null ? {} : { backfillTaskCount: count }),
        ...dryRunOf(request),
      };
    },
    effect: () => readAgain,
    answer: (reply, row, answer) =>
      sendJson(reply, {
        id: row.supervisorId,
        backfillSupervisorId: answer.outcome['backfillSupervisorId'] as Answer,
        ...lateness(answer),
      }),
  },
  {
    path: 'taskGroups/handoff',
    verb: 'handoffTaskGroups',
    fields: handoffFields,
    effect: (before, fields) => handedOff(before, fields['taskGroupIds'] as readonly number[]),
    answer: (reply) => sendNothing(reply, 202),
  },
  {
    path: 'checkpoint',
    verb: 'checkpoint',
    fields: (request) => {
      refuseDryRun(request);
      return withoutDryRun(optionalFields(request));
    },
    effect: (before, fields) =>
      checkpointed(before, (fields['taskGroupIds'] ?? null) as readonly number[] | null),
    answer: (reply, row, answer) => sendJson(reply, wholeAnswer(row, answer)),
  },
  {
    path: 'scale',
    verb: 'autoscale',
    fields: (request) => ({
      reason: `asked by ${callerOf(request)}`,
      ...bodyFields(request),
      ...dryRunOf(request),
    }),
    effect: () => scaled,
    answer: (reply, row, answer) => sendJson(reply, wholeAnswer(row, answer)),
  },
];

const backfillTasksMost = 10_000;

export function orderRoutes(deps: OrderDeps): Route[] {
  return verbs.map((one) => ({
    method: 'POST',
    path: `${base}/${one.path}`,
    // An unknown supervisor is told before a wrong body is.
    before: (request) => findSupervisor(deps.store, request),
    handle: (request, reply) => carryOut(deps, one, request, reply),
  }));
}

async function carryOut(
  { store, sender }: OrderDeps,
  one: Verbs,
  request: Request,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const row = await findSupervisor(store, request);
  const commandId = commandIdOf(request);
  const fields = one.fields(request);
  const isDryRun = flagOf(request, 'dryRun') || fields['dryRun'] === true;
  const isWaiting = flagOf(request, 'wait');
  const before = isWaiting ? await readScene(store, row.supervisorId) : null;
  const answer = await sender.send({
    supervisorId: row.supervisorId,
    specVersion: row.version,
    verb: one.verb,
    input: fields,
    by: callerOf(request),
    ...(commandId === null ? {} : { commandId }),
  });
  void reply.header('x-headgate-command', answer.commandId);
  if (answer.kind === 'refused') throw refusal(row, answer);
  if (!isWaiting && !isDryRun) return one.answer(reply, row, answer);
  if (answer.kind === 'accepted') throw pending(row, one.verb, answer);
  if (before !== null && !isDryRun)
    await waitForEffect(store, row.supervisorId, one.effect(before, fields), { commandId: answer.commandId });
  return sendJson(reply, wholeAnswer(row, answer));
}

function wholeAnswer({ supervisorId }: SupervisorRow, { commandId, kind, outcome }: OrderAnswer): Answer {
  const backfill = outcome['backfillSupervisorId'];
  return {
    id: supervisorId,
    ...(backfill === undefined ? {} : { backfillSupervisorId: backfill as Answer }),
    commandId,
    state: kind,
    outcome: outcome as Answer,
  };
}

function refusal({ supervisorId }: SupervisorRow, { commandId, outcome }: OrderAnswer): HeadgateError {
  return new HeadgateError('REQUEST_INVALID', outcome.summary, {
    details: { supervisorId, commandId, outcome },
  });
}

function pending({ supervisorId }: SupervisorRow, verb: Verb, { commandId }: OrderAnswer): HeadgateError {
  return new HeadgateError(
    'ORDER_PENDING',
    `[${supervisorId}]: ${verb}: the order is taken, but the supervisor has not come to it yet; ask /druid/indexer/v1/supervisor/${encodeURIComponent(supervisorId)}/commands/${encodeURIComponent(commandId)}`,
    { details: { supervisorId, commandId } },
  );
}

/** Where Druid's answer has no place for "not yet". */
function lateness({ kind, outcome }: OrderAnswer): { readonly warning?: string } {
  return kind === 'accepted' ? { warning: outcome.summary } : {};
}

function dryRunOf(request: Request): Fields {
  return flagOf(request, 'dryRun') ? { dryRun: true } : {};
}

function bodyFields(request: Request): Fields {
  const value = exactValue(requireBody(request));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new HeadgateError('REQUEST_INVALID', `body: found ${describe(value)}, expected a JSON object`);
  // These two are the door's own.
  const { commandId: _commandId, by: _by, ...fields } = value as { readonly [key: string]: Json };
  return fields;
}

/** Where a body may be left out: what it says counts all the same. */
function optionalFields(request: Request): Fields {
  return request.body === undefined ? {} : bodyFields(request);
}

function withoutDryRun({ dryRun, ...fields }: Fields): Fields {
  if (dryRun === undefined || dryRun === null || dryRun === false) return fields;
  throw new HeadgateError(
    'REQUEST_INVALID',
    `dryRun: found ${describe(dryRun)}, but this order cannot be rehearsed; nothing was done`,
  );
}

function handoffFields(request: Request): Fields {
  refuseDryRun(request);
  const { taskGroupIds } = withoutDryRun(bodyFields(request));
  if (
    taskGroupIds === undefined ||
    taskGroupIds === null ||
    (Array.isArray(taskGroupIds) && taskGroupIds.length === 0)
  )
    throw new HeadgateError('REQUEST_INVALID', "List of task groups to handoff can't be empty");
  return { taskGroupIds };
}
