import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock } from '../../stack/lock.ts';
import { silentLog } from '../../stack/progress.ts';
import { startStack } from '../../stack/stack.ts';
import { temporaryFolder } from './temporary.ts';

const everything = ['temporal', 'kafka', 'postgres'] as const;

test('all missing tools are named at once, before anything is made or downloaded', async () => {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const cache = join(folder, 'cache');
  const dataDir = join(folder, 'data');
  const env = { PATH: bin, XDG_CACHE_HOME: cache };
  const starting = startStack({ dataDir, with: everything, env, log: silentLog });
  await expect(starting).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    details: { missing: ['Go 1.21', 'Java 17', 'Maven'] },
  });
  expect(existsSync(cache)).toBe(false);
  expect(existsSync(dataDir)).toBe(false);
});

test('a data folder in use is refused, naming the process', async () => {
  const dataDir = temporaryFolder();
  acquireLock(join(dataDir, 'lock'));
  await expect(startStack({ dataDir, with: [], env: {}, log: silentLog })).rejects.toThrow(
    `The data folder ${dataDir} is in use by process ${process.pid}`,
  );
});

test("a server of the user's own that does not answer is named by its variable, without its address", async () => {
  const dataDir = temporaryFolder();
  const env = { HEADGATE_POSTGRES_URL: 'postgres://me:hush@127.0.0.1:1/none' };
  const error = await startStack({ dataDir, with: ['postgres'], env, log: silentLog }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(String(error)).toMatch(/HEADGATE_POSTGRES_URL names does not answer .*ECONNREFUSED/);
  expect(String(error)).not.toContain('hush');
  expect(existsSync(join(dataDir, 'lock')), 'the folder is free again').toBe(false);
});
