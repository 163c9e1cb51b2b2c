import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TimestampFormat } from '../../domain/spec/spec.ts';
import { parseIsoTime } from '../../formats/iso-time.ts';
import { JavaDouble, type JsonValue } from '../../formats/json-text.ts';
import { createTimestampParser } from '../../formats/timestamp.ts';
import { isZoneName } from '../../formats/zone-names.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function read(format: TimestampFormat, value: JsonValue): number | null {
  return createTimestampParser({ column: 't', format, missingValueMs: null }, 2026)(value);
}

test.each<[TimestampFormat, JsonValue, number | null]>([
  ['auto', '1600000000123', 1_600_000_000_123],
  ['auto', 1_600_000_000_123, 1_600_000_000_123],
  ['auto', '2020-02-29T12:30:45Z', 1_582_979_445_000],
  ['auto', '2020-02-29 12:30:45 Europe/Berlin', 1_582_979_445_000],
  ['auto', '"2020-02-29"', 1_582_934_400_000],
  ['auto', '9223372036854775807', null],
  ['iso', '2020-02-29 12:30:45', null],
  ['iso', 2020, 1_577_836_800_000],
  ['iso', 'T12:30:00Z', 45_000_000],
  ['posix', new JavaDouble(-1.5), -1000],
  ['posix', '+7', 7000],
  ['posix', 9_223_372_036_854_775_807n, null],
  ['millis', '-5', -5],
  ['millis', '1.5', null],
  ['micro', -1999, -1],
  ['nano', 1_600_000_000_123_456_789n, 1_600_000_000_123],
  ['millis', true, null],
  ['millis', [1], null],
  ['millis', 8_640_000_000_000_000, null],
  ['millis', -8_640_000_000_000_000, -8_640_000_000_000_000],
])('%s of %s', (format, value, expected) => {
  expect(read(format, value)).toBe(expected);
});

test('a fraction of a unit never gives minus zero', () => {
  for (const format of ['posix', 'millis', 'micro', 'nano'] as const)
    expect(Object.is(read(format, new JavaDouble(-0.5)), 0)).toBe(true);
});

describe('ISO times', () => {
  test('every instant that Date prints is read back', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const text = date.toISOString();
        for (const form of ['strict', 'auto'] as const) expect(parseIsoTime(text, form)).toBe(date.getTime());
        expect(parseIsoTime(text.replace('Z', '+05:30'), 'strict')).toBe(date.getTime() - 19_800_000);
      }),
      { seed, numRuns: 2000 },
    );
  });

  test.each([
    ['2020-W09-6', '2020-02-29'],
    ['2020-060', '2020-02-29'],
    ['2020-W53-7', '2021-01-03'],
    ['2019-W01', '2018-12-31'],
    ['2020-366', '2020-12-31'],
    ['-0044-03-15', '-000044-03-15'],
  ])('%s', (text, day) => {
    expect(parseIsoTime(text, 'strict')).toBe(Date.parse(day.length > 10 ? `${day}T00:00:00Z` : day));
  });

  test.each([
    '2021-W53',
    '2019-366',
    '2020-02-30',
    '2020-13',
    '2020-00-01',
    '2020-01-01T24:00',
    '2020-01-01T23:60',
    '2020-01-01T00:00+24:00',
    '',
    'Z',
    '-',
  ])('%j is none', (text) => {
    expect(parseIsoTime(text, 'auto')).toBeNull();
  });
});

test('zone names as Java knows them', () => {
  for (const name of [
    'UTC',
    'GMT',
    'PST',
    'Europe/Berlin',
    'Etc/GMT+5',
    'US/Pacific',
    'Asia/Calcutta',
    'PST8PDT',
  ])
    expect(isZoneName(name)).toBe(true);
  for (const name of ['', 'Z', 'UT', 'utc', 'EDT', 'GMT+5', 'europe/berlin', 'No/Where', '+01:00', '"UTC"'])
    expect(isZoneName(name)).toBe(false);
});
