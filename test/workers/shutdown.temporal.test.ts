/** The control process as a whole, from `dist/`: it says when it serves, waits for servers, and goes when it is told. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { housekeepingWorkflowId } from '../../workflows/contract.ts';
import { temporalServer } from '../support/addresses.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { waitFor } from '../support/wait-for.ts';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const prefix = `proc-${randomBytes(4).toString('hex')}`;
let database: TestDatabase;
let connection: Connection;
let client: Client;
const processes: { child: ChildProcess; said: string[]; log: string }[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  connection = await Connection.connect({ address: temporalServer().address });
  client = new Client({ connection, namespace: temporalServer().namespace });
});

afterEach(async () => {
  for (const { child } of processes.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await client.workflow
    .getHandle(housekeepingWorkflowId(prefix))
    .terminate('over')
    .catch(() => undefined);
});

afterAll(async () => {
  await connection.close();
  await database.drop();
});

function start(changes: Record<string, string> = {}) {
  const { address, namespace } = temporalServer();
  const child = fork(main, ['worker', 'control'], {
    silent: true,
    env: {
      PATH: process.env['PATH'],
      HEADGATE_POSTGRES_URL: database.url,
      HEADGATE_TEMPORAL_ADDRESS: address,
      HEADGATE_TEMPORAL_NAMESPACE: namespace,
      HEADGATE_TASK_QUEUE_PREFIX: prefix,
      HEADGATE_DEEP_STORAGE: 'file:///tmp/headgate-nowhere',
      ...changes,
    },
  });
  const started = { child, said: [] as string[], log: '' };
  child.on('message', (message) => void started.said.push((message as { kind: string }).kind));
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => void (started.log += chunk.toString()));
  processes.push(started);
  return started;
}

const ready = (started: ReturnType<typeof start>) =>
  waitFor(() => started.said.includes('ready'), { what: 'ready', timeoutMs: 60_000 });

test('it says when it serves, keeps housekeeping running, and ends in order on SIGTERM', async () => {
  const started = start();
  await ready(started);
  await waitFor(
    async () =>
      (await client.workflow.getHandle(housekeepingWorkflowId(prefix)).describe()).status.name === 'RUNNING',
    { what: 'housekeeping' },
  );
  started.child.kill('SIGTERM');
  const [code] = (await once(started.child, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(started.log).toContain('stopping');
});

test('it ends with the process that supervises it', async () => {
  const started = start();
  await ready(started);
  started.child.disconnect();
  const [code] = (await once(started.child, 'exit')) as [number | null];
  expect(code).toBe(0);
});

test('while Temporal is away it waits in plain words, and still stops when it is told', async () => {
  const started = start({ HEADGATE_TEMPORAL_ADDRESS: '127.0.0.1:1' });
  await waitFor(() => started.log.includes('Temporal does not answer yet'), {
    what: 'the line',
    timeoutMs: 60_000,
  });
  expect(started.child.exitCode).toBeNull();
  expect(started.said).toEqual([]);
  started.child.kill('SIGTERM');
  const [code] = (await once(started.child, 'exit')) as [number | null];
  expect(code).toBe(0);
});

test('--help needs no server and names every setting', async () => {
  const child = fork(main, ['worker', 'control', '--help'], {
    silent: true,
    env: { PATH: process.env['PATH'] },
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  for (const name of ['HEADGATE_POSTGRES_URL', 'HEADGATE_TEMPORAL_ADDRESS', 'HEADGATE_REAPER_GRACE'])
    expect(text).toContain(name);
});
