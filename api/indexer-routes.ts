/** The overlord's paths beside supervisors: who leads, which ingest workers there are and what they run. Postgres only. */
import { hostAndPort } from '../query/system-rows/address.ts';
import { serverName } from '../query/system-rows/servers.ts';
import type { SystemDeps } from '../query/system-rows/world.ts';
import type { ProcessRow } from '../storage/catalog.ts';
import type { Members } from './coordinator-segments.ts';
import { sendJson } from './json-answer.ts';
import { ownUrl, sendNothing, sendText } from './neighbour-answers.ts';
import type { Route } from './routes.ts';

const base = '/druid/indexer/v1';
/** Druid's word for "cannot be told". */
const unknown = -1;

export type IndexerDeps = Pick<SystemDeps, 'store' | 'self'>;

export function indexerRoutes({ store, self }: IndexerDeps): Route[] {
  const workers = async (): Promise<ProcessRow[]> =>
    (await store.processes()).filter(({ role }) => role === 'ingest');
  return [
    {
      method: 'GET',
      path: `${base}/leader`,
      handle: (request, reply) => sendText(reply, ownUrl(request, self.server)),
    },
    {
      method: 'GET',
      path: `${base}/isLeader`,
      handle: (_request, reply) => sendJson(reply, { leader: true }),
    },
    // Druid's worker behaviour configuration; there is none until somebody sets one.
    { method: 'GET', path: `${base}/worker`, handle: (_request, reply) => sendNothing(reply, 200) },
    { method: 'GET', path: `${base}/worker/history`, handle: (_request, reply) => sendJson(reply, []) },
    {
      method: 'GET',
      path: `${base}/workers`,
      handle: async (_request, reply) => sendJson(reply, (await workers()).map(workerEntry)),
    },
    {
      method: 'GET',
      path: `${base}/totalWorkerCapacity`,
      handle: async (_request, reply) => {
        const all = await workers();
        const used = all.reduce((sum, { runningTasks }) => sum + runningTasks.length, 0);
        return sendJson(reply, {
          currentClusterCapacity: all.reduce((sum, { slots }) => sum + (slots ?? 0), 0),
          maximumCapacityWithAutoScale: unknown,
          usedClusterCapacity: used,
        });
      },
    },
  ];
}

function workerEntry(worker: ProcessRow): Members {
  const running = worker.runningTasks;
  const server = serverName(worker);
  return {
    worker: {
      scheme: 'http',
      host: server,
      ip: hostAndPort(worker.address).host ?? server,
      capacity: worker.slots ?? unknown,
      version: '0',
      category: '_default_worker_category',
    },
    currCapacityUsed: running.length,
    currParallelIndexCapacityUsed: 0,
    currCapacityUsedByTaskType: running.length === 0 ? {} : { index_kafka: running.length },
    availabilityGroups: [...new Set(running.map(({ groupName }) => groupName))],
    runningTasks: running.map(({ taskId }) => taskId),
    lastCompletedTaskTime: worker.lastCompletedAt ?? worker.startedAt,
  };
}
