/**
 * Several statements that must agree: one REPEATABLE READ, READ ONLY transaction, so one snapshot of the database.
 *
 * On a pool with `pipeline` they go out together: `read` starts those that do not need each other at once.
 *
 * The first few dozen different texts are prepared once per connection: planning them costs more than running them.
 */
import type { Pool, PoolClient } from 'pg';
import { type Database, query, translated } from './call.ts';

export async function inSnapshot<T>(
  pool: Pick<Pool, 'connect'>,
  read: (database: Database) => Promise<T>,
): Promise<T> {
  const client = await connected(pool);
  let broken = true;
  try {
    const begun = query(client, 'begin isolation level repeatable read read only');
    const [, answer] = await Promise.all([begun, read(prepared(client))]);
    await query(client, 'commit');
    broken = false;
    return answer;
  } finally {
    // A transaction that failed is not tidied up: a connection is cheap, a snapshot left open is not.
    client.release(broken);
  }
}

const preparedMax = 48;
const names = new Map<string, string>();

function prepared(client: PoolClient): Database {
  return {
    query: (text, values = []) => {
      const name = nameOf(text);
      return name === undefined ? client.query(text, values) : client.query({ name, text, values });
    },
  };
}

/** Undefined: too many already; a text that is put together anew each time must not fill the server. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= preparedMax) return known;
  const name = `snapshot-${names.size}`;
  names.set(text, name);
  return name;
}

async function connected(pool: Pick<Pool, 'connect'>): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw translated(error);
  }
}
