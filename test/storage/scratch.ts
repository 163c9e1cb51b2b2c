/** A database for a test file, and transactions in it that leave nothing behind. */
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { Database } from '../../storage/call.ts';
import { openPool } from '../../storage/pool.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { Fixture } from './fixture.ts';

export type Scratch = {
  readonly url: () => string;
  /** Each call commits by itself, as in production. */
  readonly pool: () => pg.Pool;
  /** One transaction on one connection, rolled back: quick, and alone in an empty database. */
  readonly undone: <T>(action: (database: Database) => Promise<T>) => Promise<T>;
  /** A supervisor of its own in the committed part. */
  readonly supervisor: (options?: { seeds?: Record<string, number> }) => Promise<Fixture>;
};

export function scratchDatabase(): Scratch {
  let home: TestDatabase | null = null;
  let pool: pg.Pool | null = null;
  let client: pg.Client | null = null;
  let supervisors = 0;
  beforeAll(async () => {
    home = await createTestDatabase();
    pool = openPool({ url: home.url, applicationName: 'headgate-test', max: 12 });
    client = new pg.Client({ connectionString: home.url });
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await pool?.end();
    await home?.drop();
  });
  return {
    url: () => there(home).url,
    pool: () => there(pool),
    undone: async (action) => {
      const open = there(client);
      await open.query('begin');
      try {
        return await action(open);
      } finally {
        await open.query('rollback');
      }
    },
    supervisor: (options = {}) =>
      Fixture.with(there(pool), { ...options, supervisorId: `supervisor-${++supervisors}` }),
  };
}

function there<T>(value: T | null): T {
  if (value === null) throw new Error('the scratch database exists only inside tests');
  return value;
}
