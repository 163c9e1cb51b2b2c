import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { refusedTypes, types } from '../../formats/filter/filter.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/filters.md'), 'utf8');
const [, table = ''] = /\n## Types\n([^#]*)/.exec(page) ?? [];

/** Types of the rows with a verdict. */
function rows(verdict: string): readonly string[] {
  return table
    .split('\n')
    .filter((line) => line.split('|')[2]?.trim() === verdict)
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, type = '']) => type));
}

test('the page lists every type of filter, and no other', () => {
  expect([...rows('works')].sort()).toEqual([...types].sort());
  expect(rows('refused')).toEqual(Object.keys(refusedTypes));
});
