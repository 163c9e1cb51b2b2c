/** npm's Postgres, for machines that have none: it must run from the cache, as root too. */
import { join } from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { installOnce } from '../../stack/cache.ts';
import { PortMemory } from '../../stack/ports.ts';
import { copyBinaries, locatePostgres, usualPlaces } from '../../stack/postgres-binaries.ts';
import { postgresUser } from '../../stack/postgres-user.ts';
import { postgresServer } from '../../stack/postgres.ts';
import { silentLog } from '../../stack/progress.ts';
import { Server } from '../../stack/server.ts';
import { temporaryFolder } from './temporary.ts';

test('it is installed, runs, and keeps what it commits', async () => {
  const folder = temporaryFolder();
  const user = postgresUser();
  const env = { PATH: join(folder, 'none'), XDG_CACHE_HOME: join(folder, 'cache') };
  const places = { ...usualPlaces(), debian: join(folder, 'none') };
  const located = await locatePostgres(env, user, places);
  if (located.kind === 'installable') await installOnce(located.install, silentLog);
  else expect(located.kind).toBe('present');
  if (!('source' in located)) throw new Error(located.kind);
  const { recipe, url } = await postgresServer({
    binaries: located.source,
    user,
    dataDir: folder,
    ports: new PortMemory(folder),
    log: silentLog,
  });
  const server = new Server(recipe, silentLog, () => undefined);
  onTestFinished(() => server.stop());
  await server.start();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ version: string; fsync: string }>(
    `select current_setting('server_version') as version, current_setting('fsync') as fsync`,
  );
  await client.end();
  expect(rows).toEqual([{ version: expect.stringMatching(/^18\./), fsync: 'on' }]);
  await server.stop();
  await server.start();
});

test('a copy of it has every link between its libraries', async () => {
  const { npm } = usualPlaces();
  if (npm === null) throw new Error('npm installed no Postgres here');
  const folder = temporaryFolder();
  copyBinaries(npm.native, join(folder, 'copy'));
  const env = { PATH: '', XDG_CACHE_HOME: folder };
  const copied = { ...npm, native: join(folder, 'copy') };
  const places = { debian: folder, npm: copied, systemCache: folder };
  expect(await locatePostgres(env, null, places)).toMatchObject({ kind: 'present' });
});
