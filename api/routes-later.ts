/** Druid's endpoints that this version knows by name and does not have yet: each answers 501 and says what it would be. */
import { HeadgateError } from '../domain/errors.ts';
import type { Method, Route } from './routes.ts';

const coordinated = '/druid/coordinator/v1/datasources/:dataSource';

const later: readonly (readonly [method: Method, path: string, what: string])[] = [
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

export function laterRoutes(): Route[] {
  return later.map(([method, path, what]) => ({
    method,
    path,
    handle: () => {
      throw new HeadgateError('NOT_SUPPORTED', `${method} ${path}: ${what}: not supported yet`);
    },
  }));
}
