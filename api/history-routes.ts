/** Spec history, newest first, secrets masked, tombstones in Druid's form; and what became of an order. */
import { HeadgateError } from '../domain/errors.ts';
import { maskSpecText } from '../domain/spec/secrets.ts';
import { sendJson, sendJsonText } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import { queryValue } from './routes.ts';
import type { Request, Route } from './routes.ts';
import type { HistoryRow, Store } from './store.ts';
import { idOf } from './supervisor-routes.ts';

export function historyRoutes(store: Store): Route[] {
  return [
    {
      method: 'GET',
      path: '/druid/indexer/v1/supervisor/history',
      handle: async (_request, reply) => {
        const byId = new Map<string, string[]>();
        for (const row of await store.history(null))
          byId.set(row.supervisorId, [
            ...(byId.get(row.supervisorId) ?? []),
            entryText(row, await dataSources(store, row)),
          ]);
        const members = [...byId].map(([id, entries]) => `${JSON.stringify(id)}:[${entries.join(',')}]`);
        return sendJsonText(reply, `{${members.join(',')}}`);
      },
    },
    {
      method: 'GET',
      path: '/druid/indexer/v1/supervisor/:id/history',
      handle: async (request, reply) => {
        const id = idOf(request);
        const count = countOf(request);
        const rows = await store.history(id);
        if (rows.length === 0)
          throw new HeadgateError('SUPERVISOR_UNKNOWN', `No history for [${id.slice(0, 200)}].`);
        const sources = [(await store.read(id))?.dataSource ?? id];
        const entries = rows.slice(0, count).map((row) => entryText(row, sources));
        return sendJsonText(reply, `[${entries.join(',')}]`);
      },
    },
    {
      method: 'GET',
      path: '/druid/indexer/v1/command/:id',
      handle: async (request, reply) => {
        const id = idOf(request);
        const command = await store.readCommand(id);
        if (command === null)
          throw new HeadgateError('REQUEST_INVALID', `command [${id.slice(0, 200)}] does not exist`, {
            details: { status: 404 },
          });
        return sendJson(reply, command as Answer);
      },
    },
  ];
}

async function dataSources(store: Store, row: HistoryRow): Promise<string[]> {
  if (row.specText !== null) return [];
  return [(await store.read(row.supervisorId))?.dataSource ?? row.supervisorId];
}

function entryText(row: HistoryRow, sources: readonly string[]): string {
  const spec =
    row.specText === null
      ? JSON.stringify({ type: 'noop', id: null, dataSources: sources, suspended: false, source: 'noop' })
      : maskSpecText(row.specText);
  const version = JSON.stringify(new Date(row.atMs).toISOString());
  return `{"spec":${spec},"version":${version},"specVersion":${row.version}}`;
}

function countOf(request: Request): number {
  const text = queryValue(request, 'count');
  if (text === null) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new HeadgateError(
      'REQUEST_INVALID',
      `count: found ${JSON.stringify(text.slice(0, 60))}, expected a whole number of 1 or more`,
    );
  return Number(text);
}
