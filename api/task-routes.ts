/**
 * `/druid/indexer/v1/task...`: the overlord's task paths for ingestion tasks. Reads come from Postgres alone; an order to end
 * a task goes to its supervisor, whose group replaces it. Tasks are made by supervisors, so posting one is refused.
 */
import type { FastifyReply } from 'fastify';
import { HeadgateError, isHeadgateError } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { taskType, tasksMost } from '../query/system-rows/tasks.ts';
import type { TaskFilter } from '../storage/tasks.ts';
import { parseInterval } from './coordinator-segments.ts';
import { sendJson } from './json-answer.ts';
import { nameIn, sendNothing } from './neighbour-answers.ts';
import { callerOf } from './order-headers.ts';
import { flagOf, queryValue, refuseDryRun, requireBody } from './routes.ts';
import type { Request, Route } from './routes.ts';
import { shortStatus, taskFacts, taskPayload, taskReports, taskStatus } from './task-answers.ts';
import { taskLog } from './task-log.ts';
import type { TaskDetail, TaskListRow, TaskStore } from './task-store.ts';

const base = '/druid/indexer/v1';

/** Throws TEMPORAL_UNAVAILABLE when nobody can be told. `accepted`: no outcome yet after a while. */
export type SendTaskOrder = (order: {
  readonly supervisorId: string;
  readonly verb: 'shutdownTask';
  readonly input: { readonly taskId: string };
  readonly by: string;
}) => Promise<{
  readonly kind: 'done' | 'refused' | 'accepted';
  readonly commandId: string;
  readonly outcome: { readonly summary: string; readonly [key: string]: Json | undefined };
}>;

export type TaskDeps = { readonly tasks: TaskStore; readonly sendOrder: SendTaskOrder };

export function taskRoutes({ tasks, sendOrder }: TaskDeps): Route[] {
  const listed = (state?: NonNullable<TaskFilter['state']>): Route['handle'] => {
    return async (request, reply) => {
      const filter = filterOf(request, state);
      return sendJson(reply, filter === null ? [] : (await tasks.list(filter)).map(taskStatus));
    };
  };
  const one = (answer: (detail: TaskDetail, request: Request, reply: FastifyReply) => unknown) => {
    return async (request: Request, reply: FastifyReply): Promise<FastifyReply> =>
      (await answer(await found(tasks, request), request, reply)) as FastifyReply;
  };
  const shutDown = async (task: TaskListRow, request: Request) => {
    refuseDryRun(request);
    const isWaited = flagOf(request, 'wait');
    if (task.state !== 'RUNNING') return { task: task.taskId };
    const order = { supervisorId: task.supervisorId, verb: 'shutdownTask' } as const;
    const input = { taskId: task.taskId };
    const { kind, commandId, outcome } = await sendOrder({ ...order, input, by: callerOf(request) });
    if (kind === 'refused')
      throw new HeadgateError('REQUEST_INVALID', outcome.summary, { details: { commandId } });
    return { task: task.taskId, ...(isWaited ? { commandId, state: kind, outcome } : {}) };
  };
  return [
    { method: 'GET', path: `${base}/tasks`, handle: listed() },
    { method: 'GET', path: `${base}/completeTasks`, handle: listed('complete') },
    { method: 'GET', path: `${base}/runningTasks`, handle: listed('running') },
    { method: 'GET', path: `${base}/pendingTasks`, handle: listed('pending') },
    { method: 'GET', path: `${base}/waitingTasks`, handle: listed('waiting') },
    {
      method: 'POST',
      path: `${base}/task`,
      handle: () => {
        throw new HeadgateError(
          'NOT_SUPPORTED',
          `POST ${base}/task: tasks are made by supervisors; post a supervisor spec to ${base}/supervisor instead`,
        );
      },
    },
    {
      method: 'POST',
      path: `${base}/taskStatus`,
      handle: async (request, reply) => {
        const rows = await tasks.find(idsIn(request));
        return sendJson(reply, Object.fromEntries(rows.map((row) => [row.taskId, shortStatus(row)])));
      },
    },
    {
      method: 'GET',
      path: `${base}/task/:id`,
      handle: one((detail, _request, reply) =>
        sendJson(reply, { task: detail.task.taskId, payload: taskPayload(detail) }),
      ),
    },
    {
      method: 'GET',
      path: `${base}/task/:id/status`,
      handle: one((detail, _request, reply) =>
        sendJson(reply, {
          task: detail.task.taskId,
          status: taskStatus(detail.task),
          headgate: taskFacts(detail),
        }),
      ),
    },
    {
      method: 'GET',
      path: `${base}/task/:id/segments`,
      handle: one(() => {
        throw new HeadgateError('REQUEST_INVALID', noSegments, { details: { status: 404 } });
      }),
    },
    {
      method: 'GET',
      path: `${base}/task/:id/reports`,
      handle: one(async (detail, _request, reply) =>
        sendJson(reply, taskReports(detail, await tasks.parseReports(detail.task.supervisorId))),
      ),
    },
    {
      method: 'GET',
      path: `${base}/task/:id/log`,
      handle: one(async (detail, request, reply) => {
        const offset = offsetOf(request);
        const bytes = Buffer.from(taskLog(detail, await tasks.history(detail.task)));
        return reply.code(200).type('text/plain;charset=utf-8').send(bytes.subarray(offset));
      }),
    },
    {
      method: 'POST',
      path: `${base}/task/:id/shutdown`,
      handle: one(async ({ task }, request, reply) => sendJson(reply, await shutDown(task, request))),
    },
    {
      method: 'POST',
      path: `${base}/datasources/:dataSource/shutdownAllTasks`,
      handle: async (request, reply) => {
        const dataSource = nameIn(request, 'dataSource');
        const running = await tasks.runningOf(dataSource);
        if (running.length === 0) return sendNothing(reply, 404);
        // Orders of one supervisor are worked on one after the other anyway.
        const refused: string[] = [];
        for (const task of running)
          await shutDown(task, request).catch((error: unknown) => {
            // It has ended meanwhile: the others are still to be told.
            if (!isRefusal(error)) throw error;
            refused.push(task.taskId);
          });
        return sendJson(reply, { dataSource, ...(refused.length > 0 ? { refused } : {}) });
      },
    },
    {
      method: 'POST',
      path: `${base}/lockedIntervals/v2`,
      handle: (request, reply) => {
        const filters = requireBody(request).value;
        if (!Array.isArray(filters) || filters.length === 0)
          throw new HeadgateError('REQUEST_INVALID', 'No filter provided');
        // Nothing is ever locked: a commit compares positions instead.
        return sendJson(reply, {});
      },
    },
  ];
}

