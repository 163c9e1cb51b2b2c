import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { formatPeriod, parsePeriod } from '../../../domain/spec/period.ts';

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

describe('parsePeriod', () => {
  it.each([
    ['PT1H', hour],
    ['pt1h', hour],
    ['P1DT2H', 26 * hour],
    ['P1W', 7 * day],
    ['P1W2D', 9 * day],
    ['PT0.5S', 500],
    ['PT0,5S', 500],
    ['PT1.23456S', 1234],
    ['PT3600S', hour],
    ['PT90M', 1.5 * hour],
    ['PT0S', 0],
    ['P0Y0M1D', day],
    ['PT-5S', -5000],
    ['PT-0.5S', -500],
    ['P1DT-1H', 23 * hour],
    ['P2147483647D', 2_147_483_647 * day],
  ])('%s is %d ms', (text, ms) => {
    expect(parsePeriod(text)).toEqual({ kind: 'ok', ms });
  });

  it.each(['P1M', 'P1Y', 'P1Y6M', 'P1MT1H'])('%s has no fixed length', (text) => {
    expect(parsePeriod(text)).toEqual({ kind: 'notFixed' });
  });

  it.each([
    '',
    'P',
    'PT',
    'P1DT',
    '1h',
    '1D',
    'PT1',
    'P1H',
    'PT1D',
    'PT1.5H',
    '-PT1H',
    ' PT1H',
    'PT1H ',
    'PT1S1M',
    '3600',
  ])('%j is no period', (text) => {
    expect(parsePeriod(text)).toEqual({ kind: 'invalid' });
  });

  it.each([
    [0, 'PT0S'],
    [500, 'PT0.5S'],
    [3600, 'PT3.6S'],
    [90_000, 'PT90S'],
    [-5 * 60_000, 'PT-5M'],
    [2 * hour, 'PT2H'],
    [7 * day, 'P7D'],
  ])('%d ms is written %s', (ms, text) => {
    expect(formatPeriod(ms)).toBe(text);
  });

  it('reads back what formatPeriod writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
        expect(parsePeriod(formatPeriod(ms))).toEqual({ kind: 'ok', ms });
      }),
      { seed: 41 },
    );
  });

  it('answers any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'P-T0123456789.,YMWDHS') }), (text) => {
        expect(['ok', 'notFixed', 'invalid']).toContain(parsePeriod(text).kind);
      }),
      { seed: 42, numRuns: 2000 },
    );
  });
});
