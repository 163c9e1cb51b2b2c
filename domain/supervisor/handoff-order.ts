/** `handoffTaskGroups`: Druid's body `{taskGroupIds: [...]}` (druid.md 2.2). */
import type { OrderReading } from './order-reading.ts';
import { describe } from './order-reading.ts';

const groupsLimit = 1_000;

export function readHandoffOrder(fields: Readonly<Record<string, unknown>>): OrderReading {
  const groups = fields['taskGroupIds'];
  const isList = Array.isArray(groups) && groups.length > 0 && groups.length <= groupsLimit;
  if (!isList || !groups.every((group) => Number.isSafeInteger(group) && (group as number) >= 0))
    return {
      kind: 'invalid',
      message: `taskGroupIds is ${describe(groups)}, expected a list of 1 to ${groupsLimit} group numbers`,
    };
  return { kind: 'ok', input: { taskGroupIds: [...new Set(groups as number[])] } };
}
