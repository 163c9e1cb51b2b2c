/** Orders to running task groups: a checkpoint now, a task to be replaced. */
import type { OrderReading } from './order-reading.ts';
import { describe } from './order-reading.ts';

const groupsLimit = 1_000;
const taskIdLimit = 1_000;

/** `{taskGroupIds?: [...]}`; without them every group that reads. */
export function readCheckpointOrder(fields: Readonly<Record<string, unknown>>): OrderReading {
  const groups = fields['taskGroupIds'];
  if (groups === undefined || groups === null) return { kind: 'ok', input: {} };
  const isList = Array.isArray(groups) && groups.length > 0 && groups.length <= groupsLimit;
  if (!isList || !groups.every((group) => Number.isSafeInteger(group) && (group as number) >= 0))
    return {
      kind: 'invalid',
      message: `taskGroupIds is ${describe(groups)}, expected a list of 1 to ${groupsLimit} group numbers, or nothing for all groups`,
    };
  return { kind: 'ok', input: { taskGroupIds: [...new Set(groups as number[])] } };
}

export function readShutdownTaskOrder(fields: Readonly<Record<string, unknown>>): OrderReading {
  const taskId = fields['taskId'];
  if (typeof taskId !== 'string' || taskId.length === 0 || taskId.length > taskIdLimit)
    return { kind: 'invalid', message: `taskId is ${describe(taskId)}, expected the id of a running task` };
  return { kind: 'ok', input: { taskId } };
}
