/** Files nobody can commit any more go, in the order that makes it safe; everything else stays (protocol.md 6). */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkAll } from '../../../activities/housekeeping/check-invariants.ts';
import { reap } from '../../../activities/housekeeping/reap.ts';
import { finishTask } from '../../../storage/attempts.ts';
import { scratchDatabase } from '../../storage/scratch.ts';
import { ControlWorld } from '../control-world.ts';

const scratch = scratchDatabase();
let world: ControlWorld;

beforeEach(async () => {
  world = await ControlWorld.open(scratch.pool(), scratch.url());
  await world.run('seedPartitions', { supervisorId: world.supervisorId });
});
afterEach(() => world.close());

const files = async () =>
  (await readdir(world.folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();
const noProgress = () => undefined;

async function write(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(world.folder, path)), { recursive: true });
    await writeFile(join(world.folder, path), 'bytes');
  }
}

test('files of a dead task go, those of a living one and of strangers stay', async () => {
  const key = await world.fixture.generation();
  const lease = await world.fixture.attempt(key);
  const name = (part: string) => `clicks/${world.supervisorId}/${part}.parquet`;
  await world.fixture.intents(lease, [name('dead-1'), name('dead-2')]);
  await write(name('dead-1'), `${name('dead-2')}.tmp`, name('stranger'));
  expect(await reap(world.deps, 1, noProgress)).toBe(0);
  await finishTask(scratch.pool(), { taskId: lease.taskId, state: 'FAILED', error: null, counted: false });
  expect(await reap(world.deps, 1, noProgress)).toBe(2);
  expect(await files()).toEqual(['stranger.parquet']);
  expect(world.logged).toContain('warn deep storage holds files without a row');
});

test('a reaped name that appears late is deleted again, at any age', async () => {
  const key = await world.fixture.generation();
  const lease = await world.fixture.attempt(key);
  const path = `clicks/${world.supervisorId}/late.parquet`;
  await world.fixture.intents(lease, [path]);
  await finishTask(scratch.pool(), { taskId: lease.taskId, state: 'FAILED', error: null, counted: false });
  await reap(world.deps, 1, noProgress);
  await write(path);
  await reap(world.deps, 1, noProgress);
  expect(await files()).toEqual(['late.parquet']);
  await reap(world.deps, 4, noProgress);
  expect(await files()).toEqual([]);
});

test('if Postgres does not answer, nothing is deleted', async () => {
  await write('clicks/keep.parquet');
  const broken = { query: () => Promise.reject(new Error('connection refused')) };
  const deps = { ...world.deps, pool: broken as unknown as typeof world.deps.pool };
  await expect(reap(deps, 4, noProgress)).rejects.toThrow('connection refused');
  expect(await files()).toEqual(['keep.parquet']);
});

test('invariants are looked at, and nothing is said while they hold', async () => {
  await world.fixture.generation();
  expect(await checkAll(world.deps, true)).toEqual([]);
  expect(world.logged.filter((line) => !line.startsWith('info'))).toEqual([]);
});
