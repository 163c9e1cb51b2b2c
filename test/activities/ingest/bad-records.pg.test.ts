/** Records that cannot be read: reported to people, delivered whole before anything says they need not be read again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TuningConfig } from '../../../domain/spec/spec.ts';
import { ParseReportLog } from '../../../activities/ingest/parse-report-log.ts';
import { LetterFolder } from '../../../activities/ingest/letter-folder.ts';
import { parseLetter } from '../../../activities/ingest/dead-letter.ts';
import {
  noteParseReports,
  parseReportsMost,
  readDeliveredLetters,
  readParseReports,
} from '../../../storage/bad-records.ts';
import { unknownPaths } from '../../../storage/reaper.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ids, rowOf, World } from './world.ts';
import type { WorldOptions } from './world.ts';

let database: TestDatabase;
let world: World;

async function open(options: WorldOptions = {}): Promise<void> {
  world = await World.open(database.url, {
    ...options,
    io: { deadLetters: { type: 'folder' }, ...options.io },
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  await world.close();
});

afterAll(async () => {
  await database.drop();
});

const persistOften = { intermediatePersistPeriod: 'PT0.2S' };

/** Good and bad records in turn, in partition 0. */
function produceMixed(first: number, count: number): void {
  for (let id = first; id < first + count; id += 1)
    world.stream.append('0', { value: rowOf(id) }, { value: `bad ${id}`, key: `key ${id}` });
}

const badOffsets = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => String(2 * (from + at) + 1));

function deliveredOffsets(): string[] {
  return world.deadLetters.delivered.map(({ offset }) => offset);
}

