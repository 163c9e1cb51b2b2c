/** Each guard answers in a state where all others pass, and its answer is missed when it is taken out (protocol.md 8). */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../storage/call.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { guardsInDatabase, removeGuards } from './function-source.ts';
import { guards } from './guards.ts';

let home: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  home = await createTestDatabase();
  client = new pg.Client({ connectionString: home.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await home.drop();
});

/** One transaction that leaves nothing behind: a scenario needs no database of its own, nor does a function without its guard. */
async function undone<T>(action: (database: Database) => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    return await action(client);
  } finally {
    await client.query('rollback');
  }
}

describe.each(guards)('$of, guard $guard: $what', ({ of, guard, scenario, answer }) => {
  it('answers', async () => {
    expect(await undone((database) => scenario(database, () => Promise.resolve()))).toEqual(answer);
  });

  it('is missed when taken out', async () => {
    const outcome = await undone((database) => scenario(database, () => removeGuards(database, of, [guard])));
    expect(outcome).not.toEqual(answer);
  });
});

describe('the list of guards', () => {
  it('has a scenario for every guard in the database', async () => {
    const tested = new Set(guards.map(({ of, guard }) => `${of} ${guard}`));
    const there = (await guardsInDatabase(client)).map(([of, guard]) => `${of} ${guard}`);
    expect(there.filter((name) => !tested.has(name))).toEqual([]);
    expect(new Set(there)).toEqual(tested);
  });
});
