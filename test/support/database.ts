/** A database of its own for a test file: migrated, with a name never used before, dropped at the end. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../storage/migrate.ts';
import { openPool } from '../../storage/pool.ts';
import { postgresUrl } from './addresses.ts';

export type TestDatabase = { readonly url: string; readonly drop: () => Promise<void> };

export async function createTestDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const name = `headgate_test_${randomBytes(6).toString('hex')}`;
  await administer(`create database ${name}`);
  const url = new URL(postgresUrl());
  url.pathname = `/${name}`;
  // Connections of a process that a test has killed must not keep the database alive.
  const drop = () => administer(`drop database if exists ${name} with (force)`);
  if (options.migrated ?? true) {
    const pool = openPool({ url: url.href, applicationName: 'headgate-test' });
    try {
      await migrate(pool);
    } catch (error) {
      await drop();
      throw error;
    } finally {
      await pool.end();
    }
  }
  return { url: url.href, drop };
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl() });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
