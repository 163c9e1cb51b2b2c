/** Orders that move positions, over real rows and a stream in memory: effects, answers, refusals, repetitions. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApplyCommandResult } from '../../../activities/supervisor/contract.ts';
import { toPosition } from '../../../domain/positions.ts';
import type { Verb } from '../../../domain/supervisor/commands.ts';
import { liveGenerations } from '../../../storage/generations.ts';
import { readPartitions, seedPartitions } from '../../../storage/partitions.ts';
import { readStory } from '../../../storage/stories.ts';
import { readCommand, readSupervisor, storeTombstone } from '../../../storage/supervisors.ts';
import { ControlWorld } from '../control-world.ts';
import { scratchDatabase } from '../../storage/scratch.ts';

const scratch = scratchDatabase();
let world: ControlWorld;
let orders = 0;

async function open(options: Parameters<typeof ControlWorld.open>[2] = {}): Promise<void> {
  await world?.close();
  world = await ControlWorld.open(scratch.pool(), scratch.url(), options);
}

beforeEach(() => open({ partitions: 2 }));
afterEach(() => world.close());

const offsets = (map: Record<string, number | string>, more: object = {}) => ({
  type: 'kafka',
  partitions: { type: 'end', stream: 'clicks', partitionOffsetMap: map },
  ...more,
});

/** With the whole outcome, as it stands in `command`; the workflow is told its summary only. */
async function give(verb: Verb, input: object = {}, id?: string): Promise<ApplyCommandResult> {
  orders += 1;
  const commandId = id ?? `${world.supervisorId}-order-${orders}`;
  const { kind } = await world.run('applyCommand', {
    supervisorId: world.supervisorId,
    commandId,
    verb,
    by: 'ada',
    refusal: null,
    input: input as Record<string, never>,
  });
  const outcome = (await readCommand(scratch.pool(), commandId))?.outcome as ApplyCommandResult['outcome'];
  return { kind, outcome };
}

const seedAt = (positions: Record<string, number>) =>
  seedPartitions(scratch.pool(), {
    supervisorId: world.supervisorId,
    stream: 'clicks',
    sourceIdentity: 'clicks-1',
    why: 'test',
    positions: Object.entries(positions).map(([partition, position]) => ({
      partition,
      position: toPosition(position),
    })),
  });

const create = (...groups: number[]) =>
  world.run('createGenerations', {
    supervisorId: world.supervisorId,
    groups: groups.map((groupId) => ({ groupId, expectedGeneration: 0 })),
  });

const stands = async () =>
  Object.fromEntries(
    (await readPartitions(scratch.pool(), world.supervisorId)).map((row) => [
      row.partition,
      row.nextPosition,
    ]),
  );

const live = async () =>
  (await liveGenerations(scratch.pool(), world.supervisorId)).map(
    ({ key }) => `${key.groupId}/${key.generation}`,
  );

const gaps = async () => {
  const { rows } = await scratch.pool().query<{ gap: string }>(
    `select format('%s %s-%s %s by %s', partition, start_position, coalesce(end_position::text, 'end'), why, who) as gap
     from gap where supervisor_id = $1 order by partition, start_position`,
    [world.supervisorId],
  );
  return rows.map((row) => row.gap);
};

/** Everything that an order may change. */
const contents = async () => ({
  stands: await stands(),
  live: await live(),
  gaps: await gaps(),
  term: (await readSupervisor(scratch.pool(), world.supervisorId))?.term,
});

const filled = (counts: Record<string, number>) => {
  for (const [partition, count] of Object.entries(counts)) world.fill(partition, count);
};

