/** Positions as people read them. */
import { expect, test } from 'vitest';
import { positionsText } from '../../domain/positions-text.ts';

test('in the order of their numbers, cut off when there are many', () => {
  expect(positionsText({ 10: '5', 2: '7', 'a:1': '0' })).toBe('2:7, 10:5, a:1:0');
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, partition) => [partition, '1']));
  expect(positionsText(many)).toMatch(/^0:1, 1:1, .*, 11:1 and 38 more$/);
});
