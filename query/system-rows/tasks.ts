/** Ingestion tasks, newest first; old ones are history, so there is an end to the list. */
import type { TaskListRow } from '../../storage/catalog.ts';
import { hostAndPort } from './address.ts';
import type { SystemDeps, SystemRow } from './world.ts';

const tasksMax = 20_000;

export async function taskRows({ store }: Pick<SystemDeps, 'store'>): Promise<SystemRow[]> {
  return (await store.newestTasks(tasksMax)).map(taskRow);
}

function taskRow(task: TaskListRow): SystemRow {
  const { location, host, port } = hostAndPort(task.address);
  const runner = task.state !== 'RUNNING' ? 'NONE' : task.attempts > 0 ? 'RUNNING' : 'PENDING';
  return [
    task.taskId,
    task.groupName,
    'index_kafka',
    task.dataSource,
    task.createdAt,
    task.createdAt,
    task.state,
    runner,
    BigInt(task.durationMs),
    location,
    host,
    BigInt(port),
    -1n,
    task.error,
  ];
}
