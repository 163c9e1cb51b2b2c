/**
 * vitest's global setup: starts the servers that the suffixes of this run need, once for all projects, and stops them
 * when the last project is done. HEADGATE_POSTGRES_URL, HEADGATE_KAFKA_BOOTSTRAP and HEADGATE_TEMPORAL_ADDRESS name
 * servers that already run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { ServerName } from '../../stack/pins.ts';
import { openForPassing } from '../../stack/postgres-user.ts';
import { terminalLog } from '../../stack/progress.ts';
import { startStack } from '../../stack/stack.ts';
import type { Stack } from '../../stack/stack.ts';
import type {} from './addresses.ts';

const needs: Readonly<Record<string, readonly ServerName[]>> = {
  pg: ['postgres'],
  kafka: ['kafka'],
  temporal: ['temporal', 'kafka', 'postgres'],
  e2e: ['temporal', 'kafka', 'postgres'],
};

type Shared = { users: number; root: string | null; stacks: Map<ServerName, Promise<Stack>> };

// vitest loads this file anew for each project; what they share lives beside the modules.
const slot = Symbol.for('headgate.test.servers');
const holder = globalThis as { [slot]?: Shared };
const shared: Shared = (holder[slot] ??= { users: 0, root: null, stacks: new Map() });

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.users++;
  const names = needs[project.name] ?? [];
  try {
    const stacks = await Promise.all(names.map(startOnce));
    const addresses = stacks.map((stack) => stack.addresses);
    project.provide(
      'headgatePostgres',
      addresses.find(({ postgres }) => postgres !== null)?.postgres ?? null,
    );
    project.provide('headgateKafka', addresses.find(({ kafka }) => kafka !== null)?.kafka ?? null);
    project.provide(
      'headgateTemporal',
      addresses.find(({ temporal }) => temporal !== null)?.temporal ?? null,
    );
  } catch (error) {
    await leave();
    throw error;
  }
  return leave;
}

function startOnce(name: ServerName): Promise<Stack> {
  const running = shared.stacks.get(name);
  if (running !== undefined) return running;
  shared.root ??= temporaryRoot();
  const stack = startStack({
    dataDir: join(shared.root, name),
    with: [name],
    env: process.env,
    log: terminalLog(),
    // Timers and re-used workflow ids as quick as the server allows: tests have many of both.
    temporalDynamicConfig: {
      'history.timerProcessorMaxTimeShift': '"20ms"',
      'history.workflowIdReuseMinimalInterval': '"0s"',
    },
  });
  shared.stacks.set(name, stack);
  return stack;
}

function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'headgate-test-'));
  // Run by root, Postgres is another user and has to pass through.
  openForPassing(root);
  return root;
}

async function leave(): Promise<void> {
  if (--shared.users > 0) return;
  const started = await Promise.allSettled(shared.stacks.values());
  shared.stacks.clear();
  const stacks = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  await Promise.all(stacks.map((stack) => stack.stop()));
  if (shared.root !== null) rmSync(shared.root, { recursive: true, force: true });
  shared.root = null;
}
