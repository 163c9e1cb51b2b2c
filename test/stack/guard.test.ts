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

test('a watchdog that dies has a successor, which does the same', async () => {
  const { journal, parent, pids, isAlive } = await family();
  process.kill(pids.watchdog, 'SIGKILL');
  const { watchdog } = JSON.parse(await parent.line()) as { watchdog: number };
  expect(watchdog).not.toBe(pids.watchdog);
  process.kill(parent.pid, 'SIGKILL');
  const left = [pids.late, pids.early, pids.deaf, watchdog];
  await waitFor(() => !left.some(isAlive), { what: 'the end of the children' });
  expect(readFileSync(journal, 'utf8')).toContain('late');
});
