/**
 * Hostile statements against the whole engine and against the locked instance alone. Each is refused, stopped by a limit, or
 * answered as the harmless text it is; no message says what is none of the caller's business, and no file changes.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isHeadgateError } from '../../domain/errors.ts';
import type { Query, QueryEngine } from '../../query/engine.ts';
import { LockedInstance } from '../../query/locked-instance.ts';
import { druidStatements } from './hostile-druid.ts';
import { longShapes } from './hostile-lengths.ts';
import { nestedShapes } from './hostile-nesting.ts';
import type { HostileShape } from './hostile-nesting.ts';
import { hostileStatements } from './hostile-sql.ts';
import { valueStatements } from './hostile-values.ts';
import { wildStatements } from './hostile-wild.ts';
import { aQuery, makeWorkplace, openEngine, rowsOf, writeSegment } from './segments.ts';

const mebibyte = 1024 * 1024;
const canary = 'CANARY-7f3a91';
const workplace = makeWorkplace();
const folder = join(workplace.folder, 'segments');
const file = join(workplace.folder, 'secret.csv');
let engine: QueryEngine;
/** For statements that would not end: little of everything. */
let narrow: QueryEngine;
let segment = '';
let before = '';

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
    `select timestamptz '2026-01-01' as __time, 'US' as country, 1::bigint as n`,
  );
  const many = await writeSegment(
    workplace,
    `select timestamptz '2026-01-01' as __time, range as n, 'v' || (range % 1000) as s from range(1000000)`,
  );
  const other = await writeSegment(workplace, `select '${canary}' as a`);
  writeFileSync(join(folder, 'other.parquet'), readFileSync(other));
  before = stateOfFolder();
  const sources = {
    life: { groups: [[segment]] },
    clicks: { groups: [[segment]] },
    many: { groups: [[many]] },
  };
  engine = openEngine(workplace, sources, { limits: { concurrent: 2, killAfterMs: 200 } });
  narrow = openEngine(workplace, sources, {
    limits: {
      concurrent: 2,
      killAfterMs: 200,
      rowsMax: 1_000,
      resultBytesMax: 100_000,
      memoryBytes: 64 * mebibyte,
      spillBytesMax: 0,
      residentBytesMax: 512 * mebibyte,
    },
  });
});

afterAll(async () => {
  delete process.env['HEADGATE_CANARY'];
  await Promise.all([engine.close(), narrow.close()]);
  workplace.remove();
});

/** What happened, in one word, and the message or the rows. */
type Happened = { readonly outcome: string; readonly text: string };

async function happens(on: QueryEngine, query: Query): Promise<Happened> {
  try {
    return { outcome: 'answered', text: (await on.run(query)).body.toString() };
  } catch (error) {
    if (!isHeadgateError(error)) return { outcome: 'raw', text: String(error) };
    const outcomes: Record<string, string> = {
      QUERY_INVALID: 'refused',
      QUERY_LIMIT: String(error.details['limit']),
    };
    return { outcome: outcomes[error.code] ?? error.code, text: error.message };
  }
}

/** Where we are, what we keep to ourselves, how we are made, and the SQL we write. */
const ours: readonly RegExp[] = [
  /CANARY/,
  /\n\s+at |node_modules|\.[jt]s:\d+|file:\/\/\//,
  /\b[tqwg]\d+\.["ck]|\b(list_transform|struct_pack|lambda|read_parquet|json_serialize|to_months|SELECT_NODE)\b/,
  /SET [a-z_]+ TO|LINE \d|Did you mean|Candidate/,
];

/** What a refusal says that it should not. The caller's own words are the caller's. */
function leaks(sql: string, { outcome, text }: Happened): string[] {
  if (outcome === 'answered') return text.includes(canary) || text.includes(workplace.folder) ? [text] : [];
  const own = [file, segment, folder].reduce(
    (left, path) => (sql.includes(path) ? left.replaceAll(path, '') : left),
    text,
  );
  const said = own.includes(workplace.folder) ? [own] : [];
  const isTheirs = (pattern: RegExp): boolean => pattern.test(sql);
  return [...said, ...ours.flatMap((pattern) => (pattern.test(own) && !isTheirs(pattern) ? [own] : []))];
}

/** Two at a time, as many as may run. Returns what is wrong. */
async function eachOf<T>(
  items: readonly T[],
  wrong: (item: T) => Promise<readonly string[]>,
): Promise<string[]> {
  const found: string[] = [];
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) found.push(...(await wrong(item)));
  };
  await Promise.all([worker(), worker()]);
  return found;
}

