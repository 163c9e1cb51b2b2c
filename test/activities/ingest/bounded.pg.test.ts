/** Whole lives of a bounded task: exactly its range is published, and it asks for its end by itself. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GenerationKey } from '../../../domain/ids.ts';
import { toPosition } from '../../../domain/positions.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { waitFor } from '../../support/wait-for.ts';
import { World } from './world.ts';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(() => world.close());

afterAll(async () => {
  await database.drop();
});

async function open(ends: readonly number[], replicas = 1): Promise<GenerationKey> {
  const of = (values: readonly number[]) =>
    Object.fromEntries(values.map((value, partition) => [String(partition), value]));
  world = await World.open(database.url, {
    replicas,
    io: {
      boundedStreamConfig: { startSequenceNumbers: of(ends.map(() => 0)), endSequenceNumbers: of(ends) },
    },
  });
  return world.generation();
}

const asked = (ordinal = 0) =>
  waitFor(
    () =>
      world.sent.find(
        ({ name, payload }) =>
          name === 'checkpointRequested' && (payload as { ordinal: number }).ordinal === ordinal,
      )?.payload,
    { what: 'the request for the last checkpoint' },
  );

/** Rows of partition p of 2 below `end`, as `produce` spreads them. */
const below = (...ends: readonly number[]) =>
  ends
    .flatMap((end, partition) => Array.from({ length: end }, (_, at) => at * ends.length + partition))
    .sort((left, right) => left - right);

describe('a bounded task', () => {
  it('reads exactly its range, asks for the last checkpoint, and publishes', async () => {
    const key = await open([120, 33]);
    const [input] = await world.inputs(key);
    world.produce(0, 600);
    const run = await world.worker().run(input!);
    expect(await asked()).toEqual({ ordinal: 0, reason: 'bound' });
    expect(await world.end(key, { final: true })).toEqual({ 0: '120', 1: '33' });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(below(120, 33));
  });

  it('goes on after a crash, and still stops there', async () => {
    const key = await open([60, 60]);
    const [input] = await world.inputs(key);
    world.produce(0, 50);
    const first = world.worker();
    await first.run(input!);
    await world.readUntil(key, 50);
    first.kill();
    world.produce(50, 200);
    const run = await world.worker().run(input!, 2);
    await asked();
    await world.end(key, { final: true });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(below(60, 60));
  });

  it('two replicas: the first at the bounds asks, the other one reads on to the common ends', async () => {
    const key = await open([80, 80], 2);
    const inputs = await world.inputs(key);
    world.produce(0, 300);
    const runs = [await world.worker().run(inputs[0]!)];
    await asked();
    runs.push(await world.worker().run(inputs[1]!));
    await world.end(key, { final: true, answers: 1 });
    for (const run of runs) expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(below(80, 80));
  });

  it('start = end publishes nothing', async () => {
    const key = await open([0, 0]);
    const [input] = await world.inputs(key);
    world.produce(0, 40);
    const run = await world.worker().run(input!);
    await asked();
    expect(await world.end(key, { final: true })).toEqual({ 0: toPosition(0), 1: toPosition(0) });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual([]);
  });
});
