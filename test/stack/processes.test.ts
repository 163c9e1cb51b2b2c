import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { identify, isSameProcess, listensOn, signal } from '../../stack/processes.ts';

test('a process is itself as long as it lives', async () => {
  const child = spawn('sleep', ['60']);
  const identity = identify(child.pid ?? 0);
  expect(identity).not.toBeNull();
  if (identity === null) return;
  expect(isSameProcess(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isSameProcess(identity)).toBe(false);
  expect(identify(identity.pid)).toBeNull();
});

test('the same pid with another birth is another process', () => {
  const self = identify(process.pid);
  expect(self).not.toBeNull();
  expect(isSameProcess({ pid: process.pid, birth: `${self?.birth}0` })).toBe(false);
});

test('a signal to nobody is no error', () => {
  expect(() => signal(2 ** 22 - 7, 'SIGTERM')).not.toThrow();
});

test.runIf(process.platform === 'linux')('a port is told from who listens on it', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const other = spawn('sleep', ['60']);
  onTestFinished(() => void other.kill());
  expect(listensOn(process.pid, port)).toBe('yes');
  expect(listensOn(other.pid ?? 0, port)).toBe('no');
});
