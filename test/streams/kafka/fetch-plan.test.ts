import { describe, expect, it } from 'vitest';
import { HeadgateError } from '../../../domain/errors.ts';
import { planFetch, type FetchPlan } from '../../../streams/kafka/fetch-plan.ts';
import { PartitionFeed } from '../../../streams/kafka/partition-feed.ts';
import type { RecordBatch } from '../../../streams/record-source.ts';

const mebibyte = 1024 * 1024;
const limits = {
  nowMs: 1_000,
  bufferedBytesMax: 8 * mebibyte,
  fetchBytesMax: 4 * mebibyte,
  partitionBytesMax: mebibyte,
};

function feed(key: string, bufferedBytes = 0): PartitionFeed {
  const created = new PartitionFeed(key, { topic: 'clicks', number: Number(key) }, 0n, {
    minMs: 100,
    maxMs: 1_000,
  });
  const batch: RecordBatch = {
    partition: key,
    records: [],
    walk: () => {
      throw new Error('nobody reads it');
    },
    next: 1n,
    bytes: bufferedBytes,
  };
  if (bufferedBytes > 0) created.advance([batch], 1n);
  return created;
}

function asked(plan: FetchPlan): string[] {
  return plan.kind === 'fetch' ? plan.feeds.map(({ key }) => key) : [];
}

describe('the fetch plan', () => {
  it('asks for every partition in the order given', () => {
    const plan = planFetch([feed('2'), feed('0'), feed('1')], limits);
    expect(asked(plan)).toEqual(['2', '0', '1']);
    expect(plan).toMatchObject({ maxBytes: 4 * mebibyte });
  });

  it('leaves out a partition that has a fetch worth of bytes waiting', () => {
    expect(asked(planFetch([feed('0', mebibyte), feed('1', mebibyte - 1), feed('2')], limits))).toEqual([
      '1',
      '2',
    ]);
  });

  it('asks for no more than there is room for', () => {
    const feeds = Array.from({ length: 7 }, (_, index) => feed(String(index), mebibyte));
    expect(planFetch([...feeds, feed('7')], limits)).toMatchObject({ kind: 'fetch', maxBytes: mebibyte });
  });

  it('asks for nothing while its share of the buffer is full', () => {
    const feeds = Array.from({ length: 8 }, (_, index) => feed(String(index), mebibyte));
    expect(planFetch([...feeds, feed('8')], limits)).toEqual({ kind: 'wait', untilMs: null });
  });

  it('leaves a partition alone until its rest is over, and says when that is', () => {
    const resting = feed('0');
    resting.restsUntilMs = 1_500;
    const later = feed('1');
    later.restsUntilMs = 1_900;
    expect(planFetch([resting, later], limits)).toEqual({ kind: 'wait', untilMs: 1_500 });
    expect(asked(planFetch([resting, later, feed('2')], limits))).toEqual(['2']);
    expect(asked(planFetch([resting, later], { ...limits, nowMs: 1_500 }))).toEqual(['0']);
  });

  it('waits for a change, not for a time, where a partition rests until its bounds are known', () => {
    const resting = feed('0');
    resting.restsUntilMs = Infinity;
    expect(planFetch([resting], limits)).toEqual({ kind: 'wait', untilMs: null });
  });

  it('leaves out a partition that cannot be read any more', () => {
    const failed = feed('0');
    failed.fail(new HeadgateError('STREAM_CORRUPT', 'damaged'));
    expect(asked(planFetch([failed, feed('1')], limits))).toEqual(['1']);
    expect(planFetch([failed], limits)).toEqual({ kind: 'wait', untilMs: null });
  });
});
