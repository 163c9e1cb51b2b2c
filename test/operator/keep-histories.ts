/**
 * Histories of everything that ran in a run of the random operator, as fixtures that replay for ever: those of closed
 * workflows and of finished lives, the longest of each kind of ending first.
 */
import { Client, Connection } from '@temporalio/client';
import type { DevStack } from '../../stack/dev-stack.ts';
import { fetchHistory, keepPacked } from '../workflows/support/histories.ts';

/** Of supervisors (their lives), and of task groups. */
const most = { supervisorWorkflow: 12, taskGroupWorkflow: 16 } as const;

export async function keepHistories(dev: DevStack, seed: number): Promise<number> {
  const { temporal } = dev.stack.addresses;
  const connection = await Connection.connect({ address: temporal?.address ?? '' });
  try {
    const client = new Client({ connection, namespace: temporal?.namespace ?? 'default' });
    let kept = 0;
    for (const [type, limit] of Object.entries(most)) {
      const found = [];
      for await (const execution of client.workflow.list({ query: `WorkflowType = '${type}'` }))
        found.push(execution);
      found.sort((left, right) => right.historyLength - left.historyLength);
      for (const [index, { workflowId, runId }] of found.slice(0, limit).entries()) {
        const history = await fetchHistory(client, workflowId, runId);
        keepPacked(
          `operator-${seed}-${type === 'taskGroupWorkflow' ? 'group' : 'supervisor'}-${index}`,
          workflowId,
          history,
        );
        kept += 1;
      }
    }
    return kept;
  } finally {
    await connection.close();
  }
}
