import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { floor, intervalOf, storedTime } from '../../domain/granularity.ts';
import { nestsIn } from '../../domain/granularity-nesting.ts';
import { readGranularity } from '../../domain/spec/granularity-value.ts';
import type { Granularity } from '../../domain/spec/spec.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function of(text: string): Granularity {
  const [period = '', timeZone = 'UTC', origin = null] = text.split(' ');
  const value = period.startsWith('P') ? { type: 'period', period, timeZone, origin } : period;
  const reading = readGranularity(value);
  if (reading.kind === 'wrong') throw new Error(`${text}: ${reading.expected}`);
  return reading.granularity;
}

describe('nests', () => {
  test.each([
    ['PT1H Europe/Berlin', 'P1D Europe/Berlin'],
    ['PT1H', 'P1D Europe/Berlin'],
    ['hour', 'P1M America/New_York'],
    ['PT15M Asia/Kolkata', 'P1D Asia/Kolkata'],
    ['PT15M', 'P1D Asia/Kathmandu'],
    ['P1D Europe/Berlin', 'P1W Europe/Berlin'],
    ['P1D Europe/Berlin', 'P1M Europe/Berlin'],
    ['P1M Europe/Berlin', 'P1Y Europe/Berlin'],
    ['P1M Europe/Berlin', 'P3M Europe/Berlin'],
    ['PT1H Europe/Berlin', 'hour'],
    ['PT1M Asia/Kathmandu', 'PT1H Asia/Kathmandu'],
    ['P1D UTC 2020-01-01T06:00Z', 'P1W UTC 2020-01-01T06:00Z'],
    ['PT1H UTC 2020-01-01T00:20Z', 'P1D UTC 2020-01-01T00:20Z'],
    ['P2D UTC 2020-01-02', 'P4D UTC 2020-01-02'],
    ['week', 'P2W UTC 1970-01-05'],
    ['second', 'P1DT12H Europe/Berlin'],
    ['none', 'P1D Europe/Berlin'],
    ['P1D Europe/Berlin', 'all'],
  ])('%s in %s', (query, segment) => {
    expect(nestsIn(of(query), of(segment))).toBe(true);
  });

  test.each([
    ['P1D Europe/Berlin', 'day'],
    ['day', 'P1D Europe/Berlin'],
    ['PT1H', 'P1D Asia/Kolkata'],
    ['PT1H Asia/Kolkata', 'hour'],
    ['PT6H Europe/Berlin', 'P1D Europe/Berlin'],
    ['PT2H', 'P1D America/New_York'],
    ['P1W Europe/Berlin', 'P1M Europe/Berlin'],
    ['P1D Europe/Paris 2020-01-01T06:00Z', 'P1D Europe/Paris'],
    ['P1D UTC 2020-01-01T06:00Z', 'month'],
    ['PT1H UTC 2020-01-01T00:20Z', 'day'],
    ['P1D America/Los_Angeles', 'P1D America/New_York'],
    ['P2D UTC 2020-01-02', 'P4D UTC 2020-01-01'],
    ['week', 'P2W'],
    ['P1M2D', 'P2M4D'],
    ['all', 'P1D Europe/Berlin'],
  ])('%s not in %s', (query, segment) => {
    expect(nestsIn(of(query), of(segment))).toBe(false);
  });

  test('what nests is never moved by its segment', () => {
    const any = fc.constantFrom(
      ...[
        'second',
        'hour',
        'day',
        'week',
        'month',
        'PT15M',
        'PT90M',
        'P1D Europe/Berlin',
        'PT1H Europe/Berlin',
      ],
      ...[
        'P1W Europe/Berlin',
        'P1M Europe/Berlin',
        'PT6H Europe/Berlin',
        'P1D Asia/Kolkata',
        'PT30M Asia/Kolkata',
      ],
      ...[
        'PT1H Australia/Lord_Howe',
        'P1D Australia/Lord_Howe',
        'P1D America/Sao_Paulo',
        'PT1H America/Sao_Paulo',
      ],
      ...['P1M2D', 'P1D UTC 2020-01-01T06:00Z', 'PT12H UTC 2020-01-01T06:00Z'],
    );
    const granularities = new Map<string, Granularity>();
    const known = (text: string): Granularity => {
      const found = granularities.get(text) ?? of(text);
      granularities.set(text, found);
      return found;
    };
    const instants = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2035, 0, 1) });
    let nested = 0;
    fc.assert(
      fc.property(any, any, instants, (query, segment, ms) => {
        if (!nestsIn(known(query), known(segment))) return;
        nested += 1;
        expect(intervalOf(known(query), ms).startMs).toBeGreaterThanOrEqual(
          intervalOf(known(segment), ms).startMs,
        );
        expect(intervalOf(known(query), ms).endMs).toBeLessThanOrEqual(intervalOf(known(segment), ms).endMs);
      }),
      { seed, numRuns: 3000 },
    );
    expect(nested).toBeGreaterThan(300);
  });
});

test('what does not nest is stored at the start of its segment at the earliest', () => {
  const [query, segment] = [of('P1D'), of('P1D Europe/Berlin')];
  const ms = Date.parse('2020-07-01T22:30:00Z');
  expect(floor(query, ms)).toBeLessThan(floor(segment, ms));
  expect(storedTime(query, segment, ms)).toBe(Date.parse('2020-07-01T22:00:00Z'));
});
