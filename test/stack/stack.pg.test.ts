/** A Postgres of our own: what a stop, a kill and the end of the parent leave behind. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { identify } from '../../stack/processes.ts';
import { silentLog } from '../../stack/progress.ts';
import { startStack } from '../../stack/stack.ts';
import type { Stack } from '../../stack/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import { envWithoutServers } from './fake-dev.ts';
import { runChild } from './child.ts';
import { temporaryFolder } from './temporary.ts';

const env = envWithoutServers();

async function postgresIn(dataDir: string, options: { keepAlive?: boolean } = {}): Promise<Stack> {
  const stack = await startStack({ dataDir, with: ['postgres'], env, log: silentLog, ...options });
  onTestFinished(() => stack.stop());
  return stack;
}

async function ask(stack: Stack, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: stack.addresses.postgres ?? '' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

test('it comes back on its address with its data, and syncs what it commits', async () => {
  const dataDir = temporaryFolder();
  const first = await postgresIn(dataDir);
  const pid = first.pids().postgres ?? 0;
  expect(await ask(first, 'show fsync')).toEqual([{ fsync: 'on' }]);
  expect(await ask(first, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  await ask(first, 'create table kept as select 1 as one');
  await first.stop();
  expect(identify(pid)).toBeNull();
  expect(first.pids().postgres).toBeNull();
  const second = await postgresIn(dataDir);
  expect(second.addresses).toEqual(first.addresses);
  expect(second.environment()).toEqual({ HEADGATE_POSTGRES_URL: first.addresses.postgres });
  expect(await ask(second, 'select * from kept')).toEqual([{ one: 1 }]);
});

test('killed, it comes back by itself or on demand, with everything committed', async () => {
  const stack = await postgresIn(temporaryFolder(), { keepAlive: true });
  await ask(stack, 'create table kept as select 1 as one');
  const pid = stack.pids().postgres ?? 0;
  stack.kill('postgres', 'SIGKILL');
  const rows = await waitFor(() => ask(stack, 'select * from kept'), { what: 'Postgres to come back' });
  expect(rows).toEqual([{ one: 1 }]);
  const next = stack.pids().postgres ?? 0;
  expect(next).not.toBe(pid);
  await stack.restart('postgres');
  expect(stack.pids().postgres).not.toBe(next);
  expect(await ask(stack, 'select * from kept')).toEqual([{ one: 1 }]);
});

test('it ends when its parent is killed, and the next start goes on', async () => {
  const dataDir = temporaryFolder();
  const parent = runChild('stack-child.ts', [dataDir]);
  const { pid, url } = JSON.parse(await parent.line()) as { pid: number; url: string };
  process.kill(parent.pid, 'SIGKILL');
  // Started at once, while the old server may still be stopping.
  const stack = await postgresIn(dataDir);
  expect(identify(pid)).toBeNull();
  expect(stack.addresses.postgres).toBe(url);
});

test('what even the watchdog left behind is ended by the next start', async () => {
  const dataDir = temporaryFolder();
  const parent = runChild('stack-child.ts', [dataDir]);
  const { pid } = JSON.parse(await parent.line()) as { pid: number };
  const watchdog = await waitFor(() => watchdogOf(dataDir), { what: 'the watchdog' });
  process.kill(watchdog, 'SIGKILL');
  process.kill(parent.pid, 'SIGKILL');
  await parent.ended;
  expect(identify(pid)).not.toBeNull();
  await postgresIn(dataDir);
  expect(identify(pid)).toBeNull();
});

function watchdogOf(dataDir: string): number | undefined {
  const text = readFileSync(join(dataDir, 'processes.json'), 'utf8');
  return (JSON.parse(text) as { watchdog: { pid: number } | null }).watchdog?.pid;
}
