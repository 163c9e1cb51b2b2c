import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock } from '../../stack/lock.ts';
import { identify } from '../../stack/processes.ts';
import { temporaryFolder } from './temporary.ts';

async function deadProcess() {
  const child = spawn('sleep', ['60']);
  const identity = identify(child.pid ?? 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  if (identity === null) throw new Error('sleep did not start');
  return identity;
}

test('one holder at a time, named to the others', () => {
  const path = join(temporaryFolder(), 'deep', 'lock');
  const first = acquireLock(path);
  expect(first.kind).toBe('acquired');
  expect(acquireLock(path)).toMatchObject({ kind: 'held', holder: { pid: process.pid } });
  if (first.kind === 'acquired') first.release();
  expect(existsSync(path)).toBe(false);
  expect(acquireLock(path).kind).toBe('acquired');
});

test('a dead holder loses it, and nothing is left of the take-over', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'lock');
  writeFileSync(path, JSON.stringify(await deadProcess()));
  expect(acquireLock(path).kind).toBe('acquired');
  expect(readdirSync(folder)).toEqual(['lock']);
});

test('a living process with the pid of a dead holder does not keep it', () => {
  const path = join(temporaryFolder(), 'lock');
  writeFileSync(path, JSON.stringify({ pid: process.pid, birth: 'another' }));
  expect(acquireLock(path).kind).toBe('acquired');
});

test('a lock file that is none is replaced', () => {
  const path = join(temporaryFolder(), 'lock');
  writeFileSync(path, '{"pid": 1');
  expect(acquireLock(path).kind).toBe('acquired');
});

test('a late release does not take the lock from its new holder', () => {
  const path = join(temporaryFolder(), 'lock');
  const lock = acquireLock(path);
  writeFileSync(path, JSON.stringify({ pid: 1, birth: 'someone else' }));
  if (lock.kind === 'acquired') lock.release();
  expect(existsSync(path)).toBe(true);
});
