/**
 * Decides what the next fetch to one broker asks for: a pure function of the partitions it leads.
 *
 * Bounds: a partition with a fetch worth of bytes waiting is left out; a broker's share of the reader's buffer that
 * is full stops fetching from it until something is polled. Fairness is the order: a broker fills its answer from the
 * first partition on, so the caller moves those that gave something to the end.
 */
import type { PartitionFeed } from './partition-feed.ts';

export type FetchPlan =
  | { readonly kind: 'fetch'; readonly feeds: readonly PartitionFeed[]; readonly maxBytes: number }
  /** Null: until something changes. */
  | { readonly kind: 'wait'; readonly untilMs: number | null };

/** Asking for less than this is not worth a request. */
const usefulBytesMin = 64 * 1024;

export function planFetch(
  feeds: Iterable<PartitionFeed>,
  limits: {
    readonly nowMs: number;
    /** This broker's share of the reader's buffer. */
    readonly bufferedBytesMax: number;
    readonly fetchBytesMax: number;
    readonly partitionBytesMax: number;
  },
): FetchPlan {
  const wanted: PartitionFeed[] = [];
  let bufferedBytes = 0;
  let untilMs: number | null = null;
  for (const feed of feeds) {
    bufferedBytes += feed.bufferedBytes;
    if (feed.hasFailed || feed.bufferedBytes >= limits.partitionBytesMax) continue;
    if (feed.restsUntilMs <= limits.nowMs) wanted.push(feed);
    else if (Number.isFinite(feed.restsUntilMs)) untilMs = Math.min(untilMs ?? Infinity, feed.restsUntilMs);
  }
  const room = limits.bufferedBytesMax - bufferedBytes;
  const isFull = room < Math.min(usefulBytesMin, Math.ceil(limits.bufferedBytesMax / 4));
  if (isFull) return { kind: 'wait', untilMs: null };
  if (wanted.length === 0) return { kind: 'wait', untilMs };
  return { kind: 'fetch', feeds: wanted, maxBytes: Math.min(limits.fetchBytesMax, room) };
}
