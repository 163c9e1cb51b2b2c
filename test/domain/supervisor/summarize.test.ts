/** From rows and offsets to what a supervisor sees: grouping, phases, and what is wrong. */
import { describe, expect, test } from 'vitest';
import { toPosition } from '../../../domain/positions.ts';
import type { Positions } from '../../../domain/positions.ts';
import { jsonBytes } from '../../../domain/supervisor/carry-over.ts';
import { currentPositions, summarize } from '../../../domain/supervisor/summarize.ts';
import type { Facts, GenerationFact, PartitionFact, StreamFacts } from '../../../domain/supervisor/facts.ts';
import { now, someSettings } from './builders.ts';

const at = (positions: Record<string, number>): Positions =>
  Object.fromEntries(Object.entries(positions).map(([partition, value]) => [partition, toPosition(value)]));

const row = (
  partition: string,
  next: number | null,
  changes: Partial<PartitionFact> = {},
): PartitionFact => ({
  stream: 'clicks',
  partition,
  sourceIdentity: 'topic-1',
  nextPosition: next === null ? null : toPosition(next),
  state: 'open',
  ...changes,
});

const stream = (latest: Record<string, number>, earliest: Record<string, number> = {}): StreamFacts => ({
  kind: 'ok',
  identity: 'topic-1',
  partitions: Object.keys(latest),
  earliest: at({ ...Object.fromEntries(Object.keys(latest).map((key) => [key, 0])), ...earliest }),
  latest: at(latest),
});

function generation(changes: Partial<GenerationFact> = {}): GenerationFact {
  return {
    groupId: 0,
    generation: 1,
    specVersion: 1,
    stream: 'clicks',
    partitions: ['0', '1'],
    createdAtMs: now,
    sequences: [{ state: 'open', final: false, starts: at({ 0: 0, 1: 0 }), ends: null }],
    tasks: [{ replica: 0, state: 'RUNNING', attempts: 1, error: null, positions: null }],
    ...changes,
  };
}

const ended = (starts: Record<string, number>, ends: Record<string, number>): GenerationFact['sequences'] => [
  { state: 'ended', final: true, starts: at(starts), ends: at(ends) },
];
const readTo = (positions: Record<string, number>): GenerationFact['tasks'] => [
  { replica: 0, state: 'RUNNING', attempts: 1, error: null, positions: at(positions) },
];

function facts(changes: Partial<Facts> = {}): Facts {
  return {
    atMs: now,
    version: 1,
    desired: 'running',
    settings: someSettings(),
    commitSeq: '0',
    timeline: 't',
    halted: null,
    stream: stream({ 0: 100, 1: 100 }),
    partitions: [row('0', 10), row('1', 20)],
    generations: [],
    newestGenerations: {},
    lastPublishAtMs: null,
    ...changes,
  };
}

const only = (changes: Partial<Facts>) => summarize(facts(changes)).groups[0]!;
const troubles = (changes: Partial<Facts>) =>
  summarize(facts(changes)).troubles.map((trouble) => trouble.message);

