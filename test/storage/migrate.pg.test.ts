/** Migrations: once each, whoever starts first, and never under a program that does not understand them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeadgateError } from '../../domain/errors.ts';
import { applyMigrations, migrate, readMigrations } from '../../storage/migrate.ts';
import { openPool } from '../../storage/pool.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';

let home: TestDatabase;
const pools: ReturnType<typeof openPool>[] = [];

function freshPool() {
  const pool = openPool({ url: home.url, applicationName: 'migrate', max: 2 });
  pools.push(pool);
  return pool;
}

beforeAll(async () => {
  home = await createTestDatabase({ migrated: false });
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await home.drop();
});

const known = readMigrations();
const extra = (breaksOlderCode: boolean) => ({
  version: known.length + 1,
  name: '9999-later.sql',
  breaksOlderCode,
  sql: `create table if not exists later (x integer)`,
});

describe('migrate', () => {
  it('works for several processes that start at once, and again', async () => {
    const pool = freshPool();
    await Promise.all([migrate(pool), migrate(freshPool()), migrate(freshPool())]);
    await migrate(pool);
    const { rows } = await pool.query(`select version, name from schema_migration order by version`);
    expect(rows).toEqual(known.map(({ version, name }) => ({ version, name })));
  });

  it('leaves nothing of a migration that fails', async () => {
    const pool = freshPool();
    const broken = { ...extra(true), sql: 'create table half_way (x integer); select nonsense' };
    await expect(applyMigrations(pool, [...known, broken])).rejects.toThrow(/nonsense/);
    expect((await pool.query(`select to_regclass('half_way') as there`)).rows[0].there).toBeNull();
  });

  it('runs beside a later schema that says older programs may', async () => {
    const pool = freshPool();
    await applyMigrations(pool, [...known, extra(false)]);
    await migrate(pool);
    await pool.query(`delete from schema_migration where version > $1`, [known.length]);
  });

  it('refuses a later schema that says they may not, naming both versions', async () => {
    const pool = freshPool();
    await applyMigrations(pool, [...known, extra(true)]);
    const error: unknown = await migrate(pool).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(HeadgateError);
    expect(error).toMatchObject({
      code: 'METADATA_TOO_NEW',
      details: { databaseVersion: known.length + 1, programVersion: known.length },
    });
    await pool.query(`delete from schema_migration where version > $1`, [known.length]);
  });

  it('gives every connection the timeouts of the protocol', async () => {
    const pool = freshPool();
    const settings = [
      'statement_timeout',
      'lock_timeout',
      'idle_in_transaction_session_timeout',
      'synchronous_commit',
    ];
    const { rows } = await pool.query(
      `select name, setting from pg_settings where name = any ($1) order by name`,
      [settings],
    );
    expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toEqual({
      idle_in_transaction_session_timeout: '5000',
      lock_timeout: '5000',
      statement_timeout: '10000',
      synchronous_commit: 'on',
    });
  });
});
