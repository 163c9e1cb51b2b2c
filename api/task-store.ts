/** What the task paths need of Postgres, bound to one pool, so that a test can stand in for it. */
import type { Pool } from 'pg';
import { readParseReports } from '../storage/bad-records.ts';
import { findTasks, listTasks, readTask, readTaskHistory, runningTasksOf } from '../storage/tasks.ts';
import type { TaskDetail, TaskHistory, TaskListRow } from '../storage/tasks.ts';

export type { TaskDetail, TaskHistory, TaskListRow };

type Bound<F> = F extends (pool: Pool, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

export type TaskStore = {
  readonly list: Bound<typeof listTasks>;
  readonly find: Bound<typeof findTasks>;
  readonly runningOf: Bound<typeof runningTasksOf>;
  readonly read: Bound<typeof readTask>;
  readonly history: Bound<typeof readTaskHistory>;
  readonly parseReports: Bound<typeof readParseReports>;
};

export function openTaskStore(pool: Pool): TaskStore {
  return {
    list: (filter) => listTasks(pool, filter),
    find: (taskIds) => findTasks(pool, taskIds),
    runningOf: (dataSource) => runningTasksOf(pool, dataSource),
    read: (taskId) => readTask(pool, taskId),
    history: (task) => readTaskHistory(pool, task),
    parseReports: (supervisorId) => readParseReports(pool, supervisorId),
  };
}