describe('dead letters', () => {
  it('are whole, name place and reason, and each is delivered once', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    produceMixed(0, 50);
    world.stream.append('1', { value: Buffer.from([0xff, 0xfe]) });
    const run = await world.worker().run(input!);
    await world.readUntil(key, 101);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(50));
    const inFirst = world.deadLetters.delivered.filter(({ partition }) => partition === '0');
    expect(inFirst.map(({ offset }) => offset)).toEqual(badOffsets(0, 50));
    expect(inFirst[3]).toMatchObject({
      topic: 'clicks',
      partition: '0',
      offset: '7',
      key: 'key 3',
      value: 'bad 3',
      reasons: [expect.stringMatching(/found other text at character 0/)],
    });
    expect(world.deadLetters.delivered.filter(({ partition }) => partition === '1')).toMatchObject([
      { offset: '0', valueBase64: '//4=', reasons: ['record is not UTF-8'] },
    ]);
  });

  it('hold up the publish until they are delivered', async () => {
    await open();
    world.deadLetters.isAway = true;
    const key = await world.generation();
    const [input] = await world.inputs(key);
    produceMixed(0, 10);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 20);
    await world.end(key, { final: true });
    await waitFor(() => world.deadLetters.refused > 1, { what: 'several tries' });
    expect(await world.publishedIds()).toEqual([]);
    world.deadLetters.isAway = false;
    expect(await run.result).toEqual({ kind: 'published' });
    expect(deliveredOffsets()).toEqual(badOffsets(0, 10));
  });

  it('hold up a checkpoint too, so that the next attempt reads them again', async () => {
    await open({ tuning: persistOften });
    world.deadLetters.isAway = true;
    const key = await world.generation();
    const [input] = await world.inputs(key);
    produceMixed(0, 20);
    const worker = world.worker();
    const run = await worker.run(input!);
    await waitFor(() => world.deadLetters.refused > 1, { what: 'several tries' });
    expect(await world.checkpointedRecords(key)).toBe(0);
    worker.kill();
    await expect(run.result).rejects.toMatchObject({ type: 'INTERNAL' });
    world.deadLetters.isAway = false;
    const second = await world.worker().run(input!, 2);
    await world.readUntil(key, 40);
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(deliveredOffsets()).toEqual(badOffsets(0, 20));
    expect(await world.publishedIds()).toEqual(ids(20));
  });

  it('are not delivered again by the attempt after a crash', async () => {
    await open({ tuning: persistOften });
    const key = await world.generation();
    const [input] = await world.inputs(key);
    produceMixed(0, 30);
    const worker = world.worker();
    worker.answerOnce('headgate_insert_checkpoint', { kind: 'beyondEnd' });
    const run = await worker.run(input!);
    await waitFor(() => world.deadLetters.delivered.length === 30, { what: 'the first delivery' });
    const scope = { supervisorId: world.supervisorId, specVersion: 1 };
    await waitFor(async () => (await readDeliveredLetters(world.pool, scope))[0]?.delivered === '60', {
      what: 'the delivery noted',
    });
    worker.kill();
    await expect(run.result).rejects.toMatchObject({ type: 'INTERNAL' });
    const second = await world.worker().run(input!, 2);
    produceMixed(30, 5);
    await world.readUntil(key, 70);
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(deliveredOffsets()).toEqual(badOffsets(0, 35));
  });

  it('are delivered although a later generation delivered its own before', async () => {
    await open();
    world.deadLetters.isAway = true;
    const key = await world.generation();
    const [input] = await world.inputs(key);
    produceMixed(0, 10);
    const worker = world.worker();
    const run = await worker.run(input!);
    await world.readUntil(key, 20);
    await world.end(key, { final: true });
    await waitFor(() => world.deadLetters.refused > 0, { what: 'a try of the first' });
    worker.kill();
    await expect(run.result).rejects.toMatchObject({ type: 'INTERNAL' });
    world.deadLetters.isAway = false;
    const later = await world.generation(1);
    const [laterInput] = await world.inputs(later);
    produceMixed(10, 10);
    const laterRun = await world.worker().run(laterInput!);
    await world.readUntil(later, 20);
    await world.end(later, { final: true });
    const scope = { supervisorId: world.supervisorId, specVersion: 1 };
    await waitFor(async () => (await readDeliveredLetters(world.pool, scope))[0]?.delivered === '40', {
      what: 'the delivery of the second noted',
    });
    const again = await world.worker().run(input!, 2);
    expect(await again.result).toEqual({ kind: 'published' });
    expect(await laterRun.result).toEqual({ kind: 'published' });
    expect(deliveredOffsets()).toEqual([...badOffsets(10, 20), ...badOffsets(0, 10)]);
  });

  it('are delivered again when a reset reads their records again', async () => {
    await open();
    produceMixed(0, 3);
    for (const generation of [0, 1]) {
      const key = await world.generation(generation);
      const [input] = await world.inputs(key);
      const run = await world.worker().run(input!);
      await world.readUntil(key, 6);
      await world.end(key, { final: true });
      expect(await run.result).toEqual({ kind: 'published' });
      await world.reset();
      await world.seed();
    }
    expect(deliveredOffsets()).toEqual([...badOffsets(0, 3), ...badOffsets(0, 3)]);
  });

  it('go to files of deep storage that nobody takes for strangers', async () => {
    await open();
    const folder = new LetterFolder(world.deepStorage, {
      supervisorId: world.supervisorId,
      taskId: 'task',
      scratch: world.folder,
    });
    const letter = {
      topic: 'clicks',
      partition: '0',
      offset: '5',
      timestamp: 7,
      reasons: ['why'],
      key: null,
      value: 'x',
      headers: [],
    };
    await folder.deliver([letter, { ...letter, offset: '6' }]);
    const paths: string[] = [];
    for await (const { path } of world.deepStorage.list('')) paths.push(path);
    expect(paths).toEqual([expect.stringMatching(`^_dead-letters/${world.supervisorId}/task/.*\\.jsonl$`)]);
    const lines = (await readFile(join(world.deepStorage.locate(paths[0] ?? '')), 'utf8')).trim().split('\n');
    expect(lines.map(parseLetter)).toEqual([letter, { ...letter, offset: '6' }]);
    expect(await unknownPaths(world.pool, paths)).toEqual([]);
  });
});