async function wrongShape(on: QueryEngine, { name, sql, outcomes }: HostileShape): Promise<string[]> {
  const timeoutMs = outcomes.includes('time') ? 1_000 : 60_000;
  const happened = await happens(on, aQuery(sql, { timeoutMs }));
  const isBounded = happened.outcome === 'answered' || happened.text.length < 4_000;
  return [
    ...(outcomes.some((one) => one === happened.outcome)
      ? []
      : [`${name}: ${happened.outcome} ${happened.text}`]),
    ...(isBounded ? [] : [`${name}: a message of ${happened.text.length} characters`]),
    ...leaks(sql, happened).map((leak) => `${name} leaks: ${leak}`),
  ].map((text) => text.slice(0, 400));
}

describe('the corpus', () => {
  it('has more than 700 different statements', () => {
    const all = [
      ...hostileStatements.map(({ sql }) => sql),
      ...druidStatements.map(({ sql }) => sql),
      ...valueStatements.map((statement) => JSON.stringify(statement)),
      ...nestedShapes.map(({ sql }) => sql),
      ...longShapes.map(({ sql }) => sql),
      ...wildStatements.map(({ sql }) => sql),
    ];
    expect(new Set(all).size).toBeGreaterThanOrEqual(700);
  });
});

describe('the whole engine', { timeout: 300_000 }, () => {
  it("refuses DuckDB's ways to read, write, load, change and learn", async () => {
    const wrong = await eachOf(hostileStatements, async (statement) => {
      const sql = fill(statement.sql);
      const happened = await happens(engine, aQuery(sql));
      const problems = happened.outcome === 'refused' ? [] : [happened.outcome];
      return [...problems, ...leaks(sql, happened)].map((problem) => `${sql}: ${problem}`);
    });
    expect(wrong).toEqual([]);
  });

  it("refuses Druid's, and answers names, texts and values as what they are", async () => {
    const wrong = await eachOf([...druidStatements, ...valueStatements], async (statement) => {
      const sql = fill(statement.sql);
      const parameters = statement.parameters ?? [];
      const happened = await happens(engine, aQuery(sql, { parameters }));
      const isRight =
        statement.answer === undefined
          ? happened.outcome === 'refused' && (statement.says ?? /./).test(happened.text)
          : happened.outcome === 'answered' &&
            JSON.stringify(JSON.parse(happened.text)) === JSON.stringify(statement.answer);
      const problems = isRight ? [] : [`${happened.outcome} ${happened.text.slice(0, 300)}`];
      const leaked = leaks(JSON.stringify([sql, parameters]) + sql, happened);
      return [...problems, ...leaked].map((problem) => `${sql}: ${problem}`);
    });
    expect(wrong).toEqual([]);
  });

  it('refuses or stops what is nested, and what would be', async () => {
    expect(await eachOf(nestedShapes, (shape) => wrongShape(engine, shape))).toEqual([]);
  });

  it('refuses, stops or answers what is long', async () => {
    expect(await eachOf(longShapes, (shape) => wrongShape(engine, shape))).toEqual([]);
  });

  it('stops what would not end, or would fill memory, disk or the answer', async () => {
    expect(await eachOf(wildStatements, (shape) => wrongShape(narrow, shape))).toEqual([]);
  });

  it('still answers an honest query, and has changed no file', async () => {
    for (const one of [engine, narrow])
      expect(await rowsOf(one, 'select country, sum(n) as n from clicks group by 1')).toEqual([
        { country: 'US', n: 1 },
      ]);
    expect(await rowsOf(engine, 'select count(*) as n from INFORMATION_SCHEMA.COLUMNS')).toEqual([{ n: 0 }]);
    expect(stateOfFolder()).toBe(before);
    // Nothing was written beside deep storage and the folders of processes that still run.
    expect(readdirSync(workplace.folder).sort()).toEqual(['scratch', 'secret.csv', 'segments']);
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
        memoryBytes: 256 * mebibyte,
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
      LockedInstance.open({ folder, memoryBytes: 256 * mebibyte, spillBytesMax: 0, threads: 1 });
    const first = await open();
    await first.connection.run('create table main.left_behind as select 1');
    const second = await open();
    await expect(second.connection.run('select * from main.left_behind')).rejects.toThrow();
    first.close();
    second.close();
  });
});
