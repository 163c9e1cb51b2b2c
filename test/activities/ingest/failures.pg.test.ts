/** What an attempt leaves behind when something fails, and what the next one makes of it. */
import { writeFile, chmod } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ids, World } from './world.ts';
import type { WorldOptions } from './world.ts';

let database: TestDatabase;
let world: World;

async function open(options: WorldOptions = {}): Promise<void> {
  world = await World.open(database.url, options);
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

const persistOften = { tuning: { intermediatePersistPeriod: 'PT0.2S' } };

/** An attempt that has read and checkpointed `count` rows. */
async function checkpointed(count: number) {
  const key = await world.generation();
  const [input] = await world.inputs(key);
  world.produce(0, count);
  const worker = world.worker();
  const run = await worker.run(input!);
  await waitFor(async () => (await world.checkpointedRecords(key)) === count, {
    what: `a checkpoint of ${count} records`,
  });
  return { key, input: input!, worker, run };
}

describe('after a crash', () => {
  it('the next attempt adopts the checkpoint and reads only what came after it', async () => {
    await open(persistOften);
    const { key, input, worker, run } = await checkpointed(400);
    worker.kill();
    await expect(run.result).rejects.toMatchObject({ type: 'INTERNAL', nonRetryable: false });
    world.produce(400, 100);
    const next = world.worker();
    const second = await next.run(input, 2);
    await world.readUntil(key, 500);
    expect(next.recordsRead()).toBe(100);
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(500));
  });

  it('takes over an ended sequence and the open one after it, and reads nothing of either again', async () => {
    await open(persistOften);
    const { key, input, worker } = await checkpointed(200);
    world.deepStorage.segmentTrouble = world.storageDown();
    await world.end(key, { final: false });
    world.produce(200, 100);
    await waitFor(async () => (await world.checkpointedRecords(key)) === 300, {
      what: 'a checkpoint of both sequences',
    });
    worker.kill();
    world.deepStorage.segmentTrouble = null;
    const next = world.worker();
    const second = await next.run(input, 2);
    await waitFor(async () => (await world.read(key)).sequences[0]?.state === 'published', {
      what: 'the first publish',
    });
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(next.recordsRead()).toBe(0);
    expect(await world.publishedIds()).toEqual(ids(300));
  });

  it('goes on in the open sequence when an earlier one of the generation is published already', async () => {
    await open(persistOften);
    const { key, input, worker } = await checkpointed(200);
    await world.end(key, { final: false });
    await waitFor(async () => (await world.read(key)).sequences[0]?.state === 'published', {
      what: 'the first publish',
    });
    worker.kill();
    world.produce(200, 100);
    const second = await world.worker().run(input, 2);
    await world.readUntil(key, 100);
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(300));
  });

  it('a damaged spill is noticed, and its sequence is read again from the start', async () => {
    await open(persistOften);
    const { key, input, worker } = await checkpointed(400);
    worker.kill();
    for (const path of world.deepStorage.puts) {
      const file = world.deepStorage.locate(path);
      await chmod(file, 0o644);
      await writeFile(file, 'damaged');
    }
    const next = world.worker();
    const second = await next.run(input, 2);
    await waitFor(() => next.recordsRead() === 400, { what: 'reading again' });
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(400));
  });

  it('a missing spill is noticed too', async () => {
    await open(persistOften);
    const { key, input, worker } = await checkpointed(50);
    worker.kill();
    for (const path of world.deepStorage.puts) await world.deepStorage.remove(path);
    const second = await world.worker().run(input, 2);
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(50));
  });

  it('a zombie that comes back is told that its lease is gone, and publishes nothing', async () => {
    await open(persistOften);
    const { key, input, run } = await checkpointed(100);
    const second = await world.worker().run(input, 2);
    await expect(run.result).rejects.toMatchObject({ type: 'LEASE_LOST', nonRetryable: true });
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(100));
    expect(await world.publishers()).toEqual([{ epoch: '2' }]);
  });
});

