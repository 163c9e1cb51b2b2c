/**
 * A data folder belongs to one running stack. What an earlier one left behind (its watchdog still at work, or servers
 * whose watchdog was killed as well) is waited for or ended before the same files are opened again.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadgateError } from '../domain/errors.ts';
import { watchdogPid } from './guard.ts';
import { acquireLock } from './lock.ts';
import { identify, isSameProcess, signal } from './processes.ts';
import type { ProcessIdentity } from './processes.ts';
import type { StackLog } from './progress.ts';

export type DataFolder = {
  /** Remembers which processes use the folder now; each caller replaces its own list only. */
  record(by: 'servers' | 'roles', pids: Readonly<Record<string, number | null>>): void;
  release(): void;
};

type Remembered = {
  readonly watchdog: ProcessIdentity | null;
  readonly children: Readonly<Record<string, ProcessIdentity>>;
};

/** The watchdog stops servers one after the other, each within its own bound. */
const watchdogBoundMs = 60_000;
const leftoverBoundMs = 20_000;

export async function claimDataFolder(dataDir: string, log: StackLog): Promise<DataFolder> {
  mkdirSync(dataDir, { recursive: true });
  const lock = acquireLock(join(dataDir, 'lock'));
  if (lock.kind === 'held')
    throw new HeadgateError(
      'SERVER_START_FAILED',
      `The data folder ${dataDir} is in use by process ${lock.holder.pid}; stop that one, or choose another folder with --data`,
      { details: { pid: lock.holder.pid } },
    );
  const path = join(dataDir, 'processes.json');
  await endLeftovers(readRemembered(path), log);
  const pidsBy = { servers: {}, roles: {} };
  return {
    record: (by, pids) => {
      pidsBy[by] = pids;
      const dog = watchdogPid();
      const children = identities({ ...pidsBy.servers, ...pidsBy.roles });
      write(path, { watchdog: dog === null ? null : identify(dog), children });
    },
    release: lock.release,
  };
}

function identities(pids: Readonly<Record<string, number | null>>): Record<string, ProcessIdentity> {
  const entries = Object.entries(pids).flatMap(([name, pid]) => {
    const identity = pid === null ? null : identify(pid);
    return identity === null ? [] : [[name, identity] as const];
  });
  return Object.fromEntries(entries);
}

async function endLeftovers({ watchdog, children }: Remembered, log: StackLog): Promise<void> {
  const left = () => Object.entries(children).filter(([, child]) => isSameProcess(child));
  if (left().length === 0) return;
  const step = log.step(
    `Waiting for the end of an earlier run (${left()
      .map(([name]) => name)
      .join(', ')})`,
  );
  // A living watchdog stops them in order; nobody else will.
  if (watchdog !== null) await until(() => !isSameProcess(watchdog) || left().length === 0, watchdogBoundMs);
  for (const [, child] of left()) signal(child.pid, 'SIGINT');
  await until(() => left().length === 0, leftoverBoundMs);
  for (const [, child] of left()) signal(child.pid, 'SIGKILL', 'group');
  await until(() => left().length === 0, leftoverBoundMs);
  step.done();
}

async function until(isTrue: () => boolean, boundMs: number): Promise<void> {
  const deadline = performance.now() + boundMs;
  while (!isTrue() && performance.now() < deadline) await delay(100);
}

function readRemembered(path: string): Remembered {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Remembered;
  } catch {
    return { watchdog: null, children: {} };
  }
}

function write(path: string, remembered: Remembered): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(remembered));
  renameSync(`${path}.tmp`, path);
}
