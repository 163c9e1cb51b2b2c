/** Whole lives of a task: real Postgres, a stream in memory, threads in this thread. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ids, World } from './world.ts';

describe('an ingestion task', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.open();
  });

  afterEach(async () => {
    await world.close();
  });

  it('reads, ends and publishes every row once', async () => {
    const key = await world.generation();
    const [input] = await world.inputs(key);
    world.produce(0, 500);
    const run = await world.worker().run(input!);
    await world.readUntil(key, 500);
    const ends = await world.end(key, { final: true });
    expect(ends).toEqual({ '0': '250', '1': '250' });
    expect(await run.result).toEqual({ kind: 'published' });
    expect(await world.publishedIds()).toEqual(ids(500));
    expect((await world.read(key)).state).toBe('published');
  });
});