describe('a second attempt in the same process', () => {
  it('ends the first one, which had lost Temporal, and is no sibling of it', async () => {
    await open(persistOften);
    const { key, input, worker, run } = await checkpointed(70);
    const second = await worker.run(input, 2);
    await expect(run.result).rejects.toMatchObject({ type: 'LEASE_LOST' });
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(70));
  });
});

describe('a stop in order', () => {
  it('seals what was read, so that nothing is read twice, and asks to be run elsewhere at once', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 300);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 300);
    run.environment.cancel('WORKER_SHUTDOWN');
    await expect(run.result).rejects.toMatchObject({
      type: 'WORKER_SHUTDOWN',
      nonRetryable: false,
      nextRetryDelay: 1,
    });
    expect(run.heartbeats.at(-1)).toMatchObject({ epoch: '1', records: 300 });
    expect((run.heartbeats.at(-1) as { checkpointId: string }).checkpointId).toMatch(/^[0-9a-f-]{36}$/);
    const next = world.worker();
    const second = await next.run(input!, 2);
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(next.recordsRead()).toBe(0);
    expect(await world.publishedIds()).toEqual(ids(300));
  });

  it('is not taken for a cancellation, which stops at once and seals nothing', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 50);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 50);
    run.environment.cancel('CANCELLED');
    await expect(run.result).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(world.deepStorage.puts).toEqual([]);
  });
});

describe('outside systems', () => {
  it('deep storage may be away for a while', async () => {
    await open({ tuning: { intermediatePersistPeriod: 'PT0.2S', maxRowsInMemory: 100 } });
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.deepStorage.trouble = world.storageDown();
    world.produce(0, 1_000);
    const worker = world.worker();
    const run = await worker.run(input!);
    // Two rounds of rows at most: one on its way, one in memory.
    await waitFor(() => worker.lastReport()?.idle === 'memory' && worker.recordsRead() >= 200, {
      what: 'back pressure',
    });
    expect(worker.recordsRead()).toBeLessThan(300);
    world.deepStorage.trouble = null;
    await world.readUntil(key, 1_000);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(1_000));
  });

  it('postgres may be away for a while: reading goes on', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 100);
    const worker = world.worker();
    const run = await worker.run(input!);
    await world.readUntil(key, 100);
    worker.deafen();
    world.produce(100, 400);
    await waitFor(() => worker.lastReport()?.counters.records === 500, { what: 'reading on' });
    worker.undeafen();
    await world.readUntil(key, 500);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(500));
  });

  it('an answer of the commit that is lost is asked for again, with the same publish id', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 80);
    const worker = world.worker();
    const lost = worker.loseAnswersOf('headgate_commit', 2);
    const run = await worker.run(input!);
    await world.readUntil(key, 80);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(lost.publishIds).toHaveLength(3);
    expect(new Set(lost.publishIds).size).toBe(1);
    expect(await world.publishedIds()).toEqual(ids(80));
  });

  it('a stream that fails ends the attempt only after what was read is sealed', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 120);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 120);
    world.stream.unreachable();
    await expect(run.result).rejects.toMatchObject({ type: 'STREAM_UNREACHABLE', nonRetryable: false });
    expect(await world.checkpointedRecords(key)).toBe(120);
  });

  it('a thread that dies fails the attempt, and the next one goes on in the same process', async () => {
    await open(persistOften);
    const { key, input, worker, run } = await checkpointed(60);
    worker.kill();
    await expect(run.result).rejects.toMatchObject({ nonRetryable: false });
    const second = await worker.run(input, 2);
    await world.end(key, { final: true });
    expect(await second.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(60));
  });
});

