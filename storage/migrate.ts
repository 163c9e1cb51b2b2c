/**
 * Brings a database to this program's schema: numbered SQL files, each in one transaction, under an advisory lock, so
 * that any number of processes may start at once.
 *
 * The first line of a file says whether older programs can still run after it; a database that has a migration which
 * breaks this program and is unknown to it is refused with METADATA_TOO_NEW.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { assert } from '../domain/assert.ts';
import { HeadgateError } from '../domain/errors.ts';
import { query } from './call.ts';
import { booleanOf, numberOf, textOf } from './decode.ts';

export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly breaksOlderCode: boolean;
  readonly sql: string;
};

/** Any number that nobody else uses: "headgate" in ASCII, cut to fit. */
const advisoryLock = '7521983763894';

export async function migrate(pool: pg.Pool): Promise<void> {
  await applyMigrations(pool, readMigrations());
}

export function readMigrations(): readonly Migration[] {
  const folder = join(import.meta.dirname, 'migrations');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name, index) => {
      const sql = readFileSync(join(folder, name), 'utf8');
      const mark = /^-- breaks older code: (yes|no)\n/.exec(sql);
      const version = Number(name.slice(0, 4));
      assert(mark !== null, `migration ${name} does not open with its mark`);
      assert(version === index + 1, `migration ${name} should have number ${index + 1}`);
      return { version, name, breaksOlderCode: mark[1] === 'yes', sql };
    });
}

export async function applyMigrations(pool: pg.Pool, migrations: readonly Migration[]): Promise<void> {
  const client = await connect(pool);
  try {
    // Waiting for another process that migrates may take longer than any call of ours may.
    await query(client, `set statement_timeout = 0; set lock_timeout = 0`);
    await query(client, `select pg_advisory_lock(${advisoryLock})`);
    await query(
      client,
      `create table if not exists schema_migration (
        version integer primary key,
        name text not null,
        breaks_older_code boolean not null,
        applied_at timestamptz not null default clock_timestamp())`,
    );
    const applied = await appliedVersions(client, migrations);
    for (const migration of migrations) {
      if (!applied.has(migration.version)) await applyOne(client, migration);
    }
  } finally {
    // Closing the connection gives the lock back, whatever state it is in.
    client.release(true);
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw new HeadgateError('METADATA_UNAVAILABLE', `postgres: cannot connect to migrate it`, {
      cause: error,
    });
  }
}

async function appliedVersions(
  client: pg.PoolClient,
  migrations: readonly Migration[],
): Promise<ReadonlySet<number>> {
  const { rows } = await query(client, `select version, name, breaks_older_code from schema_migration`);
  const known = migrations.length;
  const strange = rows.find((row) => numberOf(row, 'version') > known && booleanOf(row, 'breaks_older_code'));
  if (strange !== undefined) {
    const newest = Math.max(...rows.map((row) => numberOf(row, 'version')));
    throw new HeadgateError(
      'METADATA_TOO_NEW',
      `the database is at schema version ${newest}, this program knows ${known} and cannot run beside ` +
        `${textOf(strange, 'name')}; upgrade this program`,
      { details: { databaseVersion: newest, programVersion: known } },
    );
  }
  return new Set(rows.map((row) => numberOf(row, 'version')));
}

async function applyOne(client: pg.PoolClient, migration: Migration): Promise<void> {
  await query(client, 'begin');
  try {
    await query(client, migration.sql);
    await query(
      client,
      `insert into schema_migration (version, name, breaks_older_code) values ($1, $2, $3)`,
      [migration.version, migration.name, migration.breaksOlderCode],
    );
    await query(client, 'commit');
  } catch (error) {
    await query(client, 'rollback').catch(() => undefined);
    throw error;
  }
}
