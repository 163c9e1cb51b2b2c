/** storage/schema.sql is what the migrations make of an empty database. */
import { expect, it } from 'vitest';
import { dumpSchema } from './schema-dump.ts';
import { scratchDatabase } from './scratch.ts';

const { pool } = scratchDatabase();

it('is dumped in storage/schema.sql', async () => {
  await expect(await dumpSchema(pool())).toMatchFileSnapshot('../../storage/schema.sql');
});