describe('an answer of the commit', () => {
  it.each([
    [
      { kind: 'stale', detail: 'partition 0: stored is 7' },
      { type: 'PUBLISH_STALE', nonRetryable: true },
    ],
    [{ kind: 'reaped' }, { type: 'PUBLISH_REAPED', nonRetryable: true }],
    [
      { kind: 'overread', ends: { '0': '1' } },
      { type: 'PUBLISH_OVERREAD', nonRetryable: false },
    ],
    [
      { kind: 'fenced', by: 'term' },
      { type: 'LEASE_LOST', nonRetryable: true },
    ],
    [
      { kind: 'fenced', by: 'lease' },
      { type: 'LEASE_LOST', nonRetryable: true },
    ],
  ])('%j ends the attempt as %j and leaves the files to the reaper', async (answer, failure) => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 10);
    const worker = world.worker();
    worker.answerOnce('headgate_commit', answer);
    const run = await worker.run(input!);
    await world.readUntil(key, 10);
    await world.end(key, { final: true });
    await expect(run.result).rejects.toMatchObject(failure);
    for (const path of world.deepStorage.puts) expect(await world.deepStorage.stat(path)).not.toBeNull();
  });

  it('a checkpoint beyond ends that were just written is given up, not the attempt', async () => {
    await open(persistOften);
    const key = await world.generation();
    const [input] = await world.inputs(key);
    const worker = world.worker();
    worker.answerOnce('headgate_insert_checkpoint', { kind: 'beyondEnd' });
    const run = await worker.run(input!);
    world.produce(0, 20);
    await waitFor(async () => (await world.checkpointedRecords(key)) === 20, { what: 'the next checkpoint' });
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(20));
  });
});

describe('what no retry mends', () => {
  it('too many unparseable rows: names counts and the first messages, publishes nothing', async () => {
    await open({ tuning: { maxParseExceptions: 2 } });
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.stream.append('0', { value: 'a' }, { value: 'b' }, { value: 'c' });
    const run = await world.worker().run(input!);
    await expect(run.result).rejects.toMatchObject({
      type: 'PARSE_LIMIT_EXCEEDED',
      nonRetryable: true,
      message: expect.stringMatching(
        /3 rows could not be parsed, maxParseExceptions allows 2; first: partition 0/,
      ),
    });
  });

  it('a stream created again under the same name', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.stream.recreate({ partitions: 2 });
    const run = await world.worker().run(input!);
    await expect(run.result).rejects.toMatchObject({
      type: 'STREAM_IDENTITY_CHANGED',
      message: expect.stringMatching(/found clicks-2, expected clicks-1/),
    });
  });

  it('a database that knows less than this process has seen', async () => {
    await open();
    const first = await world.generation();
    const [input] = await world.inputs(first);
    world.produce(0, 10);
    const worker = world.worker();
    const run = await worker.run(input!);
    await world.readUntil(first, 10);
    await world.end(first, { final: true });
    await run.result;
    await world.goBackInTime();
    const [next] = await world.inputs(await world.generation(1));
    await expect((await worker.run(next!)).result).rejects.toMatchObject({ type: 'METADATA_TIME_TRAVEL' });
  });

  it('a database that goes back in time before the commit', async () => {
    await open();
    const first = await world.generation();
    const [input] = await world.inputs(first);
    world.produce(0, 10);
    const worker = world.worker();
    const run = await worker.run(input!);
    await world.readUntil(first, 10);
    await world.end(first, { final: true });
    await run.result;
    const second = await world.generation(1);
    const [next] = await world.inputs(second);
    const overtaken = await worker.run(next!);
    await waitFor(() => world.sent.length === 2, { what: 'the second start' });
    await world.goBackInTime();
    await world.end(second, { final: true });
    await expect(overtaken.result).rejects.toMatchObject({
      type: 'METADATA_TIME_TRAVEL',
      nonRetryable: true,
    });
  });

  it('a discarded sequence', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 10);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 10);
    await world.discard(key, 'as the test asked');
    expect(await run.result).toEqual({ kind: 'discarded', why: 'as the test asked' });
    expect(await (await world.worker().run(input!, 2)).result).toMatchObject({ kind: 'discarded' });
    expect(await world.publishedIds()).toEqual([]);
  });

  it('a new term', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    const run = await world.worker().run(input!);
    await waitFor(() => world.sent.length > 0, { what: 'the start' });
    await world.reset();
    expect(await run.result).toMatchObject({ kind: 'discarded', why: 'reset' });
  });
});
