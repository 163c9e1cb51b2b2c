/** `autoscale`: an outside notice to run with another number of task groups, `{taskCount, reason}`. */
import { describe } from './order-reading.ts';
import type { OrderReading } from './order-reading.ts';

/** More groups than this are a mistake: each is a workflow with tasks of its own. */
export const mostTaskGroups = 500;
const reasonLimit = 300;
const known: ReadonlySet<string> = new Set(['taskCount', 'reason', 'dryRun']);

export function readScaleOrder(fields: Readonly<Record<string, unknown>>): OrderReading {
  const unknown = Object.keys(fields).find((name) => !known.has(name));
  if (unknown !== undefined)
    return invalid(`found ${describe(unknown)}, expected taskCount and, if you like, reason`);
  const { taskCount, reason, dryRun } = fields;
  if (!isTaskCount(taskCount))
    return invalid(
      `taskCount is ${describe(taskCount)}, expected a whole number from 1 to ${mostTaskGroups}`,
    );
  if (
    reason !== undefined &&
    reason !== null &&
    !(typeof reason === 'string' && reason.length <= reasonLimit)
  )
    return invalid(`reason is ${describe(reason)}, expected a text of at most ${reasonLimit} characters`);
  if (dryRun !== undefined && typeof dryRun !== 'boolean')
    return invalid(`dryRun is ${describe(dryRun)}, expected true or false`);
  return {
    kind: 'ok',
    input: {
      taskCount,
      ...(typeof reason === 'string' && reason.trim() !== '' ? { reason: reason.trim() } : {}),
      ...(dryRun === true ? { dryRun } : {}),
    },
  };
}

function isTaskCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= mostTaskGroups;
}

function invalid(message: string): OrderReading {
  return { kind: 'invalid', message };
}
