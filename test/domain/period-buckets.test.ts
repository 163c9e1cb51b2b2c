import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import { floor, intervalOf, maxInstantMs, minInstantMs } from '../../domain/granularity.ts';
import { periodBuckets } from '../../domain/period-buckets.ts';
import { readGranularity } from '../../domain/spec/granularity-value.ts';
import type { Granularity, PeriodGranularity } from '../../domain/spec/spec.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function granularity(period: string, timeZone = 'UTC', origin: string | null = null): Granularity {
  const reading = readGranularity({ type: 'period', period, timeZone, origin });
  if (reading.kind === 'wrong') throw new Error(`${period}: ${reading.expected}`);
  return reading.granularity;
}

/** Without those where midnight comes twice: Joda-Time then has two days of one date, Temporal one. */
const zones = [
  ...['Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Asia/Kathmandu', 'Australia/Lord_Howe'],
  ...['Pacific/Apia', 'Africa/Casablanca', 'Asia/Kolkata', 'UTC', '-03:30'],
];
const years1980to2036 = fc.integer({ min: Date.UTC(1980, 0, 2), max: Date.UTC(2036, 0, 1) });

function there(ms: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
}

describe('against Temporal', () => {
  test.each<[string, (time: Temporal.ZonedDateTime) => Temporal.ZonedDateTime]>([
    ['P1D', (time) => time.startOfDay()],
    [
      'P1W',
      (time) =>
        time
          .startOfDay()
          .subtract({ days: time.dayOfWeek - 1 })
          .startOfDay(),
    ],
    ['P1M', (time) => time.with({ day: 1 }).startOfDay()],
    ['P1Y', (time) => time.with({ month: 1, day: 1 }).startOfDay()],
  ])('%s begins where the calendar of the zone says', (period, startOf) => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), years1980to2036, (zone, ms) => {
        expect(floor(granularity(period, zone), ms)).toBe(startOf(there(ms, zone)).epochMilliseconds);
      }),
      { seed, numRuns: 700 },
    );
  });

  test.each(['P2D', 'P10D', 'P2W', 'P2M', 'P5M', 'P3Y'])('%s counts from the origin', (period) => {
    const origin = '2001-01-31T06:00:00Z';
    fc.assert(
      fc.property(fc.constantFrom(...zones), years1980to2036, (zone, ms) => {
        const { startMs, endMs } = intervalOf(granularity(period, zone, origin), ms);
        expect(startMs).toBeLessThanOrEqual(ms);
        expect(endMs).toBeGreaterThan(ms);
        expect(isStep(startMs, { zone, period, origin })).toBe(true);
        expect(isStep(endMs, { zone, period, origin })).toBe(true);
      }),
      { seed, numRuns: 300 },
    );
  });
});

/** Whether the origin and some number of periods is this instant. */
function isStep(ms: number, { zone, period, origin }: Record<'zone' | 'period' | 'origin', string>): boolean {
  const from = there(Date.parse(origin), zone);
  const one = Temporal.Duration.from(period);
  const size = one.total({ unit: 'days', relativeTo: from.toPlainDate() });
  const guess = Math.round((ms - from.epochMilliseconds) / 86_400_000 / size);
  const at = (count: number): number =>
    from.add({
      years: count * one.years,
      months: count * one.months,
      days: count * (one.weeks * 7 + one.days),
    }).epochMilliseconds;
  return Array.from({ length: 21 }, (_, index) => guess - 10 + index).some((count) => at(count) === ms);
}

const texts = fc.constantFrom(
  ...['P1D', 'P1W', 'P1M', 'P1Y', 'PT1H', 'PT1M', 'PT6H', 'PT7M', 'P2D', 'P2M', 'P5Y', 'P3W'],
  ...['P1Y6M', 'P1M2D', 'P1DT12H', 'P1MT1S', 'P1W3DT5H', 'P1Y1M1W1DT1H1M1.001S'],
);
const anyZone = fc.constantFrom(...zones, 'America/Havana', 'Asia/Gaza', 'Antarctica/Troll');
const origins = fc.constantFrom(
  null,
  '2020-01-31T00:00:00Z',
  '1999-12-31T23:59:59.999Z',
  '2020-02-29T13:30:00Z',
);
const anyInstant = fc.oneof(
  years1980to2036,
  fc.integer({ min: -2_000_000_000_000, max: 2_000_000_000_000 }),
  fc.constantFrom(minInstantMs, minInstantMs + 1, maxInstantMs - 1, -1, 0, 1),
);

