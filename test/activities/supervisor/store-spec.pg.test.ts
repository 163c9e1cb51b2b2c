/** A spec that comes through a plain Temporal client follows the same rules of update as one that comes through HTTP. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../domain/json.ts';
import { readStory } from '../../../storage/stories.ts';
import { readSupervisor, storeTombstone, versionEffects } from '../../../storage/supervisors.ts';
import { scratchDatabase } from '../../storage/scratch.ts';
import { ControlWorld } from '../control-world.ts';

const scratch = scratchDatabase();
let world: ControlWorld;

beforeEach(async () => {
  world = await ControlWorld.open(scratch.pool(), scratch.url());
});
afterEach(() => world.close());

/** With fields of ioConfig changed. */
function post(io: Readonly<Record<string, unknown>>, suspended = false) {
  const base = world.spec({ suspended });
  const spec = { ...base, spec: { ...base.spec, ioConfig: { ...base.spec.ioConfig, ...io } } };
  return world.run('storeSpec', { spec: spec as Json, workflowId: `supervisor:${world.supervisorId}` });
}

const stored = () => readSupervisor(scratch.pool(), world.supervisorId);

describe('storeSpec', () => {
  test('a change that needs tasks waits for rollovers; the same spec changes nothing', async () => {
    expect(await post({ taskCount: 2 })).toMatchObject({ specVersion: 2 });
    expect(await post({ taskCount: 2 })).toMatchObject({ specVersion: 2 });
    expect(await post({ taskCount: 2, period: 'PT2S' })).toMatchObject({ specVersion: 3 });
    expect(await post({ taskCount: 2 }, true)).toMatchObject({ specVersion: 4 });
    expect(
      (await versionEffects(scratch.pool(), world.supervisorId, 1)).map((one) => Object.values(one)),
    ).toEqual(
      expect.arrayContaining([
        expect.arrayContaining([2, 'next']),
        expect.arrayContaining([3, 'nothing']),
        expect.arrayContaining([4, 'now']),
      ]),
    );
    const story = await readStory(scratch.pool(), world.supervisorId, { limit: 10, kinds: ['spec'] });
    expect(story.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^spec version 4 was stored by temporal client: .*suspended false -> true/),
      expect.stringMatching(
        /^spec version 3 was stored by temporal client: period "PT1S" -> "PT2S"; .*nothing is/,
      ),
      expect.stringMatching(/^spec version 2 .*: taskCount 1 -> 2; .*next rollover/),
      expect.stringMatching(/^spec version 1 .*the supervisor starts with it/),
    ]);
  });

  test('another topic is refused, and nothing is stored; after a terminate it is a new supervisor', async () => {
    await expect(post({ topic: 'other' })).rejects.toThrow(
      /ioConfig\.topic: found "other".*reset its offsets/,
    );
    expect(await stored()).toMatchObject({ version: 1 });
    await storeTombstone(scratch.pool(), { supervisorId: world.supervisorId, by: 'test' });
    expect(await post({ topic: 'other' })).toMatchObject({ specVersion: 3 });
  });
});
