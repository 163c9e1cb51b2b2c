/** Options become values, and what cannot be meant is refused. */
import { describe, expect, it } from 'vitest';
import { addContext, addParameter, milliseconds, rowLimit, seconds } from '../../../cli/sql/sql-options.ts';

describe('--param', () => {
  it.each<[string, { type: string; value: unknown }]>([
    ['VARCHAR:a:b c', { type: 'VARCHAR', value: 'a:b c' }],
    ['varchar:', { type: 'VARCHAR', value: '' }],
    ['VARCHAR', { type: 'VARCHAR', value: null }],
    ['BIGINT:-5', { type: 'BIGINT', value: -5 }],
    ['BIGINT:12345678901234567890', { type: 'BIGINT', value: '12345678901234567890' }],
    ['DOUBLE:1e3', { type: 'DOUBLE', value: 1000 }],
    ['BOOLEAN:TRUE', { type: 'BOOLEAN', value: true }],
    ['TIMESTAMP:2026-01-01 00:00:00', { type: 'TIMESTAMP', value: '2026-01-01 00:00:00' }],
  ])('%s', (text, parameter) => {
    expect(addParameter(text)).toEqual([parameter]);
  });

  it.each(['5', 'NUMBER:5', 'BIGINT:x', 'BIGINT:1.5', 'DOUBLE:', 'DOUBLE:Infinity', 'BOOLEAN:yes'])(
    'refuses %s',
    (text) => {
      expect(() => addParameter(text)).toThrow(/Expected/);
    },
  );

  it('keeps their order', () => {
    expect(addParameter('BIGINT:2', addParameter('BIGINT:1')).map(({ value }) => value)).toEqual([1, 2]);
  });
});

it('--context takes JSON as JSON, anything else as text, and the last of two', () => {
  const context = ['sqlTimeZone=Europe/Berlin', 'timeout=5', 'x=true', 'y=a=b', 'timeout=6'];
  expect(context.reduce((before, text) => addContext(text, before), {})).toEqual({
    sqlTimeZone: 'Europe/Berlin',
    timeout: 6,
    x: true,
    y: 'a=b',
  });
  expect(() => addContext('timeout')).toThrow(/KEY=VALUE/);
  expect(() => addContext('=1')).toThrow(/KEY=VALUE/);
});

it('numbers have to be numbers', () => {
  expect([milliseconds('90'), rowLimit('0'), seconds('0.5')]).toEqual(['90', 0, 0.5]);
  for (const text of ['', '-1', 'x', '0.05', '1e9'])
    for (const read of [milliseconds, rowLimit, seconds]) expect(() => read(text)).toThrow(/Expected/);
});
