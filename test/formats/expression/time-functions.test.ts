import { describe, expect, it } from 'vitest';
import { evaluate, failure, refusal } from './evaluate.ts';

const at = (time: string): number => Date.parse(time);
const shown = (expression: string, time: string): string => {
  const value = evaluate(expression, JSON.stringify({ z: at(time) }));
  return /^-?\d+$/.test(value) ? new Date(Number(value)).toISOString() : value;
};

describe('cutting', () => {
  it.each([
    ["timestamp_floor(z, 'PT1H')", '2020-03-01T05:06:07.890Z', '2020-03-01T05:00:00.000Z'],
    ["timestamp_floor(z, 'P1W')", '2020-03-01T05:06:07Z', '2020-02-24T00:00:00.000Z'],
    ["timestamp_floor(z, 'P1D', null, 'Europe/Berlin')", '2020-03-29T12:00:00Z', '2020-03-28T23:00:00.000Z'],
    [
      "timestamp_floor(z, 'PT6H', '2020-01-01T01:00:00Z')",
      '2020-01-02T00:00:00Z',
      '2020-01-01T19:00:00.000Z',
    ],
    ["timestamp_floor(z, 'P3M', '2020-02-01', 'UTC')", '2020-04-30T00:00:00Z', '2020-02-01T00:00:00.000Z'],
    ["timestamp_floor(z, 'P1D', '', 'UTC')", '2020-04-30T07:00:00Z', '2020-04-30T00:00:00.000Z'],
    ["timestamp_ceil(z, 'PT1H')", '2020-03-01T05:06:07Z', '2020-03-01T06:00:00.000Z'],
    ["timestamp_ceil(z, 'PT1H')", '2020-03-01T05:00:00Z', '2020-03-01T05:00:00.000Z'],
    ["timestamp_ceil(z, 'P1M', null, 'Asia/Kolkata')", '1970-01-01T00:00:00Z', '1970-01-31T18:30:00.000Z'],
  ])('%s of %s', (expression, time, result) => {
    expect(shown(expression, time)).toBe(result);
  });

  it('a text of a number is one, anything else null', () => {
    expect(evaluate("timestamp_floor('3600001', 'PT1H')")).toBe('3600000');
    expect(evaluate("timestamp_floor('bad', 'PT1H')")).toBe('null');
    expect(evaluate("timestamp_floor(z, 'PT1H')", '{"z":null}')).toBe('null');
  });
});

describe('shifting', () => {
  it.each([
    ["timestamp_shift(z, 'P1M', 1)", '2020-01-31T05:00:00Z', '2020-02-29T05:00:00.000Z'],
    ["timestamp_shift(z, 'P1M', -1)", '2020-03-31T05:00:00Z', '2020-02-29T05:00:00.000Z'],
    ["timestamp_shift(z, 'P1D', 1, 'Europe/Berlin')", '2020-03-28T11:00:00Z', '2020-03-29T10:00:00.000Z'],
    ["timestamp_shift(z, 'PT24H', 1, 'Europe/Berlin')", '2020-03-28T11:00:00Z', '2020-03-29T11:00:00.000Z'],
    ["timestamp_shift(z, 'P1Y2M3DT4H5M6.5S', 2)", '2020-01-01T00:00:00Z', '2022-05-07T08:10:13.000Z'],
    ["timestamp_shift(z, 'P-1D', 1)", '2020-03-01T00:00:00Z', '2020-02-29T00:00:00.000Z'],
    ["timestamp_shift(z, 'P1D', 0)", '2020-03-01T00:00:00Z', '2020-03-01T00:00:00.000Z'],
  ])('%s of %s', (expression, time, result) => {
    expect(shown(expression, time)).toBe(result);
  });

  it('beyond the calendar is a failure', () => {
    expect(failure("timestamp_shift(z, 'P1Y', 300000)", '{"z":0}')).toMatch(/275760/);
    expect(failure('timestamp_shift(z, p, 1)', '{"z":0,"p":"x"}')).toMatch(/ISO 8601 period/);
    expect(failure("timestamp_floor(z, 'PT1H')", '{"z":9000000000000000000}')).toMatch(
      /more than calendars reach/,
    );
  });
});

describe('parts', () => {
  it.each([
    ['EPOCH', '1583020805'],
    ['MILLISECOND', '123'],
    ['SECOND', '5'],
    ['MINUTE', '0'],
    ['HOUR', '0'],
    ['DAY', '1'],
    ['DOW', '7'],
    ['ISODOW', '7'],
    ['DOY', '61'],
    ['WEEK', '9'],
    ['MONTH', '3'],
    ['QUARTER', '1'],
    ['YEAR', '2020'],
    ['ISOYEAR', '2020'],
    ['DECADE', '202'],
    ['CENTURY', '21.0'],
    ['MILLENNIUM', '3.0'],
    ['hour', '0'],
  ])('%s', (unit, value) => {
    expect(evaluate(`timestamp_extract(z, '${unit}')`, '{"z":1583020805123}')).toBe(value);
  });

  it('texts are read on the clocks of the zone', () => {
    expect(evaluate("timestamp_extract('2020-03-01T05:00:00', 'HOUR', 'Asia/Kolkata')")).toBe('5');
    expect(evaluate("timestamp_extract('2020-03-01T05:00:00Z', 'HOUR', 'Asia/Kolkata')")).toBe('10');
    expect(evaluate("timestamp_extract(null, 'HOUR')")).toBe('null');
  });

  it.each([
    ['{"z":"bad"}', /ISO 8601 time/],
    ['{"z":1.5}', /found DOUBLE/],
    ['{"z":[1]}', /found ARRAY<LONG>/],
    ['{"z":{"a":1}}', /found COMPLEX<json>/],
  ])('of %s fails', (row, message) => {
    expect(failure("timestamp_extract(z, 'YEAR')", row)).toMatch(message);
  });
});