describe('offsets', () => {
  test('druid 6.62 testSupervisorResetOneTaskSpecificOffsetsWithCheckpoints: only the groups of these partitions are replaced', async () => {
    await open({ partitions: 4, spec: { taskCount: 4 } });
    filled({ 0: 3_000, 1: 3_000, 2: 3_000, 3: 3_000 });
    await seedAt({ 0: 0, 1: 10, 2: 20, 3: 30 });
    await create(0, 1, 2, 3);
    const { fixture: f } = world;
    const key = (groupId: number) => ({ supervisorId: world.supervisorId, groupId, generation: 1 });
    // Group 2 has a checkpointed sequence beside the one it reads; group 1 is read to its ends.
    await f.end(key(2), await f.attempt(key(2)), { 2: 100 }, { final: false });
    const lease = await f.attempt(key(1));
    await f.end(key(1), lease, { 1: 40 });
    const { kind, outcome } = await give('resetOffsets', offsets({ 0: 1_000, 2: 2_500 }));
    expect(kind).toBe('done');
    expect(await stands()).toEqual({ 0: '1000', 1: '10', 2: '2500', 3: '30' });
    expect(await live()).toEqual(['1/1', '3/1']);
    expect(outcome).toMatchObject({
      skipped: [
        { partition: '0', from: '0', to: '1000', records: 1_000 },
        { partition: '2', from: '20', to: '2500', records: 2_480 },
      ],
      readAgain: [],
      unpublished: [{ partition: '2', from: '20', to: '100', records: 80 }],
      positions: { 0: '1000', 2: '2500' },
    });
    expect((outcome['discardedSequences'] as string[]).length).toBe(3);
    // The untouched group publishes as if nothing was.
    expect((await f.publish(lease, key(1))).kind).toBe('committed');
    expect(await stands()).toEqual({ 0: '1000', 1: '40', 2: '2500', 3: '30' });
  });

  test('druid hazard 2: the other partitions of a replaced group go on at what is stored, not at what it had read', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 0, 1: 0 });
    await create(0);
    const { fixture: f } = world;
    const key = { supervisorId: world.supervisorId, groupId: 0, generation: 1 };
    await f.progress(await f.attempt(key), { 0: 80, 1: 90 });
    await give('resetOffsets', offsets({ 0: 50 }));
    await world.run('createGenerations', {
      supervisorId: world.supervisorId,
      groups: [{ groupId: 0, expectedGeneration: 1 }],
    });
    expect((await f.read({ ...key, generation: 2 })).sequences[0]?.starts).toEqual({ 0: '50', 1: '0' });
  });

  test('what is published already is announced, to the record', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 0, 1: 0 });
    await create(0);
    const { fixture: f } = world;
    const key = { supervisorId: world.supervisorId, groupId: 0, generation: 1 };
    const lease = await f.attempt(key);
    await f.end(key, lease, { 0: 70, 1: 90 });
    await f.publish(lease, key);
    const { outcome } = await give('resetOffsets', offsets({ 0: 50, 1: 95 }));
    expect(outcome).toMatchObject({
      summary:
        'reset to offsets: partition 0 50, partition 1 95; at most 5 records (partition 1 from 90 to 95) are skipped and never read; ' +
        'at most 20 records (partition 0 from 50 to 70) are published already and will be in the data twice',
      readAgain: [{ partition: '0', from: '50', to: '70', records: 20 }],
      skipped: [{ partition: '1', from: '90', to: '95', records: 5 }],
    });
    expect(await gaps()).toEqual(['1 90-95 reset to offsets by ada']);
    const story = await readStory(scratch.pool(), world.supervisorId, { limit: 10, kinds: ['reset', 'gap'] });
    expect(story.map((line) => line.kind)).toEqual(['gap', 'reset']);
    expect(story[0]).toMatchObject({ details: { partition: '1', from: '90', to: '95', records: 5 } });
    expect(story[1]?.text).toMatch(/^ada: reset to offsets: partition 0 50/);
  });

  test.each([
    [
      'druid 6.64 testSupervisorResetInvalidStream',
      { ...offsets({ 0: 1 }), partitions: { type: 'end', stream: 'other', partitionOffsetMap: { 0: 1 } } },
      /partitions.stream is "other"/,
    ],
    [
      'druid 6.64 testSupervisorResetWithInvalidStartSequenceMetadata',
      { ...offsets({ 0: 1 }), partitions: { type: 'start', stream: 'clicks', partitionOffsetMap: { 0: 1 } } },
      /partitions.type is "start", expected "end"/,
    ],
    [
      'druid 6.64 testSupervisorNoResetDataSourceMetadata: of a partition that is not there',
      offsets({ 7: 1 }),
      /clicks has no partition 7/,
    ],
    ['an offset that the log does not have', offsets({ 0: 101 }), /its log holds 0 to 100/],
    ['druid hazard 3: nothing at all', {}, /type is absent/],
  ] as [string, object, RegExp][])('%s: refused, nothing changed', async (_what, input, message) => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 5, 1: 6 });
    await create(0);
    const before = await contents();
    const answer = await give('resetOffsets', input);
    expect(answer.kind).toBe('refused');
    expect(answer.outcome.summary).toMatch(message);
    expect(await contents()).toEqual(before);
  });

  test('with force, beyond the log; without a stream, only with force', async () => {
    await seedAt({ 0: 5, 1: 6 });
    expect((await give('resetOffsets', offsets({ 0: 500 }))).kind).toBe('refused');
    expect((await give('resetOffsets', offsets({ 0: 500 }, { force: true }))).kind).toBe('done');
    world.stream.unreachable();
    expect((await give('resetOffsets', offsets({ 1: 7 }))).outcome.summary).toMatch(/give force=true/);
    expect((await give('resetOffsets', offsets({ 1: 7 }, { force: true }))).kind).toBe('done');
    expect(await stands()).toEqual({ 0: '500', 1: '7' });
  });

  test('of a supervisor that never read: its first positions; the others begin as the spec says', async () => {
    await open({ partitions: 3, spec: { useEarliestOffset: false, suspended: true } });
    filled({ 0: 10, 1: 10, 2: 10 });
    const { kind, outcome } = await give('resetOffsets', offsets({ 1: 4 }));
    expect(kind).toBe('done');
    expect(outcome.summary).toContain('2 other partitions begin at the end of the log');
    expect(await stands()).toEqual({ 0: '10', 1: '4', 2: '10' });
  });

  test('of a terminated supervisor: refused', async () => {
    await seedAt({ 0: 5 });
    await storeTombstone(scratch.pool(), { supervisorId: world.supervisorId, by: 'test' });
    for (const verb of ['reset', 'resetOffsets', 'resetToLatestAndBackfill'] as const)
      expect(await give(verb, verb === 'resetOffsets' ? offsets({ 0: 1 }) : {})).toMatchObject({
        kind: 'refused',
        outcome: { summary: expect.stringContaining('terminated') as string },
      });
    expect(await stands()).toEqual({ 0: '5' });
  });

  test('given twice under one id: done once, answered alike, told once', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 5, 1: 6 });
    const once = await give('resetOffsets', offsets({ 0: 50 }), `${world.supervisorId}-same`);
    // The first attempt may have been lost after the call and before its outcome was recorded.
    await scratch.pool().query(`delete from command where command_id = $1`, [`${world.supervisorId}-same`]);
    const again = await give('resetOffsets', offsets({ 0: 50 }), `${world.supervisorId}-same`);
    expect(again).toEqual(once);
    expect(await gaps()).toHaveLength(1);
    expect(
      await readStory(scratch.pool(), world.supervisorId, { limit: 10, kinds: ['reset', 'gap'] }),
    ).toHaveLength(2);
    expect(await readCommand(scratch.pool(), `${world.supervisorId}-same`)).toMatchObject({ state: 'done' });
  });
});

