/**
 * Spec history, newest first, as Druid's: secrets masked, tombstones in Druid's form, an entry that cannot be read is null
 * and spoils nothing; and what became of an order of which only the id is known.
 */
import { HeadgateError } from '../domain/errors.ts';
import { renderSpec } from '../domain/spec/render-spec.ts';
import { idOf } from './find-supervisor.ts';
import { sendJson, sendJsonText } from './json-answer.ts';
import { orderEntry } from './order-list.ts';
import { queryValue } from './routes.ts';
import type { Request, Route } from './routes.ts';
import type { HistoryRow, Store } from './store.ts';

export function historyRoutes(store: Store): Route[] {
  return [
    {
      method: 'GET',
      path: '/druid/indexer/v1/supervisor/history',
      handle: async (_request, reply) => {
        const [history, supervisors] = await Promise.all([store.history(null), store.list()]);
        const sources = new Map(supervisors.map((row) => [row.supervisorId, row.dataSource]));
        const byId = new Map<string, string[]>();
        for (const row of history) {
          const entries = byId.get(row.supervisorId) ?? [];
          entries.push(entryText(row, sources.get(row.supervisorId) ?? row.supervisorId));
          byId.set(row.supervisorId, entries);
        }
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
        const source = (await store.read(id))?.dataSource ?? id;
        const entries = rows.slice(0, count).map((row) => entryText(row, source));
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
        return sendJson(reply, orderEntry(command));
      },
    },
  ];
}

function entryText(row: HistoryRow, dataSource: string): string {
  const version = JSON.stringify(new Date(row.atMs).toISOString());
  return `{"spec":${specOf(row, dataSource)},"version":${version},"specVersion":${row.version}}`;
}

function specOf({ specText }: HistoryRow, dataSource: string): string {
  if (specText === null)
    return JSON.stringify({
      type: 'noop',
      id: null,
      dataSources: [dataSource],
      suspended: false,
      source: 'noop',
    });
  return isJson(specText) ? renderSpec(specText) : 'null';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
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
