/** What a steady watch tells others: milliseconds behind, and published positions for a consumer group; activities/supervisor/watch.ts. */
import { afterEach, expect, test } from 'vitest';
import type { WatchInput } from '../../../activities/supervisor/contract.ts';
import { initialState } from '../../../domain/supervisor/state.ts';
import { readStreamPositions } from '../../../storage/partitions.ts';
import { readStory } from '../../../storage/stories.ts';
import { supervisorWorkflowId } from '../../../workflows/contract.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ControlWorld, quietEnvironment } from '../control-world.ts';
import { scratchDatabase } from '../../storage/scratch.ts';

const scratch = scratchDatabase();
let world: ControlWorld;
let environment: ReturnType<typeof quietEnvironment>;
let watching: Promise<unknown>;

afterEach(async () => {
  environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
  await world.close();
});

/** One reading group and a watch that finds nothing to do. */
async function steady(
  ioConfig: Record<string, unknown>,
  prepare: (opened: ControlWorld) => void = () => undefined,
): Promise<void> {
  world = await ControlWorld.open(scratch.pool(), scratch.url());
  prepare(world);
  const { supervisorId } = world;
  const posted = world.spec();
  await world.run('storeSpec', {
    spec: { ...posted, spec: { ...posted.spec, ioConfig: { ...posted.spec.ioConfig, ...ioConfig } } },
    workflowId: supervisorWorkflowId(supervisorId),
  });
  await world.run('seedPartitions', { supervisorId });
  await world.run('createGenerations', { supervisorId, groups: [{ groupId: 0, expectedGeneration: 0 }] });
  const { known, health, status } = initialState({
    supervisorId,
    specVersion: 2,
    queues: { control: 'c', ingest: 'i' },
    rolloverEvents: 2_000,
    nowMs: Date.now(),
  });
  const children = [{ groupId: 0, generation: 1 }];
  const input: WatchInput = { supervisorId, known: { ...known, children }, health, status };
  const news = await world.run('watch', input);
  environment = quietEnvironment();
  watching = world.run('watch', { ...input, health: news.health }, environment);
  watching.catch(() => undefined);
}

test('published positions go to the consumer group; while it refuses, one line of the story says so', async () => {
  const refusal = { kind: 'failed', why: 'it has live members' } as const;
  await steady({ mirrorConsumerGroup: 'mirrored' }, ({ groupOffsets }) => (groupOffsets.outcome = refusal));
  const lines = () => readStory(scratch.pool(), world.supervisorId, { limit: 20 });
  const told = (kind: string) =>
    waitFor(
      async () => (await lines()).find((line) => line.kind === kind && line.text.includes('mirrored')),
      {
        what: `a line of ${kind}`,
      },
    );
  expect((await told('trouble')).text).toMatch(
    /not mirrored to consumer group mirrored: it has live members.*go on/,
  );
  world.groupOffsets.outcome = { kind: 'committed' };
  world.aheadMs = 10_000;
  expect((await told('troubleOver')).text).toMatch(/mirrored to consumer group mirrored again/);
  const all = { group: 'mirrored', positions: { 0: '0', 1: '0' } };
  expect(world.groupOffsets.commits).toEqual([all, all]);
});

test('milliseconds behind are beside the positions where the spec wants them', async () => {
  await steady({ emitTimeLagMetrics: true });
  const value = '{}';
  world.stream.append('0', { value, timestampMs: 5_000 }, { value, timestampMs: 12_000 });
  // The next measurement is due.
  world.aheadMs = 60_000;
  const rows = await waitFor(
    async () => {
      const found = await readStreamPositions(scratch.pool(), world.supervisorId);
      return found.some(({ lagMs }) => lagMs !== null && lagMs > 0) ? found : null;
    },
    { what: 'a time lag', timeoutMs: 50_000 },
  );
  expect(rows.map(({ partition, latest, lagMs }) => [partition, latest, lagMs])).toEqual([
    ['0', '2', 7_000],
    ['1', '0', 0],
  ]);
});