describe('a topic that was created again', () => {
  test('goes over whole: all partitions or none, what was not read of the old one declared lost', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    world.stream.recreate({ partitions: 1 });
    world.fill('0', 7);
    const { kind, outcome } = await give('resetOffsets', offsets({ 0: 3 }));
    expect(kind).toBe('done');
    expect(outcome['skipped']).toEqual([
      { partition: '0', from: '40', to: null, records: null },
      { partition: '1', from: '60', to: null, records: null },
    ]);
    expect(await stands()).toEqual({ 0: '3', 1: null });
    expect(await gaps()).toEqual(['0 40-end reset to offsets by ada', '1 60-end reset to offsets by ada']);
    const rows = await readPartitions(scratch.pool(), world.supervisorId);
    expect(rows[0]?.sourceIdentity).toBe('clicks-2');
    // Nothing is wrong any more, and the group reads on.
    expect((await create(0)).generations).toMatchObject([{ kind: 'created' }]);
  });

  test('a part of it is refused', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    world.stream.recreate({ partitions: 2 });
    expect((await give('resetOffsets', offsets({ 0: 0 }))).outcome.summary).toMatch(
      /created again \(it was clicks-1, now clicks-2\): give offsets for all its partitions, also 1/,
    );
    expect(await stands()).toEqual({ 0: '40', 1: '60' });
  });
});

