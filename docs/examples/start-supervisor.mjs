// Starts a supervisor with nothing but a Temporal client: node start-supervisor.mjs clicks.json
import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';

const spec = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const id = spec.id ?? spec.spec.dataSchema.dataSource;
const connection = await Connection.connect({ address: process.env.HEADGATE_TEMPORAL_ADDRESS });
const handle = await new Client({ connection }).workflow.start('supervisorWorkflow', {
  workflowId: `supervisor:${id}`,
  taskQueue: `${process.env.HEADGATE_TASK_QUEUE_PREFIX ?? 'headgate'}-control`,
  args: [{ kind: 'start', spec }],
});
console.log(`started ${handle.workflowId}`);
await connection.close();
