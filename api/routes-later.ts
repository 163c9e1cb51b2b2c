/**
 * Druid's endpoints that this version knows by name and does not have yet: each answers 501 and says what it would
 * be. An unknown supervisor is 404 first, as everywhere.
 */
import { HeadgateError } from '../domain/errors.ts';
import type { Method, Request, Route } from './routes.ts';
import type { Store } from './store.ts';
import { idOf } from './supervisor-routes.ts';
import { unknownSupervisor } from './supervisor-specs.ts';

const supervisor = '/druid/indexer/v1/supervisor/:id';
const coordinated = '/druid/coordinator/v1/datasources/:dataSource';

const later: readonly (readonly [method: Method, path: string, what: string])[] = [
  ['POST', `${supervisor}/reset`, 'reset of a supervisor'],
  ['POST', `${supervisor}/resetOffsets`, 'reset of a supervisor to given offsets'],
  ['POST', `${supervisor}/resetToLatestAndBackfill`, 'reset to the latest offsets with a backfill'],
  ['POST', `${supervisor}/taskGroups/handoff`, 'early handoff of task groups'],
  ['GET', '/druid/indexer/v1/tasks', 'the list of tasks (SELECT * FROM sys.tasks works)'],
  ['GET', '/druid/indexer/v1/completeTasks', 'the list of complete tasks (SELECT * FROM sys.tasks works)'],
  ['GET', '/druid/indexer/v1/runningTasks', 'the list of running tasks (SELECT * FROM sys.tasks works)'],
  ['GET', '/druid/indexer/v1/pendingTasks', 'the list of pending tasks'],
  ['GET', '/druid/indexer/v1/waitingTasks', 'the list of waiting tasks'],
  ['POST', '/druid/indexer/v1/task', 'posting a task'],
  ['GET', '/druid/indexer/v1/task/:id', 'one task'],
  ['GET', '/druid/indexer/v1/task/:id/status', 'the status of one task'],
  ['GET', '/druid/indexer/v1/task/:id/log', 'the log of one task'],
  ['GET', '/druid/indexer/v1/task/:id/reports', 'the reports of one task'],
  ['POST', '/druid/indexer/v1/task/:id/shutdown', 'shutting down one task'],
  ['POST', '/druid/v2', 'native queries (the same in SQL works: POST /druid/v2/sql)'],
  ['POST', '/druid/v2/sql/task', 'SQL as an ingestion task'],
  ['GET', '/druid/v2/sql/engines', 'the list of SQL engines'],
  ['POST', `${coordinated}/markUnused`, 'marking segments as unused (reset or terminate the supervisor)'],
  ['POST', `${coordinated}/markUsed`, 'marking segments as used'],
  ['DELETE', `${coordinated}/intervals/:interval`, 'deleting the segments of an interval'],
];

export function laterRoutes(store: Store): Route[] {
  return later.map(([method, path, what]) => ({
    method,
    path,
    handle: async (request: Request) => {
      if (path.startsWith(supervisor)) {
        const row = await store.read(idOf(request));
        if (row === null || row.desired === 'terminated') throw unknownSupervisor(idOf(request));
      }
      throw new HeadgateError('NOT_SUPPORTED', `${method} ${path}: ${what}: not supported yet`);
    },
  }));
}
