/**
 * The newest lag samples of a supervisor: a ring of a fixed number of slots, which forgets what is older than its range.
 *
 * An unknown lag is no sample (design 9): it must not pull towards fewer tasks, as the 0 that Druid takes for it does.
 */
import type { Satisfies } from '../json.ts';
import type { LagBasedConfig } from '../spec/spec.ts';

/** Oldest first. */
export type LagWindow = Satisfies<readonly LagSample[]>;
export type LagSample = { readonly atMs: number; readonly lag: number };

type Shape = Pick<LagBasedConfig, 'lagCollectionIntervalMs' | 'lagCollectionRangeMs'>;

/** The window travels to Postgres with every sample: put a limit on everything. */
const mostSlots = 1_000;

export function slotsOf(shape: Shape): number {
  const wanted = Math.floor(shape.lagCollectionRangeMs / Math.max(1, shape.lagCollectionIntervalMs)) + 1;
  return Math.max(1, Math.min(mostSlots, wanted));
}

/** The oldest falls out of a full ring. */
export function withSample(window: LagWindow, sample: LagSample, shape: Shape): LagWindow {
  return [...window, sample].slice(-slotsOf(shape));
}

/** What is older than the range, and an interval for looks that come late, says nothing about now. */
export function withoutOld(window: LagWindow, shape: Shape, nowMs: number): LagWindow {
  const oldest = nowMs - shape.lagCollectionRangeMs - shape.lagCollectionIntervalMs;
  return window.every(({ atMs }) => atMs >= oldest) ? window : window.filter(({ atMs }) => atMs >= oldest);
}

/** One figure for all partitions. */
export function aggregateLag(
  lag: Readonly<Record<string, number>>,
  how: LagBasedConfig['lagAggregate'],
): number {
  const values = Object.values(lag).map((value) => Math.max(0, value));
  if (values.length === 0) return 0;
  if (how === 'MAX') return values.reduce((most, value) => Math.max(most, value), 0);
  const sum = values.reduce((total, value) => total + value, 0);
  return how === 'SUM' ? sum : sum / values.length;
}
