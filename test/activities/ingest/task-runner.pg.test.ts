/** Whole lives of a task: real Postgres, a stream in memory, threads in this thread. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LiveState } from '../../../activities/ingest/live-board.ts';
import type { Positions } from '../../../domain/positions.ts';
import { toPosition } from '../../../domain/positions.ts';
import { readControl } from '../../../storage/control.ts';
import { startLiveServer } from '../../../workers/live-server.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ids, World } from './world.ts';
import type { WorkerProcess, WorldOptions } from './world.ts';

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

/** Over HTTP, as a query does it. */
async function liveIds(
  worker: WorkerProcess,
  { taskId, sequenceId }: { taskId: string; sequenceId: string },
): Promise<number[]> {
  const server = await startLiveServer({
    host: '127.0.0.1',
    token: 'secret',
    registry: worker.live,
    log: { warn: (message) => expect.unreachable(message) },
  });
  const response = await fetch(`${server.url}/live`, {
    method: 'POST',
    headers: { authorization: 'Bearer secret' },
    body: JSON.stringify({ taskId, epoch: '1', sequences: [{ sequenceId }], waitMs: 50 }),
  });
  expect(response.status).toBe(200);
  const bytes = Buffer.from(await response.arrayBuffer());
  await server.close();
  let at = 4 + bytes.readUInt32BE(0);
  const header = JSON.parse(bytes.toString('utf8', 4, at)) as { sequences: LiveState[] };
  const paths: string[] = [];
  for (const one of header.sequences)
    for (const piece of one.state === 'held' ? one.pieces : []) {
      paths.push(join(world.folder, `${piece.id}.copy`));
      await writeFile(paths.at(-1)!, bytes.subarray(at, (at += piece.bytes)));
    }
  return world.idsIn(paths);
}

