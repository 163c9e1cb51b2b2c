/** Times for people. */
import { describe, expect, it } from 'vitest';
import { ago, clock, counted, grouped, span } from '../../../domain/explain/moments.ts';

describe('moments', () => {
  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [3_599_000, '1 h'],
    [3_600_000, '1 h'],
    [5_400_000, '1 h 30 min'],
    [86_399_000, '1 d'],
    [90_000_000, '1 d 1 h'],
    [-5, '0 s'],
  ])('a span of %d ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it('says when and how long ago', () => {
    const now = Date.parse('2026-11-21T00:00:10Z');
    expect(ago(now + 5_000, now)).toBe('just now');
    expect(ago(now - 12_000, now)).toBe('12 s ago');
    expect(clock(now - 5_000, now)).toBe('00:00:05');
    expect(clock(now - 11_000, now)).toBe('2026-11-20 23:59:59');
  });

  it('groups digits, of any size', () => {
    expect(grouped(12345678901234567890n)).toBe('12,345,678,901,234,567,890');
    expect(grouped(999)).toBe('999');
    expect([counted(1, 'task'), counted(1000, 'task')]).toEqual(['1 task', '1,000 tasks']);
  });
});
