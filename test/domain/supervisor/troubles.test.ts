/** What is wrong between positions and the stream, told with offsets and the order that mends it. */
import { describe, expect, test } from 'vitest';
import type { Facts, GenerationFact, PartitionFact, StreamFacts } from '../../../domain/supervisor/facts.ts';
import { plan } from '../../../domain/supervisor/plan.ts';
import { summarize } from '../../../domain/supervisor/summarize.ts';
import { troublesOf } from '../../../domain/supervisor/troubles.ts';
import { toPosition } from '../../../domain/positions.ts';
import type { Positions } from '../../../domain/positions.ts';
import { now, someKnown, someSettings } from './builders.ts';

const at = (positions: Record<string, number>): Positions =>
  Object.fromEntries(Object.entries(positions).map(([key, value]) => [key, toPosition(value)]));

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

const stream = (
  bounds: Record<string, readonly [earliest: number, latest: number]>,
  identity: (partition: string) => string = () => 'topic-1',
): StreamFacts =>
  ({
    kind: 'ok',
    identity: 'topic-1',
    identities: Object.fromEntries(Object.keys(bounds).map((key) => [key, identity(key)])),
    partitions: Object.keys(bounds),
    earliest: at(Object.fromEntries(Object.entries(bounds).map(([key, [earliest]]) => [key, earliest]))),
    latest: at(Object.fromEntries(Object.entries(bounds).map(([key, [, latest]]) => [key, latest]))),
  }) as StreamFacts;

const reading = (read: Record<string, number>, changes: Partial<GenerationFact> = {}): GenerationFact => ({
  groupId: 0,
  generation: 1,
  specVersion: 1,
  stream: 'clicks',
  partitions: Object.keys(read),
  createdAtMs: now,
  sequences: [{ state: 'open', final: false, starts: at(read), ends: null }],
  tasks: [{ replica: 0, state: 'RUNNING', attempts: 1, error: null, positions: at(read) }],
  ...changes,
});

function facts(changes: Partial<Facts> = {}): Facts {
  return {
    atMs: now,
    version: 1,
    desired: 'running',
    settings: someSettings(),
    commitSeq: '0',
    timeline: 't',
    halted: null,
    stream: stream({ 0: [0, 100], 1: [0, 100] }),
    partitions: [row('0', 10), row('1', 20)],
    generations: [],
    newestGenerations: {},
    lastPublishAtMs: null,
    ...changes,
  };
}

const found = (changes: Partial<Facts>) => {
  const all = facts(changes);
  return troublesOf(all, all.partitions);
};