describe('groups', () => {
  test('wanted partitions are those with a position; lag is what lies beyond it', () => {
    expect(only({})).toMatchObject({ groupId: 0, partitions: 2, lag: 170, positions: '0:10 1:20', live: [] });
  });

  test('a partition without a position is not wanted yet, and counted as unseeded', () => {
    const seen = summarize(
      facts({ stream: stream({ 0: 100, 1: 100, 2: 100 }), partitions: [row('0', 1), row('1', null)] }),
    );
    expect(seen).toMatchObject({ unseeded: 2, firstDiscovery: false });
    expect(seen.groups.map((group) => group.partitions)).toEqual([1]);
  });

  test('nothing seeded is the first discovery', () => {
    expect(summarize(facts({ partitions: [] }))).toMatchObject({
      unseeded: 2,
      firstDiscovery: true,
      groups: [],
    });
  });

  test('rows of another stream are none of ours', () => {
    expect(summarize(facts({ partitions: [row('0', 5, { stream: 'old' })] })).firstDiscovery).toBe(true);
  });

  test('a generation with an open sequence reads, one with final ends publishes', () => {
    const live = [
      generation({ sequences: ended({ 0: 0, 1: 0 }, { 0: 5, 1: 5 }) }),
      generation({ generation: 2 }),
    ];
    const group = only({ generations: live, newestGenerations: { 0: 2 } });
    expect(group.live.map((entry) => [entry.generation, entry.phase])).toEqual([
      [1, 'publishing'],
      [2, 'reading'],
    ]);
    expect(group).toMatchObject({ heldByReading: true, unpublished: 2, newestGeneration: 2 });
  });

  test('whatever fails in however many groups, a look stays within what Temporal takes', () => {
    const names = Array.from({ length: 500 }, (_, index) => String(index));
    const message = 'ошибка '.repeat(300);
    const generations = names.flatMap((name, groupId) =>
      [1, 2, 3].map((number) =>
        generation({
          groupId,
          generation: number,
          partitions: [name],
          tasks: ['RUNNING', 'FAILED'].map((state) => ({
            ...{ replica: 0, state: state as 'RUNNING', attempts: 9, positions: null },
            ...{ error: message, fruitlessAttempts: 9, lastFailure: message },
          })),
        }),
      ),
    );
    const seen = summarize(
      facts({
        generations,
        settings: someSettings({ taskCount: 500 }),
        partitions: names.map((name) => row(name, 0)),
        stream: stream(Object.fromEntries(names.map((name) => [name, 100]))),
      }),
    );
    expect(seen.groups[0]?.live[0]?.stuck).toContain('ошибка');
    // The server takes 2 MiB.
    expect(jsonBytes(seen)).toBeLessThan(1_500_000);
  });

  test('what waits to be published is counted as a chain, as Postgres does: old groups side by side are one step', () => {
    const names = ['0', '1', '2', '3'];
    const old = names.map((name, groupId) =>
      generation({ groupId, partitions: [name], sequences: ended({ [name]: 0 }, { [name]: 5 }) }),
    );
    const scaledIn = {
      partitions: names.map((name) => row(name, 0)),
      stream: stream(Object.fromEntries(names.map((name) => [name, 100]))),
      settings: someSettings({ taskCount: 1 }),
      newestGenerations: { 0: 1, 1: 1, 2: 1, 3: 1 },
    };
    const first = summarize(facts({ ...scaledIn, generations: old })).groups[0];
    expect(first).toMatchObject({ heldByReading: false, unpublished: 1 });
    const next = generation({ generation: 2, partitions: names, sequences: ended({}, {}) });
    expect(summarize(facts({ ...scaledIn, generations: [...old, next] })).groups[0]?.unpublished).toBe(2);
  });

  test('generations of a group that hold none of its partitions any more count too', () => {
    const own = ['2', '4'].map((name, index) =>
      generation({
        generation: index + 1,
        partitions: [name],
        sequences: ended({ [name]: 0 }, { [name]: 5 }),
      }),
    );
    expect(only({ generations: own, newestGenerations: { 0: 2 } }).unpublished).toBe(2);
  });

  test('after a change of taskCount the old groups hold the partitions of the new ones', () => {
    const groups = summarize(
      facts({
        settings: someSettings({ taskCount: 2 }),
        generations: [generation()],
        newestGenerations: { 0: 1 },
      }),
    ).groups;
    expect(groups).toMatchObject([
      { groupId: 0, partitions: 1, heldByReading: true, live: [{ matchesWanted: false }] },
      { groupId: 1, partitions: 1, heldByReading: true, unpublished: 1, live: [] },
    ]);
  });

  test('the furthest running replica says how far it is read', () => {
    const tasks = [...readTo({ 0: 30, 1: 21 }), ...readTo({ 0: 25, 1: 40 })];
    const current = currentPositions([row('0', 10), row('1', 20)], [generation({ tasks })], 'clicks');
    expect([...current]).toEqual([
      ['0', '30'],
      ['1', '40'],
    ]);
  });

  test('an unknown end makes the lag unknown, not zero', () => {
    expect(only({ stream: stream({ 0: 100 }), partitions: [row('0', 10), row('1', 10)] }).lag).toBeNull();
  });

  test('200 partitions stay small', () => {
    const names = Array.from({ length: 200 }, (_, index) => String(index));
    const seen = summarize(
      facts({
        settings: someSettings({ taskCount: 20 }),
        stream: stream(Object.fromEntries(names.map((name) => [name, 9_000_000_000]))),
        partitions: names.map((name) => row(name, 8_999_999_999)),
      }),
    );
    expect(JSON.stringify(seen).length).toBeLessThan(12_000);
  });
});

