import { lstatSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installOnce } from '../../stack/cache.ts';
import { locatePostgres, usualPlaces } from '../../stack/postgres-binaries.ts';
import { silentLog } from '../../stack/progress.ts';
import { fakeProgram, temporaryFolder } from './temporary.ts';

const stranger = { name: 'nobody', uid: 65_534, gid: 65_534 };

function postgresIn(bin: string, major: number): void {
  mkdirSync(bin, { recursive: true });
  fakeProgram(bin, 'postgres', `echo "postgres (PostgreSQL) ${major}.2 (Debian)"`);
  fakeProgram(bin, 'initdb', '');
}

/** npm's folder as npm unpacks it: files, and a list of links that a script would make. */
function npmIn(folder: string, options: { links: boolean }) {
  const native = join(folder, 'package', 'native');
  postgresIn(join(native, 'bin'), 18);
  mkdirSync(join(native, 'lib'));
  writeFileSync(join(native, 'lib', 'libpq.so.5.18'), 'library');
  const list = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' }];
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(list));
  if (options.links) writeFileSync(join(native, 'lib', 'libpq.so'), 'a link');
  return { native, version: '18.4.0' };
}

function machine() {
  const folder = temporaryFolder();
  const env = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache') };
  const places = { debian: join(folder, 'debian'), npm: null, systemCache: join(folder, 'system-cache') };
  return { folder, env, places };
}

describe('where Postgres comes from', () => {
  test('an address goes before everything', async () => {
    const { env, places } = machine();
    const located = await locatePostgres({ ...env, HEADGATE_POSTGRES_URL: 'postgres://db/x' }, null, places);
    expect(located).toEqual({ kind: 'external', address: 'postgres://db/x' });
  });

  test('PATH, then the newest of Debian, then npm', async () => {
    const { folder, env, places } = machine();
    const npm = npmIn(folder, { links: true });
    const all = { ...places, npm };
    expect(await locatePostgres(env, null, all)).toEqual({
      kind: 'present',
      source: { bin: join(npm.native, 'bin') },
    });
    for (const major of [9, 15, 16]) postgresIn(join(places.debian, String(major), 'bin'), major);
    const debian = { kind: 'present', source: { bin: join(places.debian, '16', 'bin') } };
    expect(await locatePostgres(env, null, all)).toEqual(debian);
    postgresIn(env.PATH, 13);
    expect(await locatePostgres(env, null, all), 'too old').toEqual(debian);
    postgresIn(env.PATH, 14);
    expect(await locatePostgres(env, null, all)).toEqual({ kind: 'present', source: { bin: env.PATH } });
  });

  test('nothing at all is one missing tool', async () => {
    const { env, places } = machine();
    expect(await locatePostgres(env, null, places)).toMatchObject({
      kind: 'missing',
      missing: [{ tool: 'Postgres' }],
    });
  });

  test('without the links between its libraries, npm is copied into the cache and completed there', async () => {
    const { folder, env, places } = machine();
    const npm = npmIn(folder, { links: false });
    const located = await locatePostgres(env, null, { ...places, npm });
    if (located.kind !== 'installable') throw new Error(located.kind);
    await installOnce(located.install, silentLog);
    const { bin } = located.source;
    expect(bin.startsWith(env.XDG_CACHE_HOME)).toBe(true);
    expect(readlinkSync(join(bin, '..', 'lib', 'libpq.so'))).toBe('libpq.so.5.18');
    expect(lstatSync(join(bin, 'postgres')).mode & 0o111).toBe(0o111);
    expect(await locatePostgres(env, null, { ...places, npm })).toEqual({ kind: 'present', source: { bin } });
  });

  test('what the other user cannot enter is copied where that user can', async () => {
    const { folder, env, places } = machine();
    const closed = join(folder, 'root');
    mkdirSync(closed, { mode: 0o700 });
    const npm = npmIn(closed, { links: true });
    const closedCache = { ...env, XDG_CACHE_HOME: join(closed, 'cache') };
    const located = await locatePostgres(closedCache, stranger, { ...places, npm });
    if (located.kind !== 'installable') throw new Error(located.kind);
    expect(located.install.target.startsWith(places.systemCache)).toBe(true);
    const open = await locatePostgres(env, stranger, { ...places, npm });
    if (open.kind !== 'installable') throw new Error(open.kind);
    expect(open.install.target.startsWith(env.XDG_CACHE_HOME)).toBe(true);
  });
});

test("npm's binaries are found for this platform", () => {
  const { npm } = usualPlaces();
  expect(npm?.version).toMatch(/^\d+\.\d+/);
  expect(npm?.native).toMatch(/native$/);
});
