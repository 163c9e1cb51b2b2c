/** Who stops reading and when: taskDuration with stopTaskCount, versions at once or at the rollover (druid.md 4.10). */
import { describe, expect, test } from 'vitest';
import { toPosition } from '../../../domain/positions.ts';
import type { Positions } from '../../../domain/positions.ts';
import type { Facts, GenerationFact } from '../../../domain/supervisor/facts.ts';
import type { ObservedGroup, Seen } from '../../../domain/supervisor/observation.ts';
import { plan } from '../../../domain/supervisor/plan.ts';
import { maxAllowedStops } from '../../../domain/supervisor/stop-limit.ts';
import { summarize } from '../../../domain/supervisor/summarize.ts';
import { now, someGeneration, someGroup, someKnown, someSeen, someSettings } from './builders.ts';

const children = (count: number) =>
  Array.from({ length: count }, (_, groupId) => ({ groupId, generation: 1 }));

function due(groupId: number, dueAtMs: number | null, changes: Partial<ObservedGroup> = {}): ObservedGroup {
  return someGroup({ groupId, live: [someGeneration({ dueAtMs })], ...changes });
}

function stopped(seen: Partial<Seen>, known: Parameters<typeof someKnown>[0] = {}): number[] {
  const actions = plan(someKnown({ children: children(8), ...known }), someSeen(seen), now);
  return actions.flatMap((action) => (action.kind === 'handOff' ? [action.groupId] : []));
}

describe('stopTaskCount', () => {
  const settings = someSettings({ taskCount: 4, stopLimit: 1 });

  test('druid 6.24 testEarlyStoppingOfTaskGroupBasedOnStopTaskCount: of several overdue groups only the oldest stops in a run', () => {
    const groups = [due(0, now - 10), due(1, now - 30), due(2, now - 20), due(3, now + 10)];
    expect(stopped({ settings, groups })).toEqual([1]);
    expect(stopped({ settings: { ...settings, stopLimit: 2 }, groups })).toEqual([1, 2]);
  });

  test('groups that publish or were told already take the places', () => {
    const publishing = someGroup({ groupId: 3, live: [someGeneration({ phase: 'publishing' })] });
    expect(stopped({ settings, groups: [due(0, now - 10), publishing] })).toEqual([]);
    const handOffs = [{ groupId: 1, generation: 1, atMs: now - 1_000, times: 1 }];
    expect(stopped({ settings, groups: [due(0, now - 10), due(1, now - 30)] }, { handOffs })).toEqual([]);
  });

  test('an early hand-off is beyond the limit, and counts into it', () => {
    const handOffWanted = [{ groupId: 2, generation: 1, why: 'handed off by api' }];
    const groups = [due(0, now - 10), due(1, now - 30), due(2, now + 99)];
    expect(stopped({ settings, groups }, { handOffWanted })).toEqual([2]);
    expect(stopped({ settings: { ...settings, stopLimit: 2 }, groups }, { handOffWanted })).toEqual([1, 2]);
  });

  test('without a limit groups stop by their own clock; a lost one is told a minute later', () => {
    const open = { ...settings, stopLimit: 4 };
    expect(stopped({ settings: open, groups: [due(0, now - 10)] })).toEqual([]);
    expect(stopped({ settings: open, groups: [due(0, now - 60_001), due(1, null)] })).toEqual([0]);
  });

  test('the ratio of an autoscaler beats stopTaskCount, which beats taskCount', () => {
    const io = { taskCount: 10, stopTaskCount: null, autoScaler: null };
    expect(maxAllowedStops(io)).toBe(10);
    expect(maxAllowedStops({ ...io, stopTaskCount: 3 })).toBe(3);
    expect(maxAllowedStops({ ...io, stopTaskCount: 3, autoScaler: { stopTaskCountRatio: 0.25 } })).toBe(2);
    expect(maxAllowedStops({ ...io, taskCount: 2, autoScaler: { stopTaskCountRatio: 0.25 } })).toBe(1);
    expect(maxAllowedStops({ ...io, stopTaskCount: 3, autoScaler: { stopTaskCountRatio: null } })).toBe(3);
  });
});