describe('troubles', () => {
  test('none in the ordinary course', () => {
    expect(troubles({ generations: [generation({ tasks: readTo({ 0: 100, 1: 100 }) })] })).toEqual([]);
  });

  test('a re-created topic, whatever else is wrong', () => {
    const [message] = troubles({ stream: { ...stream({ 0: 1, 1: 1 }), identity: 'topic-2' } as StreamFacts });
    expect(message).toBe(
      'topic clicks was deleted and created again: its id was topic-1 and is now topic-2; partition 0 was read up to 10 of the old one',
    );
  });

  test('records gone before the next position', () => {
    expect(troubles({ stream: stream({ 0: 100, 1: 100 }, { 0: 11 }) })).toEqual([
      'topic clicks, partition 0: position 10 is to be read next, but the log begins at 11',
    ]);
  });

  test('the log ends before the next position', () => {
    expect(troubles({ stream: stream({ 0: 9, 1: 100 }) })).toEqual([
      'topic clicks, partition 0: position 10 is to be read next, but the log ends at 9',
    ]);
  });

  test('agreed ends beyond the log', () => {
    const generations = [
      generation({ sequences: ended({ 0: 10, 1: 20 }, { 0: 50, 1: 20 }), tasks: readTo({ 0: 12, 1: 20 }) }),
    ];
    expect(troubles({ generations, stream: stream({ 0: 30, 1: 100 }) })).toEqual([
      'topic clicks, partition 0: position 50 was agreed as an end, but the log ends at 30',
    ]);
  });

  test('what is read to its ends no longer needs the log, only what comes next does', () => {
    const generations = [
      generation({ sequences: ended({ 0: 10, 1: 20 }, { 0: 50, 1: 20 }), tasks: readTo({ 0: 50, 1: 20 }) }),
    ];
    expect(troubles({ generations, stream: stream({ 0: 100, 1: 100 }, { 0: 50 }) })).toEqual([]);
    expect(troubles({ generations, stream: stream({ 0: 100, 1: 100 }, { 0: 51 }) })).toEqual([
      'topic clicks, partition 0: position 50 is to be read next, but the log begins at 51',
    ]);
  });

  test('trimmed under a task that reads', () => {
    const generations = [generation({ tasks: readTo({ 0: 40, 1: 20 }) })];
    expect(troubles({ generations, stream: stream({ 0: 100, 1: 100 }, { 0: 45 }) })).toEqual([
      'topic clicks, partition 0: position 40 is to be read next, but the log begins at 45',
    ]);
  });

  test('a partition that is gone', () => {
    expect(troubles({ stream: stream({ 0: 100 }) })).toEqual([
      'topic clicks, partition 1: the topic has only 1 partitions now, this one is gone',
    ]);
  });

  test('it names its group, and many are cut short and stop all', () => {
    const names = Array.from({ length: 9 }, (_, index) => String(index));
    const seen = summarize(
      facts({
        settings: someSettings({ taskCount: 3 }),
        stream: stream(Object.fromEntries(names.map((name) => [name, 0]))),
        partitions: names.map((name) => row(name, 10)),
      }),
    );
    expect(seen.troubles.map((trouble) => trouble.groupId)).toEqual([0, 1, 2, 0, null]);
    expect(seen.troubles.at(-1)!.message).toMatch(/; and 4 more partitions$/);
  });

  test('none while terminated or when the stream was not seen', () => {
    expect(troubles({ desired: 'terminated', stream: stream({ 0: 0, 1: 0 }) })).toEqual([]);
    const failed = { code: 'STREAM_UNREACHABLE', message: 'down', streamException: true };
    expect(troubles({ stream: { kind: 'failed', error: failed } })).toEqual([]);
  });
});
