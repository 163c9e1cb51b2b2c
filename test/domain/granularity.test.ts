import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  floor,
  granularityNames,
  intervalOf,
  maxInstantMs,
  minInstantMs,
  namedGranularity,
  storedTime,
} from '../../domain/granularity.ts';
import { nestsIn } from '../../domain/granularity-nesting.ts';
import { readGranularity } from '../../domain/spec/granularity-value.ts';
import type { Granularity, PeriodGranularity, PeriodParts } from '../../domain/spec/spec.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function named(name: string): Granularity {
  const granularity = namedGranularity(name);
  if (granularity === null) throw new Error(`no granularity ${name}`);
  return granularity;
}

function ofPeriod(text: string, timeZone = 'UTC', origin: string | null = null): Granularity | null {
  const reading = readGranularity({ type: 'period', period: text, timeZone, origin });
  return reading.kind === 'ok' ? reading.granularity : null;
}

const noParts = { years: 0, months: 0, weeks: 0, days: 0, hours: 0, minutes: 0, seconds: 0, millis: 0 };

function period(parts: Partial<PeriodParts>): PeriodGranularity {
  return { kind: 'period', parts: { ...noParts, ...parts }, timeZone: 'UTC', originMs: null };
}

function floorText(name: string, instant: string): string {
  return new Date(floor(named(name), Date.parse(instant))).toISOString();
}

describe('floor', () => {
  test.each([
    ['second', '2020-02-29T12:34:56.789Z', '2020-02-29T12:34:56.000Z'],
    ['minute', '2020-02-29T12:34:56.789Z', '2020-02-29T12:34:00.000Z'],
    ['five_minute', '2020-02-29T12:34:56.789Z', '2020-02-29T12:30:00.000Z'],
    ['fifteen_minute', '2020-02-29T12:34:56.789Z', '2020-02-29T12:30:00.000Z'],
    ['six_hour', '2020-06-30T17:59:59.999Z', '2020-06-30T12:00:00.000Z'],
    ['eight_hour', '2020-06-30T17:59:59.999Z', '2020-06-30T16:00:00.000Z'],
    ['day', '1969-12-31T23:59:59.999Z', '1969-12-31T00:00:00.000Z'],
    ['week', '2021-01-03T23:59:59Z', '2020-12-28T00:00:00.000Z'],
    ['week', '2021-01-04T00:00:00Z', '2021-01-04T00:00:00.000Z'],
    ['week', '1969-12-28T00:00:00Z', '1969-12-22T00:00:00.000Z'],
    ['month', '2020-02-29T12:34:56.789Z', '2020-02-01T00:00:00.000Z'],
    ['quarter', '2020-06-30T17:59:59.999Z', '2020-04-01T00:00:00.000Z'],
    ['year', '2020-12-31T23:59:59Z', '2020-01-01T00:00:00.000Z'],
    ['year', '0050-06-01T00:00:00Z', '0050-01-01T00:00:00.000Z'],
    ['month', '-000001-03-09T00:00:00Z', '-000001-03-01T00:00:00.000Z'],
    ['none', '2020-02-29T12:34:56.789Z', '2020-02-29T12:34:56.789Z'],
  ])('%s of %s is %s', (name, instant, expected) => {
    expect(floorText(name, instant)).toBe(expected);
  });

  test('zero stays zero, never minus zero', () => {
    for (const name of granularityNames) {
      if (name !== 'all') expect(Object.is(floor(named(name), 0), -0)).toBe(false);
    }
  });
});