describe('an ingestion task', () => {
  it('reads, ends and publishes every row once', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 500);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 500);
    const ends = await world.end(key, { final: true });
    expect(ends).toEqual({ '0': '250', '1': '250' });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(500));
    const { state, tasks } = await world.read(key);
    expect([state, tasks[0]?.state]).toEqual(['published', 'SUCCESS']);
    expect(world.sent).toEqual([{ name: 'replicaStarted', payload: { replica: 0 } }]);
  });

  it('asks for a checkpoint by rows, reads on in the next sequence, and publishes both', async () => {
    await open({ tuning: { maxRowsPerSegment: 300, maxRowsInMemory: 100 } });
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 400);
    const run = await world.worker().run(input!);
    const asked = await waitFor(() => world.sent.find(({ name }) => name === 'checkpointRequested'), {
      what: 'a checkpoint request',
    });
    expect(asked.payload).toEqual({ ordinal: 0, reason: 'rows' });
    await world.end(key, { final: false });
    await world.readUntil(key, 400);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(400));
    const { sequences } = await world.read(key);
    expect(sequences.map(({ counters }) => counters?.processed ?? 0)).toSatisfy(
      ([first, second]: number[]) => first! >= 300 && first! < 400 && first! + second! === 400,
    );
  });

  it('asks for a checkpoint by age, but not of an empty sequence', async () => {
    await open({ tuning: { intermediateHandoffPeriod: 'PT0.1S' } });
    const key = await world.generation();
    const [input] = await world.inputs(key);
    await world.worker().run(input!);
    await waitFor(async () => (await world.read(key)).tasks[0]?.progress, { what: 'progress of nothing' });
    expect(world.sent.filter(({ name }) => name === 'checkpointRequested')).toEqual([]);
    world.produce(0, 1);
    const asked = await waitFor(() => world.sent.find(({ name }) => name === 'checkpointRequested'), {
      what: 'a checkpoint request',
    });
    expect(asked.payload).toEqual({ ordinal: 0, reason: 'period' });
  });

  it('publishes an empty sequence without files', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    const run = await world.worker().run(input!);
    await waitFor(() => world.sent.length > 0, { what: 'the start' });
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual([]);
    expect((await world.read(key)).sequences[0]?.state).toBe('published');
  });

  it('lets one of two replicas publish; the other one is done as well', async () => {
    await open({ replicas: 2 });
    const key = await world.generation();
    const [first, second] = await world.inputs(key);
    const runs = [await world.worker().run(first!), await world.worker().run(second!)];
    world.produce(0, 300);
    await world.readUntil(key, 300);
    await world.end(key, { final: true });
    for (const run of runs) expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(300));
    const { tasks } = await world.read(key);
    expect(tasks.map(({ state }) => state)).toEqual(['SUCCESS', 'SUCCESS']);
  });

  it('refuses a sibling in the same process, benignly', async () => {
    await open({ replicas: 2 });
    const key = await world.generation();
    const [first, second] = await world.inputs(key);
    const worker = world.worker();
    await worker.run(first!);
    const refused = await worker.run(second!);
    await expect(refused.result).rejects.toMatchObject({
      type: 'SIBLING_HERE',
      nonRetryable: false,
      category: 'BENIGN',
    });
    // It has not taken the task over, so nothing was fenced.
    expect((await world.read(key)).tasks[1]?.attempts).toBe(0);
  });

  it('goes back when ends were written below what it had read without being asked', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 100);
    const worker = world.worker();
    const run = await worker.run(input!);
    await world.readUntil(key, 100);
    // Nobody answers in time: the ends are what Postgres knows, and the task is far beyond.
    worker.deafen();
    world.produce(100, 2_000);
    await waitFor(() => worker.lastReport()?.counters.records === 2_100, { what: 'reading on' });
    const ends = await world.end(key, { final: false, answers: 0 });
    expect(Number(ends['0']) + Number(ends['1'])).toBeLessThan(2_100);
    worker.undeafen();
    await waitFor(async () => (await world.read(key)).sequences[0]?.state === 'published', {
      what: 'the first publish',
    });
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(2_100));
  });

  it('goes on by itself when the pause lease ran out, and nobody can end that pause any more', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 50);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 50);
    const requestNo = await world.pause(key, 0, 300);
    await waitFor(async () => (await readControl(world.pool, key))?.state === 'run', {
      what: 'the replica going on',
    });
    world.produce(50, 50);
    await world.readUntil(key, 100);
    expect(await world.endRequest(key, { ordinal: 0, requestNo, final: true })).toEqual({
      kind: 'superseded',
    });
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(100));
  });

  it('gives its slot back while a predecessor is not published, and publishes from spills afterwards', async () => {
    await open();
    const first = await world.generation();
    const [firstInput] = await world.inputs(first);
    world.produce(0, 100);
    const firstWorker = world.worker();
    const firstRun = await firstWorker.run(firstInput!);
    await world.readUntil(first, 100);
    world.deepStorage.trouble = world.storageDown();
    await world.end(first, { final: true });
    const second = await world.generation(1);
    const [secondInput] = await world.inputs(second);
    world.produce(100, 60);
    const secondWorker = world.worker();
    const waiting = await secondWorker.run(secondInput!);
    await world.readUntil(second, 60);
    await world.end(second, { final: true });
    // Its own files go up, the ones of the predecessor do not.
    firstWorker.kill();
    world.deepStorage.trouble = null;
    const [predecessor] = (await world.read(first)).sequences;
    expect(await waiting.result).toEqual({
      kind: 'waitingForPredecessor',
      sequenceId: predecessor!.sequenceId,
    });
    await expect(firstRun.result).rejects.toMatchObject({ type: 'INTERNAL', nonRetryable: false });
    expect(await (await world.worker().run(firstInput!, 2)).result).toEqual({ kind: 'published' });
    const fetched = world.deepStorage.fetches.length;
    expect(await (await world.worker().run(secondInput!, 2)).result).toEqual({ kind: 'published' });
    expect(world.deepStorage.fetches.length).toBeGreaterThan(fetched);
    expect(await world.publishedIds()).toEqual(ids(160));
  }, 60_000);

  it('gives the rows it holds to a query, until they are published', async () => {
    await open();
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 200);
    const worker = world.worker();
    const run = await worker.run(input!);
    await world.readUntil(key, 200);
    const [sequence] = (await world.read(key)).sequences;
    const ask = (epoch: string, atLeast: Positions | null = null) =>
      worker.live.ask({
        taskId: input!.taskId,
        epoch,
        sequences: [{ sequenceId: sequence!.sequenceId, atLeast, have: [] }],
        waitMs: 5_000,
        maxBytes: 1_000_000,
      });
    const { sequences, files, release } = await ask('1', { '0': toPosition(100), '1': toPosition(100) });
    expect(sequences).toMatchObject([
      { state: 'held', positions: { '0': '100', '1': '100' }, ends: null, rollup: false },
    ]);
    expect(await world.idsIn(files.map(({ localPath }) => localPath))).toEqual(ids(200));
    release();
    expect((await ask('2')).sequences).toMatchObject([{ state: 'refused', reason: 'epoch' }]);
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect((await ask('1')).sequences).toMatchObject([{ state: 'published' }]);
    expect(await world.publishedIds()).toEqual(ids(200));
  });

  it('publishes every row once, whatever queries ask meanwhile', async () => {
    await open({ replicas: 2, tuning: { maxRowsInMemory: 150, intermediatePersistPeriod: 'PT0.2S' } });
    const key = await world.generation();
    const inputs = await world.inputs(key);
    const workers = [world.worker(), world.worker()];
    const runs = await Promise.all(inputs.map((input, at) => workers[at]!.run(input)));
    let asking = true;
    let answered = 0;
    const asked = inputs.map(async ({ taskId }, at) => {
      while (asking)
        for (const { sequenceId } of (await world.read(key)).sequences) {
          const found = await liveIds(workers[at]!, { taskId, sequenceId });
          expect(new Set(found).size).toBe(found.length);
          answered += found.length;
        }
    });
    for (let batch = 0; batch < 4; batch += 1) {
      world.produce(batch * 200, 200);
      await world.readUntil(key, (batch + 1) * 200);
      if (batch < 3) await world.end(key, { final: false });
    }
    await world.end(key, { final: true });
    for (const run of runs) expect(await run.result).toEqual({ kind: 'published' });
    asking = false;
    await Promise.all(asked);
    expect(answered).toBeGreaterThan(0);
    expect(await world.publishedIds()).toEqual(ids(800));
  });
});