const at = (positions: Record<string, number>): Positions =>
  Object.fromEntries(Object.entries(positions).map(([partition, value]) => [partition, toPosition(value)]));

function generation(
  groupId: number,
  partitions: readonly string[],
  changes: Partial<GenerationFact> = {},
): GenerationFact {
  const starts = at(Object.fromEntries(partitions.map((name) => [name, 0])));
  return {
    groupId,
    generation: 1,
    specVersion: 1,
    stream: 'clicks',
    partitions,
    createdAtMs: now,
    sequences: [{ state: 'open', final: false, starts, ends: null }],
    tasks: [{ replica: 0, state: 'RUNNING', attempts: 1, error: null, positions: null }],
    ...changes,
  };
}

const names = ['0', '1', '2', '3'];
const all = (value: number) => at(Object.fromEntries(names.map((name) => [name, value])));

function world(changes: Partial<Facts>): Seen {
  return summarize({
    atMs: now,
    version: 2,
    handOffBelow: 1,
    desired: 'running',
    settings: someSettings({ specVersion: 2, taskCount: 1 }),
    commitSeq: '0',
    timeline: 't',
    halted: null,
    stream: { kind: 'ok', identity: 'topic-1', partitions: names, earliest: all(0), latest: all(9) },
    partitions: names.map((partition) => ({
      stream: 'clicks',
      partition,
      sourceIdentity: 'topic-1',
      nextPosition: toPosition(0),
      state: 'open',
    })),
    generations: [],
    newestGenerations: { '0': 1, '1': 1 },
    lastPublishAtMs: null,
    ...changes,
  });
}

describe('when taskDuration is over', () => {
  const readers = (...startedAtMs: (number | null)[]) =>
    generation(0, ['0'], {
      createdAtMs: now - 7_200_000,
      taskDurationMs: 3_600_000,
      tasks: startedAtMs.map((at, replica) => ({
        ...{ replica, state: 'RUNNING', attempts: at === null ? 0 : 1, error: null, positions: null },
        startedAtMs: at,
      })),
    });
  const dueOf = (...startedAtMs: (number | null)[]) =>
    world({ generations: [readers(...startedAtMs)] }).groups[0]?.live[0]?.dueAtMs;

  test('it counts from the first task that had a slot, not from when the group was made', () => {
    expect(dueOf(null, null)).toBeNull();
    expect(dueOf(null, now - 5_000)).toBe(now - 5_000 + 3_600_000);
    expect(dueOf(now - 1_000, now - 5_000)).toBe(now - 5_000 + 3_600_000);
  });
});

const kinds = (seen: Seen) =>
  plan(someKnown({ children: children(4) }), seen, now).map((action) =>
    action.kind === 'handOff' ? `handOff ${action.groupId}` : action.kind,
  );

describe('a version that takes effect at the next rollover', () => {
  const two = { taskCount: 2 };
  const old = [generation(0, ['0', '2'], two), generation(1, ['1', '3'], two)];

  test('leaves reading groups alone, however it spreads the partitions', () => {
    expect(kinds(world({ generations: old }))).toEqual([]);
  });

  test('at once it hands all of them off', () => {
    expect(kinds(world({ generations: old, handOffBelow: 2 }))).toEqual(['handOff 0', 'handOff 1']);
  });

  test('when one group has rolled over, those in its way follow, and only those', () => {
    const rolled = world({ generations: [old[1]!] });
    expect(kinds(rolled)).toEqual(['handOff 1']);
    const apart = world({
      settings: someSettings({ specVersion: 2, taskCount: 2 }),
      generations: [generation(1, ['1', '3'], two)],
    });
    expect(kinds(apart)).toEqual(['createGenerations']);
  });

  test('more groups: the one that held all makes way by itself', () => {
    const one = [generation(0, names, { taskCount: 1 })];
    const settings = someSettings({ specVersion: 2, taskCount: 2 });
    expect(kinds(world({ settings, generations: one }))).toEqual([]);
    expect(kinds(world({ settings, generations: [] }))).toEqual(['createGenerations']);
  });

  test('added partitions are still told by the spread of the version a group runs', () => {
    const before = [generation(0, ['0'], two), generation(1, ['1', '3'], two)];
    expect(kinds(world({ generations: before }))).toContain('handOff 0');
  });
});

