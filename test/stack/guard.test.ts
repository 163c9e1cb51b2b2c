import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identify } from '../../stack/processes.ts';
import { waitFor } from '../support/wait-for.ts';
import { runChild } from './child.ts';
import { temporaryFolder } from './temporary.ts';

async function family() {
  const journal = join(temporaryFolder(), 'journal');
  const parent = runChild('guard-child.ts', [journal]);
  const pids = JSON.parse(await parent.line()) as Record<'late' | 'early' | 'deaf' | 'watchdog', number>;
  const isAlive = (pid: number) => identify(pid) !== null;
  return { journal, parent, pids, isAlive };
}

test('children of a killed parent are stopped, stage by stage, also those that do not listen', async () => {
  const { journal, parent, pids, isAlive } = await family();
  process.kill(parent.pid, 'SIGKILL');
  await waitFor(() => !Object.values(pids).some(isAlive), { what: 'the end of all four' });
  const told = readFileSync(journal, 'utf8').trim().split(' ');
  expect(told.slice(0, 2).sort()).toEqual(['deaf', 'early']);
  expect(told[2]).toBe('late');
});

test.runIf(process.platform === 'linux')('a watchdog that dies has a successor', async () => {
  const { parent, pids, isAlive } = await family();
  process.kill(pids.watchdog, 'SIGKILL');
  await waitFor(() => !isAlive(pids.watchdog), { what: 'the end of the watchdog' });
  // The parent needs a turn of its loop to notice; its children must still be guarded after that.
  await waitFor(() => successorOf(parent.pid, pids), { what: 'a new watchdog' });
  process.kill(parent.pid, 'SIGKILL');
  await waitFor(() => ![pids.late, pids.early, pids.deaf].some(isAlive), { what: 'the end of the children' });
});

function successorOf(parent: number, pids: Record<string, number>): boolean {
  const known = new Set(Object.values(pids));
  return childrenOf(parent).some((pid) => !known.has(pid));
}

function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.trim().split(' ').filter(Boolean).map(Number);
}
