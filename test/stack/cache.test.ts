import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder, installOnce } from '../../stack/cache.ts';
import { silentLog } from '../../stack/progress.ts';
import { runChild } from './child.ts';
import { temporaryFolder } from './temporary.ts';

test('the cache is the one of the user', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/var/xdg', HOME: '/home/me' })).toBe('/var/xdg/headgate');
  expect(cacheFolder({ HOME: '/home/me' })).toBe('/home/me/.cache/headgate');
  // The specification says that a relative path counts as not set.
  expect(cacheFolder({ XDG_CACHE_HOME: 'xdg', HOME: '/home/me' })).toBe('/home/me/.cache/headgate');
});

test('two processes build once, and both find it whole', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'cache', 'fake-1');
  const journal = join(folder, 'journal');
  const first = runChild('install-child.ts', [target, journal, '1500']);
  expect(await first.line()).toBe('building');
  const second = runChild('install-child.ts', [target, journal, '0']);
  expect(await second.line()).toBe('done');
  expect(await first.line()).toBe('done');
  expect(readFileSync(journal, 'utf8').trim().split('\n')).toHaveLength(1);
  expect(readdirSync(target).sort()).toEqual(['half', 'whole']);
  expect(readdirSync(join(folder, 'cache'))).toEqual(['fake-1']);
});

test('killed half way, it leaves nothing that counts, and the next one cleans up', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'cache', 'fake-1');
  const journal = join(folder, 'journal');
  const first = runChild('install-child.ts', [target, journal, '60000']);
  expect(await first.line()).toBe('building');
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  expect(existsSync(target)).toBe(false);
  expect(readdirSync(join(folder, 'cache'))).toHaveLength(2);
  const second = runChild('install-child.ts', [target, journal, '0']);
  expect(await second.line()).toBe('building');
  expect(await second.line()).toBe('done');
  expect(readdirSync(target).sort()).toEqual(['half', 'whole']);
  expect(readdirSync(join(folder, 'cache'))).toEqual(['fake-1']);
});

test('a build that fails leaves nothing', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'fake-1');
  const build = async (place: string) => {
    writeFileSync(join(place, 'half'), '');
    throw new Error('no network');
  };
  await expect(installOnce({ target, title: 'a fake', build }, silentLog)).rejects.toThrow('no network');
  expect(readdirSync(folder)).toEqual([]);
});

test('who comes second with a finished build throws it away', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'fake-1');
  const build = async (place: string) => {
    writeFileSync(join(place, 'mine'), '');
    mkdirSync(target);
    writeFileSync(join(target, 'theirs'), '');
  };
  await installOnce({ target, title: 'a fake', build }, silentLog);
  expect(readdirSync(folder)).toEqual(['fake-1']);
  expect(readdirSync(target)).toEqual(['theirs']);
});

test('what is there is not built', async () => {
  const target = temporaryFolder();
  const build = () => Promise.reject(new Error('built'));
  await installOnce({ target, title: 'a fake', build }, silentLog);
});