describe('records gone before they were read', () => {
  const gone = { stream: stream({ 0: [30, 100], 1: [0, 100] }) };

  test('druid 6.66 testBadMetadataOffsets: stored below earliest, no automatic reset: an error with offsets, and no tasks', () => {
    const [trouble, ...others] = found(gone);
    expect(others).toEqual([]);
    expect(trouble).toMatchObject({
      code: 'STREAM_OFFSET_OUT_OF_RANGE',
      groupId: 0,
      message: 'topic clicks, partition 0: position 10 is to be read next, but the log begins at 30',
      isLost: true,
    });
    expect(trouble?.remedy).toContain(
      'headgate reset-offsets <id> 0=30 (POST .../supervisor/<id>/resetOffsets)',
    );
    expect(trouble?.remedy).toContain('resetOffsetAutomatically=true');
    expect(plan(someKnown(), summarize(facts(gone)), now)).toEqual([]);
  });

  test('with the automatic reset they are what it is for, once nothing holds them', () => {
    const settings = someSettings({ resetsLost: true });
    expect(plan(someKnown({ settings }), summarize(facts({ ...gone, settings })), now)).toEqual([
      { kind: 'resetLost' },
    ]);
    expect(found({ ...gone, settings })[0]?.remedy).toMatch(/^resetOffsetAutomatically is true/);
  });

  test('druid 6.39 testRunWithOffsetOutOfRangeExceptionAndPause: what a task has read comes first: it is handed off, then reset', () => {
    const settings = someSettings({ resetsLost: true });
    const generations = [reading({ 0: 25, 1: 50 })];
    const held = { ...gone, settings, generations, newestGenerations: { 0: 1 } };
    expect(found(held)).toMatchObject([{ publishFirst: true }]);
    expect(found(held)[0]).not.toHaveProperty('isLost');
    const known = someKnown({ settings, children: [{ groupId: 0, generation: 1 }] });
    expect(plan(known, summarize(facts(held)), now)).toMatchObject([{ kind: 'handOff', generation: 1 }]);
  });

  test('while what is read is on its way to be published nobody reads on from there; then they are reset', () => {
    const settings = someSettings({ resetsLost: true });
    const read = { 0: 25, 1: 50 };
    const publishing = reading(read, {
      sequences: [{ state: 'ended', final: true, starts: at({ 0: 10, 1: 20 }), ends: at(read) }],
    });
    const held = { ...gone, settings, generations: [publishing], newestGenerations: { 0: 1 } };
    expect(found(held)).toMatchObject([
      {
        message: 'topic clicks, partition 0: position 25 is to be read next, but the log begins at 30',
        publishFirst: true,
      },
    ]);
    const known = someKnown({ settings, children: [{ groupId: 0, generation: 1 }] });
    expect(plan(known, summarize(facts(held)), now)).toEqual([]);
    const published = { ...gone, settings, partitions: [row('0', 25), row('1', 50)] };
    expect(plan(known, summarize(facts(published)), now)).toEqual([{ kind: 'resetLost' }]);
  });

  test('what has stopped reading further on than the log begins is no trouble', () => {
    const ends = { 0: 40, 1: 50 };
    const publishing = reading(ends, {
      sequences: [{ state: 'ended', final: true, starts: at({ 0: 10, 1: 20 }), ends: at(ends) }],
    });
    expect(found({ ...gone, generations: [publishing] })).toEqual([]);
  });

  test('the group that holds it hands off, though a version that waits spreads the partitions otherwise', () => {
    const settings = someSettings({ taskCount: 2, resetsLost: true });
    const generations = [reading({ 0: 40, 1: 5 }, { taskCount: 1 })];
    const trimmed = { stream: stream({ 0: [30, 100], 1: [30, 100] }), settings, version: 2, handOffBelow: 1 };
    const seen = summarize(facts({ ...trimmed, generations, newestGenerations: { 0: 1 } }));
    expect(seen.troubles).toMatchObject([{ groupId: 0, publishFirst: true }]);
    const known = someKnown({ settings, children: [{ groupId: 0, generation: 1 }] });
    expect(plan(known, seen, now)).toMatchObject([{ kind: 'handOff', groupId: 0, generation: 1 }]);
  });

  test('of a topic that was created again nothing is reset by itself, wherever its log begins', () => {
    const settings = someSettings({ stream: 'c.*', isPattern: true, resetsLost: true });
    const partitions = [row('a:0', 10, { stream: 'c.*' }), row('b:0', 10, { stream: 'c.*' })];
    const again = stream({ 'a:0': [30, 100], 'b:0': [0, 100] }, (name) =>
      name === 'a:0' ? 'topic-2' : 'topic-1',
    );
    const seen = summarize(facts({ settings, partitions, stream: again }));
    expect(seen.troubles).toMatchObject([{ code: 'STREAM_IDENTITY_CHANGED' }]);
    expect(plan(someKnown({ settings }), seen, now)).toEqual([]);
  });

  test('in many partitions: those that can be mended first, the rest in one sentence', () => {
    const names = Array.from({ length: 8 }, (_, index) => String(index));
    const troubles = found({
      stream: stream(Object.fromEntries(names.map((name) => [name, name === '7' ? [30, 100] : [0, 5]]))),
      partitions: names.map((name) => row(name, 10)),
    });
    expect(troubles).toHaveLength(5);
    expect(troubles[0]).toMatchObject({ isLost: true });
    expect(troubles[4]).toMatchObject({ groupId: null });
    expect(troubles[4]?.message).toMatch(/and 3 more partitions$/);
  });
});