describe('a full reset', () => {
  const readers = async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    await create(0);
  };

  test('druid 6.67 testResetDataSourceMetadata: stored positions make way for where the spec begins', async () => {
    filled({ 0: 100, 1: 100 });
    world.stream.trim('1', 10n);
    await seedAt({ 0: 40, 1: 60 });
    const { kind, outcome } = await give('reset');
    expect(kind).toBe('done');
    expect(await stands()).toEqual({ 0: '0', 1: '10' });
    expect(outcome).toMatchObject({ skipped: [], readAgain: [] });
  });

  test('druid 6.67 testResetRunningTasks: readers are killed, and may not publish', async () => {
    await readers();
    const { fixture: f } = world;
    const key = { supervisorId: world.supervisorId, groupId: 0, generation: 1 };
    const lease = await f.attempt(key);
    await f.end(key, lease, { 0: 80, 1: 90 });
    const { outcome } = await give('reset');
    expect(outcome['discardedSequences']).toEqual([f.sequenceId(key)]);
    expect(await live()).toEqual([]);
    expect(await f.publish(lease, key)).toEqual({ kind: 'discarded', why: 'reset' });
    expect(await stands()).toEqual({ 0: '0', 1: '0' });
    expect((await readSupervisor(scratch.pool(), world.supervisorId))?.term).toBe('2');
  });

  test('druid 6.67 testResetSuspended: while suspended too', async () => {
    await readers();
    await world.post({ suspended: true });
    expect((await give('reset')).kind).toBe('done');
    expect(await stands()).toEqual({ 0: '0', 1: '0' });
    expect(await readSupervisor(scratch.pool(), world.supervisorId)).toMatchObject({ desired: 'suspended' });
  });

  test('druid 6.67 testResetNoTasks: with nothing running, and with nothing stored', async () => {
    expect((await give('reset')).outcome.summary).toMatch(/^full reset: no partition has a position/);
    await seedAt({ 0: 0 });
    expect((await give('reset')).kind).toBe('done');
  });

  test('to latest skips to the end, and declares it', async () => {
    await open({ partitions: 2, spec: { useEarliestOffset: false } });
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    await give('reset');
    expect(await stands()).toEqual({ 0: '100', 1: '100' });
    expect(await gaps()).toEqual(['0 40-100 full reset by ada', '1 60-100 full reset by ada']);
  });

  test('without an answer of the stream: seeded, and declared, when it comes back; also created again', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    world.stream.unreachable();
    const { kind, outcome } = await give('reset');
    expect(kind).toBe('done');
    expect(outcome.summary).toContain('the stream did not answer');
    expect(await stands()).toEqual({ 0: null, 1: null });
    world.stream.reachable();
    world.stream.recreate({ partitions: 2 });
    world.fill('0', 7);
    await world.run('seedPartitions', { supervisorId: world.supervisorId });
    expect(await stands()).toEqual({ 0: '0', 1: '0' });
    expect(await gaps()).toHaveLength(2);
  });
});

describe('a point in time', () => {
  test('each partition goes to its first record that is not older', async () => {
    const at = (timestampMs: number) => ({ value: '{}', timestampMs });
    world.stream.append('0', at(1_000), at(2_000), at(3_000));
    world.stream.append('1', at(500), at(900));
    await seedAt({ 0: 3, 1: 0 });
    const { kind, outcome } = await give('resetOffsets', { type: 'timestamp', timestamp: 1_500 });
    expect(kind).toBe('done');
    expect(outcome.summary).toMatch(/^reset to 1970-01-01T00:00:01.500Z: partition 0 1, partition 1 2;/);
    expect(await stands()).toEqual({ 0: '1', 1: '2' });
    await give('resetOffsets', { type: 'timestamp', timestamp: 0, partitions: ['1'] });
    expect(await stands()).toEqual({ 0: '1', 1: '0' });
  });

  test('is refused while the stream does not answer', async () => {
    await seedAt({ 0: 0, 1: 0 });
    world.stream.unreachable();
    const answer = await give('resetOffsets', { type: 'timestamp', timestamp: 1_500 });
    expect(answer).toMatchObject({ kind: 'refused' });
  });
});

