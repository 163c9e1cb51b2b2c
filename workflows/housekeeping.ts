/**
 * Keeps the whole system in order: one per task queue prefix, started by every control worker with "use the existing".
 *
 * One long activity does the work; its rounds are not in the history. Carries nothing but its intervals.
 */
import { ActivityCancellationType, continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { HousekeepingActivities } from '../activities/housekeeping/contract.ts';
import type { HousekeepingInput } from './contract.ts';

const { housekeep } = proxyActivities<HousekeepingActivities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '30s',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

const rolloverEvents = 500;

export async function housekeepingWorkflow(input: HousekeepingInput): Promise<void> {
  while (workflowInfo().historyLength < rolloverEvents) await housekeep(input);
  await continueAsNew<typeof housekeepingWorkflow>(input);
}
