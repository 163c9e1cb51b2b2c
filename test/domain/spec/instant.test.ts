import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseInstant } from '../../../domain/spec/instant.ts';

describe('parseInstant', () => {
  it.each([
    ['2026', '2026-01-01T00:00:00.000Z'],
    ['2026-07', '2026-07-01T00:00:00.000Z'],
    ['2026-07-31', '2026-07-31T00:00:00.000Z'],
    ['2026-07-31T12', '2026-07-31T12:00:00.000Z'],
    ['2026-07-31T12:34', '2026-07-31T12:34:00.000Z'],
    ['2026-07-31 12:34:56', '2026-07-31T12:34:56.000Z'],
    ['2026-07-31T12:34:56.789123Z', '2026-07-31T12:34:56.789Z'],
    ['2026-07-31T12:34:56+02:00', '2026-07-31T10:34:56.000Z'],
    ['2026-07-31T00:00:00-0530', '2026-07-31T05:30:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['0050-01-01', '0050-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, iso) => {
    expect(new Date(parseInstant(text) ?? NaN).toISOString()).toBe(iso);
  });

  it.each([
    '',
    'now',
    '2026-13-01',
    '2026-02-29',
    '2026-07-31T24:00',
    '2026-07-31T12:60',
    '1600000000000',
    '26-07-31',
    '2026-07-31T12:00+24:00',
  ])('%j is no instant', (text) => {
    expect(parseInstant(text)).toBeNull();
  });

  it('reads every time that Date writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
        expect(parseInstant(new Date(ms).toISOString())).toBe(ms);
      }),
      { seed: 43 },
    );
  });
});
