import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { PortMemory, isFree } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { temporaryFolder } from './temporary.ts';

async function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('a data folder keeps its ports', async () => {
  const folder = temporaryFolder();
  const first = new PortMemory(folder);
  const kafka = await first.take('kafka', silentLog);
  const postgres = await first.take('postgres', silentLog);
  expect(kafka).not.toBe(postgres);
  expect(await isFree(kafka)).toBe(true);
  const second = new PortMemory(folder);
  expect(await second.take('postgres', silentLog)).toBe(postgres);
  expect(await second.take('kafka', silentLog)).toBe(kafka);
});

test('a port somebody else took is given up, loudly and for good', async () => {
  const folder = temporaryFolder();
  const taken = await takenPort();
  writeFileSync(join(folder, 'ports.json'), JSON.stringify({ kafka: taken }));
  const lines: string[] = [];
  const log = { ...silentLog, line: (text: string) => void lines.push(text) };
  const port = await new PortMemory(folder).take('kafka', log);
  expect(port).not.toBe(taken);
  expect(lines).toEqual([`Port ${taken} of kafka is taken by another program; it moves to ${port}.`]);
  expect(JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8'))).toEqual({ kafka: port });
});

test('new ports stay clear of those for outgoing connections', async () => {
  const memory = new PortMemory(temporaryFolder());
  for (let n = 0; n < 30; n++) {
    const port = await memory.take(`server-${n}`, silentLog);
    expect(port).toBeGreaterThanOrEqual(15_000);
    expect(port).toBeLessThan(32_000);
  }
});

test.each(['', '[1]', '{"kafka": "x"}', '{"kafka": 99999}', 'null'])(
  'a spoilt memory (%s) is forgotten',
  async (text) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'ports.json'), text);
    expect(await new PortMemory(folder).take('kafka', silentLog)).toBeLessThan(32_000);
  },
);

test('a port that another program has on all addresses is taken', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  expect(await isFree((server.address() as AddressInfo).port)).toBe(false);
});
