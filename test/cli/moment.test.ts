/** Times as they are typed. */
import { describe, expect, it } from 'vitest';
import { readMoment } from '../../cli/moment.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

describe('readMoment', () => {
  it.each([
    ['-2h', '2026-11-21T10:00:00Z'],
    ['2h', '2026-11-21T10:00:00Z'],
    ['-90m', '2026-11-21T10:30:00Z'],
    ['-30s', '2026-11-21T11:59:30Z'],
    ['3d', '2026-11-18T12:00:00Z'],
    ['now', '2026-11-21T12:00:00Z'],
    ['2026-11-21', '2026-11-21T00:00:00Z'],
    ['2026-11-21T09:30', '2026-11-21T09:30:00Z'],
    ['2026-11-21 09:30:05.25', '2026-11-21T09:30:05.250Z'],
    ['2026-11-21T09:30:00+02:00', '2026-11-21T07:30:00Z'],
    ['2026-11-21T09:30:00z', '2026-11-21T09:30:00Z'],
  ])('%s is %s', (text, instant) => {
    expect(readMoment(text, now)).toBe(Date.parse(instant));
  });

  it.each([
    '',
    'yesterday',
    '12',
    '-2y',
    '2026-02-30',
    '2026-11-21T25:00',
    '21.11.2026',
    '1e3',
    '--yes',
    '2h30m',
  ])('%j is none', (text) => {
    expect(readMoment(text, now)).toBeNull();
  });
});
