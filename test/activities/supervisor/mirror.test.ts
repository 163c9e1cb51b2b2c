/** When positions are mirrored to a consumer group, and what is told when they are not; activities/supervisor/mirror.ts. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { MirrorCommits } from '../../../activities/supervisor/mirror.ts';
import { toPosition } from '../../../domain/positions.ts';
import type { Position } from '../../../domain/positions.ts';
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';
import { FakeGroupOffsets } from '../fake-group-offsets.ts';

const told: { kind: string; text: string; key: string | null }[] = [];

function world() {
  told.length = 0;
  const opened: FakeGroupOffsets[] = [];
  const clock = { ms: 1_700_000_000_000 };
  const pool = {
    query: async (_: string, values: unknown[]) => {
      told.push({ kind: String(values[1]), text: String(values[5]), key: values[7] as string | null });
      return { rows: [] };
    },
  };
  const mirror = new MirrorCommits({
    openGroupOffsets: () => {
      const offsets = new FakeGroupOffsets();
      opened.push(offsets);
      return offsets;
    },
    pool: pool as unknown as pg.Pool,
    log: () => undefined,
    now: () => clock.ms,
  });
  return { mirror, opened, clock };
}

function spec(group: string | null, topic = 'clicks'): SupervisorSpec {
  const io = {
    topic,
    isPattern: false,
    bootstrapServers: ['b:1'],
    consumerProperties: {},
    mirrorConsumerGroup: group,
  };
  return { id: 'wiki', io } as unknown as SupervisorSpec;
}

function at(positions: Record<string, number>): ReadonlyMap<string, Position> {
  return new Map(Object.entries(positions).map(([partition, position]) => [partition, toPosition(position)]));
}

test('no group is wanted: nothing is opened', async () => {
  const { mirror, opened } = world();
  await mirror.commit(spec(null), at({ 0: 1 }));
  expect(opened).toEqual([]);
});

test('only what moved is committed, and at most every 5 s', async () => {
  const { mirror, opened, clock } = world();
  await mirror.commit(spec('m'), at({ 0: 1, 1: 5 }));
  clock.ms += 4_999;
  await mirror.commit(spec('m'), at({ 0: 2, 1: 5 }));
  expect(opened[0]?.commits).toEqual([{ group: 'm', positions: { 0: '1', 1: '5' } }]);
  clock.ms += 1;
  await mirror.commit(spec('m'), at({ 0: 2, 1: 5 }));
  clock.ms += 60_000;
  await mirror.commit(spec('m'), at({ 0: 2, 1: 5 }));
  // Back after a reset: that is a move, too.
  await mirror.commit(spec('m'), at({ 0: 0, 1: 5 }));
  expect(opened[0]?.commits.slice(1)).toEqual([
    { group: 'm', positions: { 0: '2' } },
    { group: 'm', positions: { 0: '0' } },
  ]);
  expect(opened).toHaveLength(1);
});

test('a commit that failed is made again whole; told once, and once more when it works', async () => {
  const { mirror, opened, clock } = world();
  await mirror.commit(spec('m'), at({ 0: 1 }));
  const [offsets] = opened;
  if (offsets === undefined) throw new Error('nothing was opened');
  offsets.outcome = { kind: 'failed', why: 'consumer group m has live members' };
  for (let turn = 0; turn < 3; turn += 1) {
    clock.ms += 5_000;
    await mirror.commit(spec('m'), at({ 0: 2 }));
  }
  expect(mirror.problem).toBe('consumer group m has live members');
  expect(told).toEqual([
    expect.objectContaining({ kind: 'trouble', text: expect.stringMatching(/group m: .*live members/) }),
  ]);
  offsets.outcome = { kind: 'committed' };
  clock.ms += 5_000;
  await mirror.commit(spec('m'), at({ 0: 2 }));
  expect(offsets.commits.map(({ positions }) => positions[0])).toEqual(['1', '2', '2', '2', '2']);
  expect(mirror.problem).toBeNull();
  expect(told.map(({ kind }) => kind)).toEqual(['trouble', 'troubleOver']);
});

test('another group or cluster is another connection, which gets everything', async () => {
  const { mirror, opened, clock } = world();
  await mirror.commit(spec('m'), at({ 0: 1 }));
  clock.ms += 5_000;
  await mirror.commit(spec('n'), at({ 0: 1 }));
  expect(opened.map(({ commits, closed }) => [commits.map(({ group }) => group), closed])).toEqual([
    [['m'], 1],
    [['n'], 0],
  ]);
  mirror.close();
  expect(opened[1]?.closed).toBe(1);
});

test('what is thrown while opening is told, not thrown', async () => {
  const { mirror } = world();
  const broken = new MirrorCommits({
    openGroupOffsets: () => {
      throw new Error('no such secret');
    },
    pool: { query: async () => ({ rows: [] }) } as unknown as pg.Pool,
    log: () => undefined,
    now: () => 0,
  });
  await broken.commit(spec('m'), at({ 0: 1 }));
  expect(broken.problem).toMatch(/no such secret/);
  mirror.close();
});
