/** Ingestion tasks, newest first, as Druid shows them; old ones are history, so there is an end to the list. */
import type { TaskListRow } from '../../storage/tasks.ts';
import { hostAndPort } from './address.ts';
import type { SystemDeps, SystemRow } from './world.ts';

export const taskType = 'index_kafka';

/** Of any list of tasks. */
export const tasksMost = 20_000;

export async function taskRows({ store }: Pick<SystemDeps, 'store'>): Promise<SystemRow[]> {
  return (await store.tasks({ limit: tasksMost })).map(taskRow);
}

/** All tasks of a supervisor are one group to Druid. */
export function taskGroupName({ supervisorId }: Pick<TaskListRow, 'supervisorId'>): string {
  return `${taskType}_${supervisorId}`;
}

/** -1 while it runs. */
export function taskDurationMs({ createdAtMs, endedAtMs }: TaskListRow): number {
  return endedAtMs === null ? -1 : endedAtMs - createdAtMs;
}

function taskRow(task: TaskListRow): SystemRow {
  const { location, host, port } = hostAndPort(task.address);
  const createdTime = new Date(task.createdAtMs).toISOString();
  return [
    task.taskId,
    taskGroupName(task),
    taskType,
    task.dataSource,
    createdTime,
    // It queues from the moment it exists.
    createdTime,
    task.state,
    task.runner,
    BigInt(taskDurationMs(task)),
    location,
    host,
    BigInt(port),
    -1n, // tls_port
    task.error,
  ];
}