describe('names', () => {
  test('in any case, as Druid', () => {
    expect(namedGranularity('HOUR')).toEqual({ kind: 'duration', durationMs: 3_600_000 });
    expect(namedGranularity('Six_Hour')).toEqual({ kind: 'duration', durationMs: 21_600_000 });
  });

  test.each(['decade', '', 'two_hour', 'millisecond', 'minutes', 'constructor', '__proto__'])(
    '%j is none',
    (name) => {
      expect(namedGranularity(name)).toBeNull();
    },
  );

  test.each<[string, Granularity | null]>([
    ['PT1H', { kind: 'duration', durationMs: 3_600_000 }],
    ['PT90M', { kind: 'duration', durationMs: 5_400_000 }],
    ['PT0.5S', { kind: 'duration', durationMs: 500 }],
    ['PT1.234S', { kind: 'duration', durationMs: 1234 }],
    ['P1D', { kind: 'duration', durationMs: 86_400_000 }],
    ['P7D', { kind: 'duration', durationMs: 604_800_000 }],
    ['P1W', { kind: 'calendar', unit: 'week' }],
    ['P2W', { kind: 'duration', durationMs: 1_209_600_000 }],
    ['P1M', { kind: 'calendar', unit: 'month' }],
    ['P3M', { kind: 'calendar', unit: 'quarter' }],
    ['P1Y', { kind: 'calendar', unit: 'year' }],
    ['P12M', { kind: 'calendar', unit: 'year' }],
    ['P2M', period({ months: 2 })],
    ['P5Y', period({ years: 5 })],
    ['P1Y6M', period({ years: 1, months: 6 })],
    ['P1M2D', period({ months: 1, days: 2 })],
    ['P1DT12H', { kind: 'duration', durationMs: 36 * 3_600_000 }],
    ['P1W1D', { kind: 'duration', durationMs: 8 * 86_400_000 }],
    ['PT0S', null],
    ['P0D', null],
    ['-PT1H', null],
    ['P', null],
    ['PT', null],
    ['PT999999999H', { kind: 'duration', durationMs: 999_999_999 * 3_600_000 }],
    ['P999999Y', null],
  ])('period %s', (text, expected) => {
    expect(ofPeriod(text)).toEqual(expected);
  });

  test.each<[string, string, string | null, Granularity]>([
    ['PT15M', 'Europe/Berlin', null, { kind: 'duration', durationMs: 900_000 }],
    ['PT6H', 'Europe/Berlin', null, { kind: 'duration', durationMs: 21_600_000, originMs: 18_000_000 }],
    ['P1D', '+05:45', null, { kind: 'duration', durationMs: 86_400_000, originMs: 65_700_000 }],
    ['P1W', 'Etc/GMT+5', null, { kind: 'duration', durationMs: 604_800_000, originMs: 363_600_000 }],
    ['P1D', 'Etc/UTC', null, { kind: 'duration', durationMs: 86_400_000 }],
    ['P1D', 'UTC', '2020-01-01T06:00Z', { kind: 'duration', durationMs: 86_400_000, originMs: 21_600_000 }],
    ['PT1S', 'Asia/Kolkata', null, { kind: 'duration', durationMs: 1000 }],
    ['PT1H', 'Asia/Kolkata', null, { ...period({ hours: 1 }), timeZone: 'Asia/Kolkata' }],
    ['P1D', 'PST', null, { ...period({ days: 1 }), timeZone: 'America/Los_Angeles' }],
  ])('period %s in %s from %s', (text, zone, origin, expected) => {
    expect(ofPeriod(text, zone, origin)).toEqual(expected);
  });

  test('a zone that nobody knows is UTC, with a warning', () => {
    expect(readGranularity({ type: 'period', period: 'P1D', timeZone: 'No/Where' })).toMatchObject({
      granularity: { kind: 'duration', durationMs: 86_400_000 },
      warning: { remedy: 'UTC is used for it, as Druid does' },
    });
  });
});

describe('storedTime', () => {
  const day = named('day');
  test('never before the segment begins', () => {
    const noon = Date.parse('2021-01-06T12:34:56Z');
    const start = Date.parse('2021-01-06T00:00:00Z');
    expect(storedTime(named('all'), day, noon)).toBe(start);
    expect(storedTime(named('week'), day, noon)).toBe(start);
    expect(storedTime(named('hour'), day, noon)).toBe(Date.parse('2021-01-06T12:00:00Z'));
    expect(storedTime(named('all'), named('all'), noon)).toBe(0);
    expect(storedTime(named('none'), day, noon)).toBe(noon);
  });
});

const granularities = fc.oneof(
  fc.constantFrom(...granularityNames).map(named),
  fc
    .integer({ min: 1, max: 10 * 86_400_000 })
    .map((durationMs): Granularity => ({ kind: 'duration', durationMs })),
);
const instants = fc.oneof(
  fc.integer({ min: -5_000_000_000_000, max: 5_000_000_000_000 }),
  fc.maxSafeInteger().filter((ms) => ms >= minInstantMs && ms < maxInstantMs),
  fc.constantFrom(minInstantMs, minInstantMs + 1, maxInstantMs - 1, -1, 0, 1),
);

describe('generated', () => {
  test('a bucket holds its instant, and every instant of it gives the same bucket', () => {
    fc.assert(
      fc.property(granularities, instants, fc.nat({ max: 1000 }), (granularity, ms, permille) => {
        const { startMs, endMs } = intervalOf(granularity, ms);
        expect(startMs).toBeLessThanOrEqual(ms);
        expect(endMs).toBeGreaterThan(ms);
        expect(startMs).toBe(floor(granularity, ms));
        const other = startMs + Math.floor(((endMs - 1 - startMs) * permille) / 1000);
        expect(intervalOf(granularity, other)).toEqual({ startMs, endMs });
        expect(intervalOf(granularity, endMs - 1)).toEqual({ startMs, endMs });
      }),
      { seed, numRuns: 2000 },
    );
  });

  test('what nests never has its time moved by the segment', () => {
    fc.assert(
      fc.property(granularities, granularities, instants, (query, segment, ms) => {
        if (!nestsIn(query, segment) || query.kind === 'all') return;
        expect(storedTime(query, segment, ms)).toBe(floor(query, ms));
        expect(intervalOf(query, ms).endMs).toBeLessThanOrEqual(intervalOf(segment, ms).endMs);
      }),
      { seed, numRuns: 5000 },
    );
  });

  test('what does not nest is moved somewhere', () => {
    const hour = named('hour');
    expect(nestsIn(named('day'), hour)).toBe(false);
    expect(nestsIn(named('week'), named('month'))).toBe(false);
    expect(nestsIn({ kind: 'duration', durationMs: 7000 }, hour)).toBe(false);
    expect(nestsIn({ kind: 'duration', durationMs: 2 * 86_400_000 }, named('month'))).toBe(false);
    expect(nestsIn(named('minute'), named('none'))).toBe(false);
    expect(nestsIn(named('minute'), hour)).toBe(true);
    expect(nestsIn(named('day'), named('year'))).toBe(true);
    expect(nestsIn(named('quarter'), named('year'))).toBe(true);
  });
});
