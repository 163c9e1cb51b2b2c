/**
 * Rates per second over the last minute, five and fifteen minutes, exponentially weighted (druid.md 2.4), from counters that
 * only grow. Pure: whoever counts says what time it is.
 *
 * Weights follow the time that really passed, so it does not matter how often `counted` is called.
 */
import type { IngestCounters } from './counters.ts';
import type { Json, Satisfies } from './json.ts';

export const windows = { '1m': 60, '5m': 300, '15m': 900 } as const;
export type WindowName = keyof typeof windows;
const windowNames = ['1m', '5m', '15m'] as const satisfies readonly WindowName[];

export const rateNames = [
  'processed',
  'processedBytes',
  'processedWithError',
  'unparseable',
  'thrownAway',
] as const satisfies readonly (keyof IngestCounters)[];
export type RateName = (typeof rateNames)[number];

export type Rates = Satisfies<{ readonly [name in RateName]: number }>;
export type MovingAverages = Satisfies<{ readonly [window in WindowName]: Rates }>;

export type Meter = {
  readonly atMs: number;
  /** Null: not counted yet under this reader; what it finds first is its beginning, not its work. */
  readonly counters: Pick<IngestCounters, RateName> | null;
  /** Null: nothing to weigh yet; the first rate counts in full. */
  readonly averages: MovingAverages | null;
};

/** Where an earlier reader of the same task stood: the time in between is time in which nothing was processed. */
export function startMeter(nowMs: number, before: { averages: MovingAverages; atMs: number } | null): Meter {
  if (before === null) return { atMs: nowMs, counters: null, averages: null };
  const seconds = Math.max(0, nowMs - before.atMs) / 1_000;
  return {
    atMs: nowMs,
    counters: null,
    averages: mapRates(before.averages, (rate, _name, window) => decayed(rate, seconds, window)),
  };
}

export function counted(meter: Meter, counters: Pick<IngestCounters, RateName>, nowMs: number): Meter {
  const seconds = (nowMs - meter.atMs) / 1_000;
  if (meter.counters !== null && seconds <= 0) return meter;
  const { counters: before, averages } = meter;
  if (before === null) return { ...meter, atMs: nowMs, counters };
  // A task that went back to a checkpoint counts from there again.
  const rateOf = (name: RateName) => Math.max(0, counters[name] - before[name]) / seconds;
  return {
    atMs: nowMs,
    counters,
    averages: mapRates(averages ?? zeroAverages, (rate, name, window) => {
      const now = rateOf(name);
      return averages === null ? now : now + decayed(rate - now, seconds, window);
    }),
  };
}

/** A share between 0 and 1 as it goes, over about a minute. Null before: the first counts in full. */
export function smoothedShare(before: number | null, share: number, seconds: number): number {
  const within = Math.min(1, Math.max(0, share));
  return before === null ? within : within + decayed(before - within, seconds, '1m');
}

/** From whatever is stored; null: it is not there, or of another shape. */
export function readAverages(stored: unknown): MovingAverages | null {
  if (typeof stored !== 'object' || stored === null) return null;
  const rows = stored as { readonly [window: string]: { readonly [name: string]: Json } | undefined };
  const isWhole = windowNames.every((window) =>
    rateNames.every((name) => Number.isFinite(rows[window]?.[name] ?? null)),
  );
  return isWhole ? mapRates(zeroAverages, (_rate, name, window) => Number(rows[window]![name])) : null;
}

const zeroRates: Rates = {
  processed: 0,
  processedBytes: 0,
  processedWithError: 0,
  unparseable: 0,
  thrownAway: 0,
};
const zeroAverages: MovingAverages = { '1m': zeroRates, '5m': zeroRates, '15m': zeroRates };

function decayed(value: number, seconds: number, window: WindowName): number {
  return value * Math.exp(-seconds / windows[window]);
}

function mapRates(
  averages: MovingAverages,
  change: (rate: number, name: RateName, window: WindowName) => number,
): MovingAverages {
  const row = (window: WindowName): Rates => {
    const rates = averages[window];
    return {
      processed: change(rates.processed, 'processed', window),
      processedBytes: change(rates.processedBytes, 'processedBytes', window),
      processedWithError: change(rates.processedWithError, 'processedWithError', window),
      unparseable: change(rates.unparseable, 'unparseable', window),
      thrownAway: change(rates.thrownAway, 'thrownAway', window),
    };
  };
  return { '1m': row('1m'), '5m': row('5m'), '15m': row('15m') };
}