describe('buckets', () => {
  const made = new Map<string, Granularity>();
  const known = (text: string, zone: string, origin: string | null): Granularity => {
    const key = `${text} ${zone} ${origin}`;
    const found = made.get(key) ?? granularity(text, zone, origin);
    made.set(key, found);
    return found;
  };

  test('hold their instants, do not overlap and leave no gap', () => {
    fc.assert(
      fc.property(
        texts,
        anyZone,
        origins,
        anyInstant,
        fc.nat({ max: 1000 }),
        (text, zone, origin, ms, permille) => {
          const cut = known(text, zone, origin);
          const { startMs, endMs } = intervalOf(cut, ms);
          expect(startMs).toBeLessThanOrEqual(ms);
          expect(endMs).toBeGreaterThan(ms);
          const other = startMs + Math.floor(((endMs - 1 - startMs) * permille) / 1000);
          expect(intervalOf(cut, other)).toEqual({ startMs, endMs });
          expect(floor(cut, other)).toBe(floor(cut, ms));
          if (endMs < maxInstantMs) expect(intervalOf(cut, endMs).startMs).toBe(endMs);
          if (startMs > minInstantMs) expect(intervalOf(cut, startMs - 1).endMs).toBe(startMs);
        },
      ),
      { seed, numRuns: 1500 },
    );
  });

  test('are the same in whatever order they are asked for', () => {
    const ms = Date.UTC(2020, 1, 29, 12);
    const [early, late] = [granularity('P1M2D', 'Europe/Berlin'), granularity('P1M2D', 'Europe/Berlin')];
    intervalOf(late, Date.UTC(2500, 0, 1));
    intervalOf(late, Date.UTC(1500, 0, 1));
    expect(intervalOf(early, ms)).toEqual(intervalOf(late, ms));
  });
});

describe('as recorded of Druid', () => {
  test.each([
    ['P1D', 'America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04T03:00:00.000Z'],
    ['P1D', 'Pacific/Apia', '2011-12-30T12:00:00Z', '2011-12-30T10:00:00.000Z'],
    ['PT1H', 'Asia/Kathmandu', '2020-02-29T12:34:56Z', '2020-02-29T12:15:00.000Z'],
    ['PT6H', 'Europe/Berlin', '2020-07-01T12:00:00Z', '2020-07-01T11:00:00.000Z'],
    ['P1M2D', 'UTC', '2020-02-29T12:34:56.789Z', '2020-02-16T00:00:00.000Z'],
    ['P2W', 'UTC', '2021-01-03T23:59:59Z', '2020-12-24T00:00:00.000Z'],
  ])('%s in %s of %s', (period, zone, instant, expected) => {
    expect(new Date(floor(granularity(period, zone), Date.parse(instant))).toISOString()).toBe(expected);
  });

  test('where midnight comes twice, each has its own day', () => {
    const day = granularity('P1D', 'America/Havana');
    const [first, second] = [Date.parse('2020-11-01T04:00:00Z'), Date.parse('2020-11-01T05:00:00Z')];
    expect(intervalOf(day, first + 1)).toEqual({ startMs: first, endMs: second });
    expect(floor(day, second + 1)).toBe(second);
  });

  test('an hour cut short by half an hour is called by the clocks, and is a bucket of its own', () => {
    const hour = granularity('PT1H', 'Australia/Lord_Howe');
    const change = Date.parse('2020-04-04T15:00:00Z');
    expect(intervalOf(hour, change - 1)).toEqual({ startMs: change - 3_600_000, endMs: change });
    expect(intervalOf(hour, change + 1)).toEqual({ startMs: change, endMs: change + 1_800_000 });
    expect(floor(hour, change + 1)).toBe(change - 1_800_000);
  });
});

test('far from its origin a mixed period begins anew every hundred years', () => {
  const mixed = granularity('P1DT1S', 'Europe/Berlin', '2020-01-01T00:00:00Z') as PeriodGranularity;
  expect(mixed.kind).toBe('period');
  const buckets = periodBuckets(mixed);
  for (const year of [2020, 2120, 12_020, 270_020]) {
    const start = Temporal.ZonedDateTime.from({ timeZone: 'Europe/Berlin', year, month: 1, day: 1, hour: 1 });
    expect(buckets.floor(start.epochMilliseconds)).toBe(start.epochMilliseconds);
    expect(buckets.floor(start.epochMilliseconds + 5)).toBe(start.epochMilliseconds);
    expect(buckets.floor(start.epochMilliseconds - 1)).toBeLessThan(start.epochMilliseconds);
  }
});