describe('a bounded range', () => {
  const bounded = { starts: all(0), ends: all(5) };
  const settings = someSettings({ taskCount: 2, isBounded: true });
  const base = { version: 1, settings, bounded };
  const rows = (next: number): Facts['partitions'] =>
    names.map((partition) => ({
      stream: 'clicks',
      partition,
      sourceIdentity: 'topic-1',
      nextPosition: toPosition(next),
      state: 'open' as const,
    }));

  test('is complete when all of it is published and nobody works on it', () => {
    const seen = world({ ...base, partitions: rows(5) });
    expect(seen).toMatchObject({ isComplete: true, lag: 0 });
    expect(kinds(seen)).toEqual([]);
  });

  test('is not complete while anything is unpublished, and nobody reads beyond it', () => {
    const publishing = generation(0, ['0', '2'], {
      sequences: [{ state: 'ended', final: true, starts: at({ 0: 0, 2: 0 }), ends: at({ 0: 5, 2: 5 }) }],
    });
    const seen = world({ ...base, partitions: rows(0), generations: [publishing] });
    expect(seen.isComplete).toBe(false);
    const created = plan(someKnown({ children: children(4) }), seen, now);
    expect(created).toEqual([{ kind: 'createGenerations', groups: [{ groupId: 1, expectedGeneration: 1 }] }]);
  });

  test('start = end completes at once', () => {
    const none = { ...base, bounded: { starts: all(0), ends: all(0) }, partitions: rows(0) };
    expect(world(none)).toMatchObject({ isComplete: true });
  });

  test('partitions outside the range are not read, and lag ends at the range', () => {
    const some = { starts: at({ 1: 0 }), ends: at({ 1: 5 }) };
    const seen = world({ ...base, bounded: some });
    expect(seen.groups.map(({ groupId, partitions }) => [groupId, partitions])).toEqual([[1, 1]]);
    expect(seen.lag).toBe(5);
  });
});

describe('what changes the ground', () => {
  const reading = [someGroup({ live: [someGeneration()] })];

  test('scaling comes before anything is created', () => {
    const scale = { taskCount: 4, from: 1, specVersion: 1, why: 'lag' };
    const known = someKnown();
    expect(plan(known, someSeen({ scale, groups: reading }), now).map(({ kind }) => kind)).toEqual([
      'ensureChild',
      'scale',
    ]);
    expect(plan(known, someSeen({ scale, desired: 'suspended' }), now)).toEqual([]);
  });

  test('lost positions are reset only when the spec says so, and only those nobody holds', () => {
    const trouble = {
      code: 'STREAM_OFFSET_OUT_OF_RANGE',
      groupId: 0,
      message: 'gone',
      remedy: 'reset',
      streamException: true,
    };
    const settings = someSettings({ resetsLost: true });
    const lost = { troubles: [{ ...trouble, isLost: true }] };
    expect(plan(someKnown(), someSeen({ settings, ...lost }), now)).toEqual([{ kind: 'resetLost' }]);
    expect(plan(someKnown(), someSeen(lost), now)).toEqual([]);
    const held = { settings, troubles: [{ ...trouble, publishFirst: true }], groups: reading };
    expect(plan(someKnown({ children: children(1) }), someSeen(held), now)).toMatchObject([
      { kind: 'handOff', groupId: 0 },
    ]);
  });
});
