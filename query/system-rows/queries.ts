/** Queries running now in the process that answers. */
import type { SystemDeps, SystemRow } from './world.ts';

const engine = 'native';
const sqlShownMax = 10_000;

export function queryRows({ runningQueries }: Pick<SystemDeps, 'runningQueries'>): SystemRow[] {
  return runningQueries().map(({ id, sql, startedMs }) => {
    const startTime = new Date(startedMs).toISOString();
    const info = { engine, sqlQueryId: id, sql: sql.slice(0, sqlShownMax), startTime };
    return [id, engine, 'RUNNING', JSON.stringify(info)];
  });
}