describe('parse reports', () => {
  it('keep the newest, with what was read and why', async () => {
    await open({ tuning: { maxSavedParseExceptions: 3 } });
    const key = await world.generation();
    const [input] = await world.inputs(key);
    produceMixed(0, 8);
    world.stream.append('1', { value: '{"t":"never","id":1}' }, { value: '{"t":1,"id":"x"}' });
    const run = await world.worker().run(input!);
    await world.readUntil(key, 18);
    await world.end(key, { final: true });
    await run.result;
    const reports = await readParseReports(world.pool, world.supervisorId);
    expect(reports).toHaveLength(3);
    expect(reports).toContainEqual(
      expect.objectContaining({ errorType: 'processedWithError', input: '{t=1, id=x}', partition: '1' }),
    );
    expect(reports).toContainEqual(
      expect.objectContaining({
        errorType: 'unparseable',
        input: '{t=never, id=1}',
        details: ['timestamp [never] is unparseable'],
        position: '0',
      }),
    );
  });

  it.each([
    ['a NUL', 'bad \0 x', 'bad \ufffd x', /found other text/],
    [
      'half a character where it is cut',
      `${'x'.repeat(1_999)}😀`,
      `${'x'.repeat(1_999)}?...`,
      /found other text/,
    ],
    ['half a character in a value', '{"t":1,"id":"\\ud83d"}', '{t=1, id=?}', /convert value \[\?\] to/],
    ['a NUL in a value', '{"t":1,"id":"a\\u0000b"}', '{t=1, id=a\ufffdb}', /convert value \[a\ufffdb\] to/],
  ])('of %s do not stop the task', async (_, value, input, detail) => {
    await open({ tuning: { maxSavedParseExceptions: 3 } });
    const key = await world.generation();
    const [first] = await world.inputs(key);
    world.stream.append('0', { value });
    const run = await world.worker().run(first!);
    await world.readUntil(key, 1);
    await waitFor(async () => (await readParseReports(world.pool, world.supervisorId)).length > 0, {
      what: 'the report',
    });
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await readParseReports(world.pool, world.supervisorId)).toMatchObject([
      { input, details: [expect.stringMatching(detail)] },
    ]);
  });

  it('say a record once, whoever reports it', async () => {
    await open({ tuning: { maxSavedParseExceptions: 100 }, replicas: 2 });
    const key = await world.generation();
    const inputs = await world.inputs(key);
    produceMixed(0, 8);
    const runs = await Promise.all(inputs.map((input) => world.worker().run(input)));
    await world.readUntil(key, 16);
    await world.end(key, { final: true });
    await Promise.all(runs.map(({ result }) => result));
    expect(await readParseReports(world.pool, world.supervisorId)).toHaveLength(8);
  });

  it('never grow beyond what one answer can hold', async () => {
    await open();
    const report = (at: number) => ({
      digest: String(at).padStart(6, '0'),
      atMs: at,
      report: {
        errorType: 'unparseable' as const,
        input: '',
        details: [],
        partition: '0',
        position: String(at),
        atMs: at,
      },
    });
    await noteParseReports(world.pool, {
      supervisorId: world.supervisorId,
      keep: 2 * parseReportsMost,
      reports: Array.from({ length: parseReportsMost + 3 }, (_, at) => report(at)),
    });
    const kept = await readParseReports(world.pool, world.supervisorId);
    expect([kept.length, kept[0]?.atMs]).toEqual([parseReportsMost, parseReportsMost + 2]);
    const tuning = { maxParseExceptions: null, maxSavedParseExceptions: 10_000 } as TuningConfig;
    const log = new ParseReportLog(tuning, 500);
    log.add([report(parseReportsMost + 3).report]);
    await log.flush(world.pool, world.supervisorId);
    const { rows } = await world.pool.query<{ count: string }>(
      'select count(*) from parse_report where supervisor_id = $1',
      [world.supervisorId],
    );
    expect(rows).toEqual([{ count: String(parseReportsMost) }]);
  });

  it('are not kept when nobody asked', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    produceMixed(0, 8);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 16);
    await world.end(key, { final: true });
    await run.result;
    expect(await readParseReports(world.pool, world.supervisorId)).toEqual([]);
  });
});