describe('a dry run', () => {
  test.each([
    ['reset', {}],
    ['resetOffsets', offsets({ 0: 10, 1: 95 })],
    ['resetOffsets', { type: 'timestamp', timestamp: 1 }],
    ['resetToLatestAndBackfill', {}],
  ] as [Verb, object][])(
    'of %s %j answers what the order then does, and changes nothing',
    async (verb, input) => {
      filled({ 0: 100, 1: 100 });
      await seedAt({ 0: 0, 1: 0 });
      await create(0);
      const { fixture: f } = world;
      const key = { supervisorId: world.supervisorId, groupId: 0, generation: 1 };
      const lease = await f.attempt(key);
      await f.end(key, lease, { 0: 70, 1: 90 }, { final: false });
      await f.publish(lease, key);
      await f.progress(lease, { 0: 80, 1: 99 });
      const before = await contents();
      const dry = await give(verb, { ...input, dryRun: true });
      expect(dry).toMatchObject({ kind: 'done', outcome: { dryRun: true } });
      expect(await contents()).toEqual(before);
      expect(
        await readStory(scratch.pool(), world.supervisorId, { limit: 10, kinds: ['reset', 'gap'] }),
      ).toEqual([]);
      const done = await give(verb, input);
      const facts = ({ outcome }: ApplyCommandResult) => ({
        ...outcome,
        summary: null,
        dryRun: null,
        backfillSupervisorId: null,
      });
      expect(facts(done)).toEqual(facts(dry));
      expect(await contents()).not.toEqual(before);
    },
  );
});

describe('to latest, with a backfill', () => {
  const started: unknown[] = [];
  const withClient = (signalWithStart: (...given: unknown[]) => Promise<unknown>) =>
    Object.assign(world.deps, { client: { workflow: { signalWithStart } } });

  beforeEach(() => {
    started.length = 0;
  });

  test('druid 6.92 testResetToLatestAndBackfill: the backfill gets exactly the gap, the main one goes on at the end', async () => {
    withClient((_type, options) => Promise.resolve(started.push(options)));
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 100 });
    await create(0);
    const { kind, outcome } = await give('resetToLatestAndBackfill', { backfillTaskCount: 3 });
    expect(kind).toBe('done');
    const id = String(outcome['backfillSupervisorId']);
    expect(id).toMatch(new RegExp(`^${world.supervisorId}_backfill_[a-p]{8}$`));
    expect(await stands()).toEqual({ 0: '100', 1: '100' });
    expect(await gaps()).toEqual([`0 40-100 moved to backfill ${id} by ada`]);
    const backfill = await readSupervisor(scratch.pool(), id);
    expect(backfill).toMatchObject({ desired: 'running', dataSource: 'clicks' });
    expect(JSON.parse(backfill!.specText!)).toMatchObject({
      id,
      spec: {
        ioConfig: {
          topic: 'clicks',
          taskCount: 3,
          boundedStreamConfig: { startSequenceNumbers: { 0: 40 }, endSequenceNumbers: { 0: 100 } },
        },
      },
    });
    expect(started).toMatchObject([{ workflowId: `supervisor:${id}` }]);
    const [line] = await readStory(scratch.pool(), world.supervisorId, { limit: 1, kinds: ['gap'] });
    expect(line?.text).toBe(`Left to supervisor ${id}: at most 60 records (partition 0 from 40 to 100).`);
  });

  test('what was read and not published is the backfill’s too: nobody else publishes it', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    await create(0);
    const { fixture: f } = world;
    const key = { supervisorId: world.supervisorId, groupId: 0, generation: 1 };
    const lease = await f.attempt(key);
    await f.end(key, lease, { 0: 80, 1: 90 });
    const { outcome } = await give('resetToLatestAndBackfill');
    expect(outcome['unpublished']).toHaveLength(2);
    expect(await f.publish(lease, key)).toEqual({ kind: 'discarded', why: 'reset' });
  });

  test('a publish between the look and the order makes it look again', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    await create(0);
    const { fixture: f } = world;
    const key = { supervisorId: world.supervisorId, groupId: 0, generation: 1 };
    const lease = await f.attempt(key);
    await f.end(key, lease, { 0: 80, 1: 60 });
    const whole = world.stream.openSource.bind(world.stream);
    let looks = 0;
    world.stream.openSource = () => {
      const source = whole();
      const describe = source.describe.bind(source);
      source.describe = async () => {
        looks += 1;
        if (looks === 1) await f.publish(lease, key);
        return describe();
      };
      return source;
    };
    const { outcome } = await give('resetToLatestAndBackfill');
    expect(looks).toBe(2);
    const { specText } = (await readSupervisor(scratch.pool(), String(outcome['backfillSupervisorId'])))!;
    expect(JSON.parse(specText!)).toMatchObject({
      spec: { ioConfig: { boundedStreamConfig: { startSequenceNumbers: { 0: 80, 1: 60 } } } },
    });
  });

  test('a repeat after a crash answers the same and starts the same one', async () => {
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    const id = `${world.supervisorId}-same`;
    // The first attempt dies before the workflow is started.
    const first = await give('resetToLatestAndBackfill', {}, id);
    expect(world.logged).toContain('warn a backfill is stored but was not started; housekeeping will');
    await scratch.pool().query(`delete from command where command_id = $1`, [id]);
    withClient((_type, options) => Promise.resolve(started.push(options)));
    expect(await give('resetToLatestAndBackfill', {}, id)).toEqual(first);
    expect(started).toHaveLength(1);
    const { rows } = await scratch
      .pool()
      .query(`select supervisor_id from supervisor where supervisor_id like $1`, [
        `${world.supervisorId}\\_backfill%`,
      ]);
    expect(rows).toHaveLength(1);
  });

  test.each([
    ['nothing to backfill', async () => void (await seedAt({ 0: 100, 1: 100 })), /nothing to backfill/],
    ['nothing stored, at earliest', () => Promise.resolve(), /it would start at the earliest offset/],
    [
      'not running',
      async () => {
        await seedAt({ 0: 0 });
        await world.post({ suspended: true });
      },
      /is suspended, expected it to be running; resume it first/,
    ],
  ] as [string, () => Promise<void>, RegExp][])(
    '%s: refused, nothing changed',
    async (_what, prepare, message) => {
      filled({ 0: 100, 1: 100 });
      await prepare();
      const before = await contents();
      const answer = await give('resetToLatestAndBackfill');
      expect(answer.kind).toBe('refused');
      expect(answer.outcome.summary).toMatch(message);
      expect(await contents()).toEqual(before);
    },
  );
});

