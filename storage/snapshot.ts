/** Several statements that must agree: one REPEATABLE READ, READ ONLY transaction, so one snapshot of the database. */
import type { Pool, PoolClient } from 'pg';
import { type Database, query, translated } from './call.ts';

export async function inSnapshot<T>(
  pool: Pick<Pool, 'connect'>,
  read: (database: Database) => Promise<T>,
): Promise<T> {
  const client = await connected(pool);
  let broken = true;
  try {
    await query(client, 'begin isolation level repeatable read read only');
    const answer = await read(client);
    await query(client, 'commit');
    broken = false;
    return answer;
  } finally {
    // A transaction that failed is not tidied up: a connection is cheap, a snapshot left open is not.
    client.release(broken);
  }
}

async function connected(pool: Pick<Pool, 'connect'>): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw translated(error);
  }
}
