/** What is owed after something was served: clipped to ends, over generations, until it is published or reset. */
import { describe, expect, it } from 'vitest';
import { toPosition } from '../../../domain/positions.ts';
import { ServedPositions, stricter } from '../../../query/live/served.ts';
import { liveSequence, liveSnapshot } from './sequences.ts';

function servedFrom(ranges: readonly (readonly [start: number, position: number])[]): ServedPositions {
  const served = new ServedPositions();
  for (const [start, position] of ranges) served.record(liveSequence({ start }), at(position));
  return served;
}

function at(position: number): Record<string, ReturnType<typeof toPosition>> {
  return { 0: toPosition(position) };
}

describe('ServedPositions', () => {
  it('requires of a sequence what was served of it, and nothing where nothing was', () => {
    const served = servedFrom([
      [50, 90],
      [50, 70],
    ]);
    expect(served.required(liveSequence({ start: 50 }))).toEqual(at(90));
    expect(served.required(liveSequence({ start: 90 }))).toBeNull();
    expect(new ServedPositions().required(liveSequence({ start: 50 }))).toBeNull();
    expect(servedFrom([[50, 50]]).required(liveSequence({ start: 50 }))).toBeNull();
  });

  it('splits what was served at ends that turned out lower, and owes the rest in the next sequence', () => {
    const served = servedFrom([[50, 180]]);
    expect(served.required(liveSequence({ start: 50, end: 170 }))).toEqual(at(170));
    expect(served.required(liveSequence({ start: 170 }))).toEqual(at(180));
  });

  it('lets an earlier sequence be behind while a later one is ahead', () => {
    const served = servedFrom([
      [50, 90],
      [100, 180],
    ]);
    expect(served.required(liveSequence({ start: 50, end: 100 }))).toEqual(at(90));
    expect(served.required(liveSequence({ start: 100 }))).toEqual(at(180));
  });

  it('owes all of it where two discarded sequences are read again by one', () => {
    const served = servedFrom([
      [50, 90],
      [100, 180],
    ]);
    expect(served.required(liveSequence({ start: 50 }))).toEqual(at(180));
  });

  it('compares positions beyond 2^53 exactly', () => {
    const served = new ServedPositions();
    const far = { 0: toPosition('9007199254740993') };
    served.record(liveSequence({ start: 1 }), far);
    expect(served.required(liveSequence({ start: 1 }))).toEqual(far);
    expect(served.required(liveSequence({ start: 1, end: 9007199254740992 }))).toEqual({
      0: '9007199254740992',
    });
  });

  it('owes nothing across a reset, a forced stop or another data source', () => {
    const served = servedFrom([[50, 90]]);
    expect(served.required(liveSequence({ start: 50, incarnation: 2 }))).toBeNull();
    expect(served.required(liveSequence({ start: 50 }, { term: '2' }))).toBeNull();
    expect(served.required(liveSequence({ start: 50 }, { dataSource: 'other' }))).toBeNull();
    served.record(liveSequence({ start: 10, incarnation: 2 }), at(20));
    expect(served.required(liveSequence({ start: 50 }))).toBeNull();
    served.record(liveSequence({ start: 50 }), at(90));
    expect(served.required(liveSequence({ start: 10, incarnation: 2 }))).toEqual(at(20));
  });

  it('forgets what is published and keeps what is not', () => {
    const served = servedFrom([
      [50, 120],
      [100, 180],
    ]);
    served.prune(liveSnapshot([], 120));
    expect(served.required(liveSequence({ start: 50, end: 100 }))).toBeNull();
    expect(served.required(liveSequence({ start: 120 }))).toEqual(at(180));
    served.prune(liveSnapshot([], 100, { term: 2 }));
    expect(served.required(liveSequence({ start: 120 }))).toBeNull();
  });

  it('says that a snapshot is overtaken by one that had more published, or a later life', () => {
    const served = new ServedPositions();
    expect(served.prune(liveSnapshot([], 100))).toEqual([]);
    expect(served.prune(liveSnapshot([], 120))).toEqual([]);
    expect(served.prune(liveSnapshot([], 120))).toEqual([]);
    expect(served.prune(liveSnapshot([], 100))).toMatchObject([{ partition: '0', position: '100' }]);
    expect(served.prune(liveSnapshot([], null))).toHaveLength(1);
    expect(served.prune(liveSnapshot([], 10, { incarnation: 2 }))).toEqual([]);
    expect(served.prune(liveSnapshot([], 130))).toHaveLength(1);
  });

  it('names the group of rows that no segment and no sequence can hold', () => {
    const served = servedFrom([[50, 90]]);
    expect(served.uncovered(liveSnapshot([], 50))).toEqual(['clicks/group-0']);
    expect(served.uncovered(liveSnapshot([], 90))).toEqual([]);
    expect(served.uncovered(liveSnapshot([liveSequence({ start: 50, end: 80 })], 50))).toEqual([
      'clicks/group-0',
    ]);
    expect(served.uncovered(liveSnapshot([liveSequence({ start: 50 })], 50))).toEqual([]);
    expect(served.uncovered(liveSnapshot([], 50, { term: 2 }))).toEqual([]);
  });
});

describe('stricter', () => {
  it('asks for the further position of each partition', () => {
    expect(stricter(null, null)).toBeNull();
    expect(stricter(at(5), null)).toEqual(at(5));
    expect(stricter(at(9), { 0: toPosition(10), 1: toPosition(1) })).toEqual({ 0: '10', 1: '1' });
  });
});
