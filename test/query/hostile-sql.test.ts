/** Two walls against hostile SQL: the gate refuses every statement, and the locked instance refuses what reaches out. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isHeadgateError, messageOf } from '../../domain/errors.ts';
import type { QueryEngine } from '../../query/engine.ts';
import { LockedInstance } from '../../query/locked-instance.ts';
import { hostileStatements } from './hostile-sql.ts';
import { aQuery, makeWorkplace, openEngine, rowsOf, writeSegment } from './segments.ts';

const canary = 'CANARY-7f3a91';
const workplace = makeWorkplace();
let engine: QueryEngine;
let segment = '';
let before = '';

const folder = join(workplace.folder, 'segments');
const file = join(workplace.folder, 'secret.csv');

function fill(sql: string): string {
  return sql.replaceAll('FILE', file).replaceAll('SEGMENT', segment).replaceAll('FOLDER', folder);
}

/** Names, sizes and content of everything in deep storage. */
function stateOfFolder(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

beforeAll(async () => {
  process.env['HEADGATE_CANARY'] = canary;
  writeFileSync(file, `a,b\n${canary},1\n`);
  segment = await writeSegment(
    workplace,
    `select timestamptz '2026-01-01' as __time, 'DE' as country, 1::bigint as n`,
  );
  const other = await writeSegment(workplace, `select '${canary}' as a`);
  writeFileSync(join(folder, 'other.parquet'), readFileSync(other));
  before = stateOfFolder();
  engine = openEngine(workplace, { clicks: { groups: [[segment]] } });
});

afterAll(async () => {
  delete process.env['HEADGATE_CANARY'];
  await engine.close();
  workplace.remove();
});

describe('the statement gate', () => {
  it('knows at least 150 hostile statements', () => {
    expect(hostileStatements.length).toBeGreaterThanOrEqual(150);
  });

  it('refuses every one of them, quickly, and says nothing it should not', async () => {
    const wrong: string[] = [];
    for (const statement of hostileStatements) {
      const sql = fill(statement.sql);
      const outcome = await engine.run(aQuery(sql)).then(
        (answer) => `was run: ${answer.body.toString().slice(0, 200)}`,
        (error: unknown) =>
          isHeadgateError(error) && error.code === 'QUERY_INVALID' ? null : messageOf(error),
      );
      if (outcome !== null) wrong.push(`${sql}: ${outcome}`);
    }
    expect(wrong).toEqual([]);
    expect(stateOfFolder()).toBe(before);
  });

  it('leaks no secret and no folder in any message', async () => {
    const leaks: string[] = [];
    for (const statement of hostileStatements) {
      const sql = fill(statement.sql);
      const message = await engine.run(aQuery(sql)).then(() => '', messageOf);
      const own = message.replaceAll(file, '').replaceAll(segment, '').replaceAll(folder, '');
      if (own.includes(canary) || own.includes(workplace.folder)) leaks.push(`${sql}: ${message}`);
    }
    expect(leaks).toEqual([]);
  });

  it('still answers an honest query', async () => {
    expect(await rowsOf(engine, 'select country, sum(n) as n from clicks group by 1')).toEqual([
      { country: 'DE', n: 1 },
    ]);
  });
});

describe('the locked instance, without the gate', () => {
  it('refuses whatever reaches for a file, the network, an extension or a setting', async () => {
    const scratch = join(workplace.folder, 'walls');
    mkdirSync(scratch);
    const wrong: string[] = [];
    for (const { sql } of hostileStatements.filter((statement) => statement.reaches)) {
      const instance = await LockedInstance.open({
        folder: scratch,
        memoryBytes: 256 * 1024 * 1024,
        spillBytesMax: 0,
        threads: 1,
      });
      await instance.lock([segment]);
      await instance.connection.run(`create view druid.clicks as select * from read_parquet('${segment}')`);
      const outcome = await instance.connection.runAndReadAll(fill(sql)).then(
        (reader) => JSON.stringify(reader.getRowsJson()).slice(0, 200),
        () => null,
      );
      // A plan is text about files, not their content.
      if (outcome !== null && !/^explain/.test(sql)) wrong.push(`${sql}: ${outcome}`);
      instance.close();
    }
    expect(wrong).toEqual([]);
    expect(stateOfFolder()).toBe(before);
  });

  it('is fresh: nothing of one query is seen by the next', async () => {
    const open = () =>
      LockedInstance.open({ folder, memoryBytes: 256 * 1024 * 1024, spillBytesMax: 0, threads: 1 });
    const first = await open();
    await first.connection.run('create table main.left_behind as select 1');
    const second = await open();
    await expect(second.connection.run('select * from main.left_behind')).rejects.toThrow();
    first.close();
    second.close();
  });
});
