/** The contract of `headgate dev` with whoever drives it: stack.json, restarts, one owner a folder, nothing left behind. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PortMemory, isFree } from '../../stack/ports.ts';
import { identify } from '../../stack/processes.ts';
import { silentLog } from '../../stack/progress.ts';
import { readStackFile, stackFilePath } from '../../stack/stack-file.ts';
import type { StackFile } from '../../stack/stack-file.ts';
import { waitFor } from '../support/wait-for.ts';
import { runChild } from './child.ts';
import { envWithoutServers, fakeDev } from './fake-dev.ts';
import { temporaryFolder } from './temporary.ts';

async function place(): Promise<{ dataDir: string; port: number }> {
  const dataDir = temporaryFolder();
  return { dataDir, port: await new PortMemory(dataDir).take('api', silentLog) };
}

function allPids({ pids }: StackFile): number[] {
  return Object.values(pids)
    .flat()
    .filter((pid): pid is number => pid !== null);
}

const isAlive = (pid: number) => identify(pid) !== null;

describe('headgate dev', () => {
  test('tells where all is, keeps it true, and takes it back at the end', async () => {
    const { dataDir, port } = await place();
    const dev = await fakeDev({ dataDir, port });
    onTestFinished(() => dev.stop());
    const file = readStackFile(dataDir);
    expect(file).toEqual(dev.describe());
    expect(file).toMatchObject({
      api: `http://127.0.0.1:${port}`,
      kinesis: null,
      s3: null,
      deepStorage: `file://${dataDir}/segments`,
      temporal: { namespace: 'default', ui: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
    });
    const counts = [file.pids.control.length, file.pids.ingest.length, file.pids.api.length];
    expect(counts).toEqual([1, 2, 1]);
    expect(allPids(file)).toHaveLength(7);
    expect(allPids(file).every(isAlive)).toBe(true);
    const slots = [1, 2].map((n) => readFileSync(join(dataDir, 'logs', `ingest-${n}.log`), 'utf8'));
    expect(slots.map((text) => /slots (\d+)/.exec(text)?.[1])).toEqual(['3', '2']);

    dev.kill('ingest', 'SIGKILL', 1);
    dev.kill('kafka', 'SIGKILL');
    const after = await waitFor(
      () => {
        const now = readStackFile(dataDir);
        const fresh = now.pids.ingest.length === 2 && now.pids.ingest[1] !== file.pids.ingest[1];
        return fresh && now.pids.kafka !== null && now.pids.kafka !== file.pids.kafka ? now : null;
      },
      { what: 'the killed ones to be back in stack.json', timeoutMs: 60_000 },
    );
    expect(after.kafka).toBe(file.kafka);
    expect(after.pids.ingest[0]).toBe(file.pids.ingest[0]);

    await dev.stop();
    expect(existsSync(stackFilePath(dataDir))).toBe(false);
    expect([...allPids(file), ...allPids(after)].filter(isAlive)).toEqual([]);

    const again = await fakeDev({ dataDir, port });
    onTestFinished(() => again.stop());
    const { pids: _pids, ...addresses } = again.describe();
    expect(addresses).toEqual({ ...file, pids: undefined });
  });

  test('refuses a second one on the folder, and a taken port, in one sentence', async () => {
    const { dataDir, port } = await place();
    const dev = await fakeDev({ dataDir, port });
    onTestFinished(() => dev.stop());
    await expect(fakeDev({ dataDir, port })).rejects.toThrow(
      `${dataDir} is in use by process ${process.pid}`,
    );
    expect(readStackFile(dataDir)).toEqual(dev.describe());
    const elsewhere = await place();
    await expect(fakeDev({ ...elsewhere, port })).rejects.toThrow(
      `Port ${port} of 127.0.0.1, meant for the API, is taken by another program`,
    );
    expect(existsSync(join(elsewhere.dataDir, 'lock'))).toBe(false);
  });

  test('a role that cannot start is named with what it said, and the rest is taken down', async () => {
    const { dataDir, port } = await place();
    const env = { ...envWithoutServers(), FAKE_FAILS: 'control' };
    const starting = fakeDev({ dataDir, port, env });
    await expect(starting).rejects.toThrow(
      /control ended 3 times before it was ready, last with status 1\.[^]*a setting is wrong/,
    );
    expect(await isFree(port)).toBe(true);
    const { children } = JSON.parse(readFileSync(join(dataDir, 'processes.json'), 'utf8')) as {
      children: Record<string, { pid: number }>;
    };
    expect(Object.values(children).filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  test('killed, it leaves no role and no server, and the folder can be used at once', async () => {
    const { dataDir, port } = await place();
    const parent = runChild('dev-child.ts', [dataDir, String(port)]);
    const file = JSON.parse(await parent.line()) as StackFile;
    expect(allPids(file).filter(isAlive)).toHaveLength(7);
    process.kill(parent.pid, 'SIGKILL');
    await parent.ended;
    const next = await fakeDev({ dataDir, port });
    onTestFinished(() => next.stop());
    expect(allPids(file).filter(isAlive)).toEqual([]);
    expect(next.describe().kafka).toBe(file.kafka);
  });

  test("uses the user's own servers and never stops them", async () => {
    const { dataDir, port } = await place();
    const owner = await fakeDev({ dataDir, port });
    onTestFinished(() => owner.stop());
    const other = await place();
    const guest = await fakeDev({ ...other, env: { ...process.env, ...owner.stack.environment() } });
    const { pids, postgres } = guest.describe();
    expect(postgres).toBe(owner.describe().postgres);
    expect(pids).toMatchObject({ kafka: null, postgres: null, temporal: null });
    await guest.stop();
    expect(allPids(owner.describe()).filter(isAlive)).toHaveLength(7);
  });
});