describe('the automatic reset', () => {
  const automatic = async (isOn: boolean) => {
    const spec = world.spec() as { spec: { tuningConfig: object } };
    Object.assign(spec.spec.tuningConfig, { resetOffsetAutomatically: isOn });
    await world.run('storeSpec', {
      spec: spec as never,
      workflowId: `supervisor:${world.supervisorId}`,
    });
  };
  const resetLost = () => world.run('resetLost', { supervisorId: world.supervisorId });

  test('moves exactly what is lost to the first record there is, with a gap, and says so', async () => {
    await automatic(true);
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    world.stream.trim('0', 50n);
    await resetLost();
    await resetLost();
    expect(await stands()).toEqual({ 0: '50', 1: '60' });
    expect(await gaps()).toEqual([
      '0 40-50 records were gone before they were read by resetOffsetAutomatically',
    ]);
    const story = await readStory(scratch.pool(), world.supervisorId, { limit: 10, kinds: ['reset', 'gap'] });
    expect(story.map((line) => line.kind)).toEqual(['gap', 'reset']);
  });

  test('not what a generation still holds', async () => {
    await automatic(true);
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    await create(0);
    const { fixture: f } = world;
    const key = { supervisorId: world.supervisorId, groupId: 0, generation: 1 };
    const lease = await f.attempt(key);
    await f.end(key, lease, { 0: 45, 1: 60 });
    world.stream.trim('0', 50n);
    await resetLost();
    expect(await stands()).toEqual({ 0: '40', 1: '60' });
    await f.publish(lease, key);
    await resetLost();
    expect(await gaps()).toEqual([
      '0 45-50 records were gone before they were read by resetOffsetAutomatically',
    ]);
  });

  test.each([
    ['switched off', () => automatic(false)],
    ['suspended', () => world.post({ suspended: true }).then(() => undefined)],
    ['a topic created again', () => Promise.resolve(world.stream.recreate({ partitions: 2 }))],
  ] as [string, () => Promise<void>][])('nothing happens: %s', async (_what, change) => {
    await automatic(true);
    filled({ 0: 100, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    world.stream.trim('0', 50n);
    await change();
    await resetLost();
    expect(await stands()).toEqual({ 0: '40', 1: '60' });
  });

  test('nothing beyond the end of the log', async () => {
    await automatic(true);
    filled({ 0: 10, 1: 100 });
    await seedAt({ 0: 40, 1: 60 });
    await resetLost();
    expect(await stands()).toEqual({ 0: '40', 1: '60' });
  });
});