/** The supervisor's own word; what is wrong with the request itself has no order. */
function isRefusal(error: unknown): boolean {
  return isHeadgateError(error) && error.code === 'REQUEST_INVALID' && 'commandId' in error.details;
}

const noSegments =
  'Segment IDs committed by a task action are not persisted anymore. ' +
  "Use the metric 'segment/added/bytes' to identify the segments created by a task. " +
  'The log of the task and sys.segments name what it published.';

async function found(tasks: TaskStore, request: Request): Promise<TaskDetail> {
  const id = nameIn(request, 'id');
  const detail = await tasks.read(id);
  if (detail !== null) return detail;
  const shown = id.length > 200 ? `${id.slice(0, 200)}...` : id;
  throw new HeadgateError('REQUEST_INVALID', `Cannot find any task with id: [${shown}]`, {
    details: { status: 404, taskId: shown },
  });
}

const states = ['pending', 'waiting', 'running', 'complete'] as const;

/** Null: nothing can match. */
function filterOf(request: Request, fixed?: NonNullable<TaskFilter['state']>): TaskFilter | null {
  const type = queryValue(request, 'type');
  if (type !== null && type !== taskType) return null;
  const dataSource = queryValue(request, 'datasource');
  if (dataSource?.includes('\0')) return null;
  const state = fixed ?? stateIn(request);
  const interval = queryValue(request, 'createdTimeInterval');
  const max = queryValue(request, 'max');
  if (max !== null && !/^\d{1,9}$/.test(max))
    throw new HeadgateError(
      'REQUEST_INVALID',
      `max: found ${JSON.stringify(max.slice(0, 60))}, expected a whole number: how many complete tasks to list at most`,
    );
  const created = interval === null ? null : parseInterval(interval, 'createdTimeInterval');
  return {
    ...(state === undefined ? {} : { state }),
    ...(dataSource === null ? {} : { dataSource }),
    ...(created === null ? {} : { createdFromMs: created.fromMs, createdBeforeMs: created.toMs }),
    ...(max === null ? {} : { completeMax: Number(max) }),
    limit: tasksMost,
  };
}

function stateIn(request: Request): TaskFilter['state'] {
  const text = queryValue(request, 'state');
  if (text === null) return undefined;
  const state = states.find((name) => name === text.toLowerCase());
  if (state === undefined)
    throw new HeadgateError(
      'REQUEST_INVALID',
      `Invalid state : ${text.slice(0, 60)}, valid values are: [${states.join(', ')}]`,
    );
  return state;
}

/** Bytes to leave out; negative: so many from the end, as in Druid. */
function offsetOf(request: Request): number {
  const text = queryValue(request, 'offset');
  if (text === null) return 0;
  if (!/^-?\d{1,15}$/.test(text))
    throw new HeadgateError(
      'REQUEST_INVALID',
      `offset: found ${JSON.stringify(text.slice(0, 60))}, expected a whole number of bytes; negative counts from the end`,
    );
  return Number(text);
}

const idsMost = 1_000;

function idsIn(request: Request): string[] {
  const { value } = requireBody(request);
  const isList = Array.isArray(value) && value.length > 0 && value.length <= idsMost;
  if (!isList || !value.every((id): id is string => typeof id === 'string' && !id.includes('\0')))
    throw new HeadgateError(
      'REQUEST_INVALID',
      `body: expected a list of 1 to ${idsMost} task ids, as ["index_kafka_..."]`,
    );
  return value;
}
