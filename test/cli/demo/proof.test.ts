import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openFlights } from '../../../cli/demo/flights.ts';
import { holds, proofLine, prove } from '../../../cli/demo/proof.ts';

const rows = 20_000;

/** The source, rolled up into two files as two task groups would; `change` spoils one of them. */
async function proofAfter(change: string | null) {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-proof-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const connection = await openFlights(rows);
  onTestFinished(() => connection.closeSync());
  await connection.run(`create table numbered as select *, row_number() over () % 2 as part from flights`);
  await connection.run(`
    create table segments as
    select part, date_trunc('day', date) as __time, origin, destination, count(*)::bigint as flights,
           sum(delay)::bigint as delay, max(delay)::bigint as worst_delay, sum(distance)::bigint as distance
    from numbered group by all`);
  if (change !== null) await connection.run(change);
  const files = [0, 1].map((part) => join(folder, `${part}.parquet`));
  for (const [part, file] of files.entries())
    await connection.run(`copy (select * exclude part from segments where part = ${part}) to '${file}'`);
  return prove(
    connection,
    files.map((file) => pathToFileURL(file).href),
  );
}

test('what is rolled up from every row once, is proved', async () => {
  const proof = await proofAfter(null);
  expect(proof).toMatchObject({ produced: rows, ingested: rows, lost: 0, doubled: 0, wrong: 0 });
  expect(holds(proof)).toBe(true);
  expect(proofLine(proof)).toMatch(
    /^produced = ingested = 20,000 rows, lost 0, doubled 0 \([\d,]+ groups compared/,
  );
});

const first = `(__time, origin, destination) = (select (__time, origin, destination) from segments limit 1)`;
const one = `(select min(rowid) from segments)`;

test.each([
  ['a group too few', `delete from segments where ${first}`, { doubled: 0, wrong: 0 }],
  [
    'a row too many',
    `update segments set flights = flights + 1 where rowid = ${one}`,
    { lost: 0, doubled: 1 },
  ],
  [
    'the same sum with wrong rows',
    `update segments set delay = delay + 1 where rowid = ${one}`,
    { wrong: 1 },
  ],
  ['a wrong maximum', `update segments set worst_delay = 99999 where rowid = ${one}`, { wrong: 1 }],
  ['a group nobody produced', `update segments set origin = 'XXX' where rowid = ${one}`, {}],
])('%s is seen', async (_what, change, seen) => {
  const proof = await proofAfter(change);
  expect(proof).toMatchObject(seen);
  expect(holds(proof)).toBe(false);
});

test('one row lost and another doubled do not cancel out', async () => {
  const two = `select min(rowid) as a, max(rowid) as b from segments`;
  const proof = await proofAfter(
    `update segments set flights = flights + case when rowid = (select a from (${two})) then 1 else -1 end
     where rowid in (select a from (${two}) union all select b from (${two}))`,
  );
  expect(proof).toMatchObject({ produced: rows, ingested: rows, lost: 1, doubled: 1 });
  expect(proofLine(proof)).toContain('lost 1, doubled 1');
  expect(holds(proof)).toBe(false);
});

test('nothing published is everything lost', async () => {
  const connection = await openFlights(rows);
  onTestFinished(() => connection.closeSync());
  const proof = await prove(connection, []);
  expect(proof).toMatchObject({ ingested: 0, lost: rows, doubled: 0 });
  expect(proofLine(proof)).toMatch(/^produced 20,000 rows, ingested 0, lost 20,000, doubled 0/);
});
