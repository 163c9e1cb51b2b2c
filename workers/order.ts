/**
 * What must be there in Temporal for anything to run: the search attributes and the housekeeping workflow. Looked after
 * for as long as the process lives, for Temporal may lose everything while we keep running.
 */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { housekeepingWorkflowId, queuesOf, searchAttributes, workflowTypes } from '../workflows/contract.ts';
import type { HousekeepingInput } from '../workflows/contract.ts';
import type { RoleConfig } from './config.ts';

export type HousekeepingIntervals = Omit<HousekeepingInput, 'prefix'>;

export const usualIntervals: HousekeepingIntervals = {
  supervisorsEveryMs: 30_000,
  reaperEveryMs: 30_000,
  invariantsEveryMs: 60_000,
};

const ensureEveryMs = 15_000;
/** `INDEXED_VALUE_TYPE_KEYWORD`. */
const keyword = 2;

export function keepOrder(
  client: Client,
  config: RoleConfig,
  intervals: HousekeepingIntervals,
  logger: Logger,
): { stop(): void } {
  const ensure = async () => {
    await registerSearchAttributes(client, logger);
    await startHousekeeping(client, config.taskQueuePrefix, intervals).catch((error: unknown) =>
      logger.warn(`housekeeping was not started: ${messageOf(error)}; trying again`),
    );
  };
  void ensure();
  const timer = setInterval(() => void ensure(), ensureEveryMs);
  return { stop: () => clearInterval(timer) };
}

/** A start of a running one changes nothing and leaves no event. */
async function startHousekeeping(
  client: Client,
  prefix: string,
  intervals: HousekeepingIntervals,
): Promise<void> {
  await client.workflow.start(workflowTypes.housekeeping, {
    workflowId: housekeepingWorkflowId(prefix),
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue: queuesOf(prefix).control,
    args: [{ prefix, ...intervals } satisfies HousekeepingInput],
    staticSummary: 'restarts supervisors, deletes dead files, checks invariants',
  });
}

/** Ours are needed by every supervisor. Where we have no permission, somebody else must have made them: say which. */
export async function registerSearchAttributes(client: Client, logger: Logger): Promise<void> {
  const { namespace } = client.options;
  const names = Object.values(searchAttributes).map((attribute) => attribute.name);
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    const missing = names.filter((name) => customAttributes?.[name] === undefined);
    if (missing.length === 0) return;
    await client.connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
    });
    logger.info({ missing }, 'search attributes registered with Temporal');
  } catch (error) {
    logger.warn(
      `search attributes ${names.join(', ')} (Keyword) could not be registered: ${messageOf(error)}`,
    );
  }
}
