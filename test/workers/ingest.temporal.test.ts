/** The ingest process as a whole, from `dist/`: it says when it serves, is known while it lives, and leaves nothing behind. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPool } from '../../storage/pool.ts';
import { listWorkers } from '../../storage/workers.ts';
import { temporalServer } from '../support/addresses.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { waitFor } from '../support/wait-for.ts';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
/** Above every pid the kernel gives out. */
const deadPid = 2 ** 22 + 1;

describe('the ingest process', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let folder: string;
  let processes: ChildProcess[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = openPool({ url: database.url, applicationName: 'test' });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-ingest-'));
  });

  afterEach(async () => {
    for (const child of processes)
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    processes = [];
    await rm(folder, { recursive: true, force: true });
  });

  function start(changes: Record<string, string> = {}): ChildProcess {
    const { address, namespace } = temporalServer();
    const child = fork(main, ['worker', 'ingest'], {
      silent: true,
      env: {
        PATH: process.env['PATH'],
        HEADGATE_POSTGRES_URL: database.url,
        HEADGATE_TEMPORAL_ADDRESS: address,
        HEADGATE_TEMPORAL_NAMESPACE: namespace,
        HEADGATE_TASK_QUEUE_PREFIX: `ingest-${randomBytes(4).toString('hex')}`,
        HEADGATE_DEEP_STORAGE: pathToFileURL(join(folder, 'deep')).href,
        HEADGATE_SCRATCH: join(folder, 'scratch'),
        ...changes,
      },
    });
    processes.push(child);
    return child;
  }

  async function ready(child: ChildProcess): Promise<void> {
    const [message] = (await once(child, 'message')) as [unknown];
    expect(message).toEqual({ kind: 'ready' });
  }

  it('says when it serves, is listed while it lives, and cleans up after a stop in order', async () => {
    const child = start();
    await ready(child);
    const listed = await waitFor(async () => (await listWorkers(pool))[0], { what: 'its row' });
    expect(listed).toMatchObject({ role: 'ingest' });
    expect(listed.workerId).toContain(`-${child.pid}-`);
    expect(await readdir(join(folder, 'scratch', 'ingest'))).toEqual([listed.workerId]);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await listWorkers(pool)).toEqual([]);
    expect(await readdir(join(folder, 'scratch', 'ingest'))).toEqual([]);
  });

  it('removes the scratch of processes that are gone, and of no other', async () => {
    const names = [
      `${hostname()}-${deadPid}-00000000`,
      `${hostname()}-${process.pid}-00000000`,
      `elsewhere-${deadPid}-00000000`,
    ];
    for (const name of names) await mkdir(join(folder, 'scratch', 'ingest', name), { recursive: true });
    const child = start();
    await ready(child);
    const kept = await readdir(join(folder, 'scratch', 'ingest'));
    expect(kept).not.toContain(names[0]);
    expect(kept).toEqual(expect.arrayContaining(names.slice(1)));
  });

  it('ends with the process that supervises it', async () => {
    const child = start();
    await ready(child);
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('waits for servers that come up after it', async () => {
    const child = start({ HEADGATE_TEMPORAL_ADDRESS: '127.0.0.1:1' });
    let log = '';
    child.stdout?.on('data', (text) => (log += String(text)));
    await waitFor(() => /Temporal does not answer yet/.test(log), { what: 'a line in the log' });
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('refuses a misspelt failpoint instead of testing nothing', async () => {
    const child = start({ HEADGATE_FAILPOINTS: 'F5=explode' });
    let errors = '';
    child.stderr?.on('data', (text) => (errors += String(text)));
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).not.toBe(0);
    expect(errors).toMatch(/HEADGATE_FAILPOINTS/);
  });
});
