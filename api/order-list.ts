/** What became of orders: the newest of a supervisor, or one. Also of a terminated supervisor. */
import { HeadgateError } from '../domain/errors.ts';
import type { CommandRow } from '../storage/supervisors.ts';
import { findEver } from './find-supervisor.ts';
import { sendJson } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import { countOf } from './routes.ts';
import type { Route } from './routes.ts';
import type { Store } from './store.ts';

const base = '/druid/indexer/v1/supervisor/:id/commands';
const usualCount = 50;
const countMost = 1_000;

export function orderListRoutes(store: Store): Route[] {
  return [
    {
      method: 'GET',
      path: base,
      handle: async (request, reply) => {
        const { supervisorId } = await findEver(store, request);
        const limit = countOf(request, 'limit', countMost) ?? usualCount;
        return sendJson(reply, (await store.commands(supervisorId, { limit })).map(orderEntry));
      },
    },
    {
      method: 'GET',
      path: `${base}/:commandId`,
      handle: async (request, reply) => {
        const { supervisorId } = await findEver(store, request);
        const commandId = request.params['commandId'] ?? '';
        const row = commandId.includes('\0') ? null : await store.readCommand(commandId);
        if (row === null || row.supervisorId !== supervisorId)
          throw new HeadgateError(
            'REQUEST_INVALID',
            `[${supervisorId}] has no order [${commandId.slice(0, 200)}]; one that was never taken has left no trace`,
            { details: { status: 404, supervisorId } },
          );
        return sendJson(reply, orderEntry(row));
      },
    },
  ];
}

export function orderEntry(row: CommandRow): { readonly [key: string]: Answer } {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    commandId: row.commandId,
    supervisorId: row.supervisorId,
    verb: row.verb,
    input: row.input as Answer,
    by: row.by,
    state: row.state,
    outcome: row.outcome as Answer,
    createdAt: iso(row.createdAtMs),
    doneAt: row.state === 'accepted' ? null : iso(row.updatedAtMs),
  };
}
