/**
 * Starts every supervisor that should be running and is not, also all of them from an empty Temporal, and tells those
 * whose live generations have lost their workflow to look.
 *
 * The workflow id is the lock: a start of a running one is a notice to it and nothing else.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { liveGenerations } from '../../storage/generations.ts';
import { listSupervisors } from '../../storage/supervisors.ts';
import type { SupervisorRow } from '../../storage/supervisors.ts';
import { supervisorWorkflowId, taskGroupWorkflowId, workflowTypes } from '../../workflows/contract.ts';
import type { SupervisorInput } from '../../workflows/contract.ts';
import type { ControlDeps } from '../control-deps.ts';

export async function restartSupervisors(deps: ControlDeps, progress: () => void): Promise<number> {
  const supervisors = (await listSupervisors(deps.pool)).filter(shouldRun);
  const listed = await listRunning(deps);
  let restarted = 0;
  for (const supervisor of supervisors) {
    progress();
    try {
      if (!(await isRunning(deps.client, supervisorWorkflowId(supervisor.supervisorId), listed))) {
        await restart(deps, supervisor, false);
        restarted += 1;
      } else if (await hasOrphans(deps, supervisor.supervisorId, listed))
        await restart(deps, supervisor, true);
    } catch (error) {
      deps.log('warn', 'a supervisor was not looked after', {
        supervisorId: supervisor.supervisorId,
        error: String(error),
      });
    }
  }
  return restarted;
}

/** A terminated one runs until its workflow has finished stopping. */
function shouldRun(row: SupervisorRow): boolean {
  return row.desired !== 'terminated' || !row.terminatedDone;
}

/**
 * Every workflow that runs, by a few calls instead of one for each. The list may lag behind: what it lacks is asked for by
 * name, and what it has too many is found gone in the next round.
 */
async function listRunning(deps: ControlDeps): Promise<ReadonlySet<string>> {
  const running = new Set<string>();
  const types = `'${workflowTypes.supervisor}', '${workflowTypes.taskGroup}'`;
  const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${types})`;
  try {
    for await (const { workflowId } of deps.client.workflow.list({ query, pageSize: 1_000 }))
      running.add(workflowId);
  } catch (error) {
    deps.log('warn', 'running workflows could not be listed: each is asked for by name', {
      error: String(error),
    });
  }
  return running;
}

async function isRunning(client: Client, workflowId: string, listed: ReadonlySet<string>): Promise<boolean> {
  if (listed.has(workflowId)) return true;
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function restart(deps: ControlDeps, row: SupervisorRow, reconcile: boolean): Promise<void> {
  const input: SupervisorInput = {
    kind: 'start',
    supervisorId: row.supervisorId,
    specVersion: row.version,
    queues: deps.queues,
  };
  await deps.client.workflow.signalWithStart(workflowTypes.supervisor, {
    workflowId: supervisorWorkflowId(row.supervisorId),
    taskQueue: deps.queues.control,
    args: [input],
    signal: 'runNotice',
    signalArgs: [{ reconcile, by: 'housekeeping' }],
  });
  deps.log(
    'info',
    reconcile ? 'a supervisor has lost groups: told to look' : 'a supervisor is started again',
    {
      supervisorId: row.supervisorId,
    },
  );
}

async function hasOrphans(
  deps: ControlDeps,
  supervisorId: string,
  listed: ReadonlySet<string>,
): Promise<boolean> {
  for (const { key } of await liveGenerations(deps.pool, supervisorId))
    if (!(await isRunning(deps.client, taskGroupWorkflowId(key), listed))) return true;
  return false;
}
