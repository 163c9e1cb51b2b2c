/** Druid's endpoints that this version knows by name and does not have yet: each answers 501 and says what it would be. */
import { HeadgateError } from '../domain/errors.ts';
import type { Method, Route } from './routes.ts';

const coordinated = '/druid/coordinator/v1/datasources/:dataSource';

const later: readonly (readonly [method: Method, path: string, what: string])[] = [
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