describe('a position beyond the end of the log', () => {
  test('druid 6.39 testRunWithOffsetOutOfRangeExceptionNextOffsetGreaterThanLeastAvailable: is never reset by itself', () => {
    const settings = someSettings({ resetsLost: true });
    const beyond = { stream: stream({ 0: [0, 5], 1: [0, 100] }), settings };
    const [trouble] = found(beyond);
    expect(trouble).toMatchObject({ code: 'STREAM_OFFSET_OUT_OF_RANGE', groupId: 0 });
    expect(trouble).not.toHaveProperty('isLost');
    expect(trouble?.remedy).toContain('headgate reset-offsets <id> 0=5');
    expect(plan(someKnown({ settings }), summarize(facts(beyond)), now)).toEqual([]);
  });
});

describe('a topic that was deleted and created again', () => {
  test('stops everything, with both ids and two ways on', () => {
    const [trouble] = found({ stream: stream({ 0: [0, 5], 1: [0, 7] }, () => 'topic-2') });
    expect(trouble).toMatchObject({ code: 'STREAM_IDENTITY_CHANGED', groupId: null });
    expect(trouble?.message).toContain(
      'its id was topic-1 and is now topic-2; partition 0 was read up to 10',
    );
    expect(trouble?.remedy).toContain('headgate reset <id>');
    expect(trouble?.remedy).toContain('headgate reset-offsets <id> 0=0 1=0');
  });

  test('is no trouble of partitions that wait for a position anyway', () => {
    const partitions = [row('0', null), row('1', null)];
    expect(found({ partitions, stream: stream({ 0: [0, 5] }, () => 'topic-2') })).toEqual([]);
  });

  test('of several topics stops only the groups that read it', () => {
    const settings = someSettings({ stream: 'a|b', taskCount: 2, isPattern: true });
    const partitions = ['a:0', 'b:0', 'b:1'].map((name) => row(name, 1, { stream: 'a|b' }));
    const source = stream({ 'a:0': [0, 5], 'b:0': [0, 5], 'b:1': [0, 5] }, (partition) =>
      partition === 'a:0' ? 'topic-2' : 'topic-1',
    );
    const troubles = found({ settings, partitions, stream: source });
    expect(troubles).toHaveLength(1);
    expect(troubles[0]?.groupId).not.toBeNull();
    expect(troubles[0]?.message).toContain('topic a was deleted');
    expect(troubles[0]?.remedy).toContain('headgate reset-offsets <id> a:0=0');
  });
});

describe('a bounded range', () => {
  const bounded = (start: number, end: number) => ({
    starts: at({ 0: start, 1: 0 }),
    ends: at({ 0: end, 1: 100 }),
  });

  test('that does not hold the stored position is told, with both', () => {
    expect(found({ bounded: bounded(11, 50) })).toMatchObject([
      {
        code: 'BOUNDED_RANGE_MISMATCH',
        groupId: 0,
        message:
          'topic clicks, partition 0: it stands at 10, outside of boundedStreamConfig, which reads 11 to 50',
      },
    ]);
    expect(found({ bounded: bounded(0, 9) })).toMatchObject([{ code: 'BOUNDED_RANGE_MISMATCH' }]);
    expect(found({ bounded: bounded(0, 10) })).toEqual([]);
  });

  test('that is read to its end needs no log any more, and one that is not may wait for it', () => {
    expect(found({ bounded: bounded(0, 10), stream: stream({ 0: [90, 100], 1: [0, 100] }) })).toEqual([]);
    expect(found({ bounded: bounded(0, 900), stream: stream({ 0: [0, 100], 1: [0, 100] }) })).toEqual([]);
    expect(found({ bounded: bounded(0, 50), stream: stream({ 0: [90, 100], 1: [0, 100] }) })).toMatchObject([
      { isLost: true },
    ]);
  });
});