describe('parsing', () => {
  it.each([
    ["timestamp_parse('2020-01-02')", '2020-01-02T00:00:00.000Z'],
    ["timestamp_parse('2020-01-02 03:04:05')", '2020-01-02T03:04:05.000Z'],
    ["timestamp_parse('2020-01-02T03:04:05+01:00')", '2020-01-02T02:04:05.000Z'],
    ["timestamp_parse('2020-01-02T03:04:05', null, 'Asia/Kolkata')", '2020-01-01T21:34:05.000Z'],
    ["timestamp_parse('2020-01-02T03:04:05Z', null, 'Asia/Kolkata')", '2020-01-02T03:04:05.000Z'],
    ["timestamp_parse('02.01.2020', 'dd.MM.yyyy', 'Europe/Berlin')", '2020-01-01T23:00:00.000Z'],
    ["timestamp_parse('2020-01-02 +0200', 'yyyy-MM-dd Z', 'Europe/Berlin')", '2020-01-01T22:00:00.000Z'],
    ["timestamp_parse('20-01-02', 'yy-MM-dd')", '2020-01-02T00:00:00.000Z'],
    ["timestamp('2020-01-02T03')", '2020-01-02T03:00:00.000Z'],
    ["timestamp('02.01.2020', 'dd.MM.yyyy')", '2020-01-02T00:00:00.000Z'],
  ])('%s', (expression, result) => {
    expect(new Date(Number(evaluate(expression))).toISOString()).toBe(result);
  });

  it('what cannot be read is null, or a failure where Druid fails', () => {
    expect(evaluate("timestamp_parse('bad')")).toBe('null');
    expect(evaluate('timestamp_parse(null)')).toBe('null');
    expect(evaluate("timestamp_parse('2020-03-29 02:30:00', null, 'Europe/Berlin')")).toBe('null');
    expect(evaluate("unix_timestamp('2020-01-02')")).toBe('1577923200');
    expect(failure('timestamp(z)', '{"z":"bad"}')).toMatch(/found another text/);
    expect(failure('timestamp(z)', '{"z":5}')).toMatch(/found LONG/);
    expect(failure('timestamp(z)', '{}')).toMatch(/found null/);
  });
});

describe('formatting', () => {
  it.each([
    ['timestamp_format(z)', '"2020-03-01T00:00:05.123Z"'],
    ["timestamp_format(z, null, 'Asia/Kolkata')", '"2020-03-01T05:30:05.123+05:30"'],
    ["timestamp_format(z, 'yyyy-MM-dd''T''HH')", '"2020-03-01T00"'],
    [
      "timestamp_format(z, 'EEE, d MMM yyyy HH:mm:ss Z', 'America/New_York')",
      '"Sat, 29 Feb 2020 19:00:05 -0500"',
    ],
    ["timestamp_format(z, 'EEEE MMMM M')", '"Sunday March 3"'],
    ["timestamp_format(z, 'xxxx-ww-e yy DDD a hh K k SSS SSSSS')", '"2020-09-7 20 061 AM 12 0 24 123 12300"'],
    ["timestamp_format(z, 'G C YYYY')", '"AD 20 2020"'],
    [
      "timestamp_format(z, 'z zzzz ZZ ZZZ', 'Europe/Berlin')",
      '"CET Central European Standard Time +01:00 Europe/Berlin"',
    ],
    ["timestamp_format(z, 'z', 'Asia/Tokyo')", '"JST"'],
    ["timestamp_format(z, 'z', '+05:45')", '"+05:45"'],
  ])('%s', (expression, value) => {
    const quoted = expression.replace("''T''", "\\'T\\'");
    expect(evaluate(quoted, '{"z":1583020805123}')).toBe(value);
  });
});

it.each([
  ['timestamp_floor(z)', /2 to 4 arguments/],
  ["timestamp_floor(z, 'x')", /ISO 8601 period/],
  ["timestamp_floor(z, 'PT0S')", /ISO 8601 period/],
  ['timestamp_floor(z, p)', /period written out/],
  ["timestamp_floor(z, 'P1D', 'x')", /origin/],
  ["timestamp_floor(z, 'P1D', null, 'Mars')", /time zone.*Mars/],
  ["timestamp_extract(z, 'MICROSECOND')", /EPOCH, MILLISECOND/],
  ['timestamp_extract(z, u)', /unit written out/],
  ["timestamp_format(z, 'bbb')", /pattern/],
  ["timestamp_parse(z, 'bbb')", /pattern/],
  ["timestamp_shift(z, 'x', 1)", /ISO 8601 period/],
])('%s is refused', (expression, expected) => {
  expect(refusal(expression)).toMatch(expected);
});
