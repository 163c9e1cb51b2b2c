/** Tables as they look: aligned, within the width, and below each other when they cannot be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRow } from '../../../cli/sql/answer-rows.ts';
import type { Cell } from '../../../cli/sql/answer-rows.ts';
import { displayWidth } from '../../../cli/sql/display-width.ts';
import { markdownText, tableText, verticalText } from '../../../cli/sql/table.ts';

const dim = (text: string): string => `<${text}>`;
const plain = (text: string): string => text;

function cells(...values: unknown[]): Cell[] {
  return readRow(JSON.stringify(values));
}

describe('tableText', () => {
  it('puts numbers on the right, tells null from a text, and counts wide characters', () => {
    const rows = [cells('日本', 5, null), cells('Köln', null, 'null'), cells(null, 1234, 'x\ny')];
    expect(tableText(['city', 'n', 'note'], rows, { width: null, dim })).toBe(
      [
        '┌──────┬──────┬──────┐',
        '│ city │    n │ note │',
        '├──────┼──────┼──────┤',
        '│ 日本 │    5 │ <null> │',
        '│ Köln │ <null> │ null │',
        '│ <null> │ 1234 │ x\\ny │',
        '└──────┴──────┴──────┘',
        '',
      ].join('\n'),
    );
  });

  it('shows names without rows', () => {
    expect(tableText(['a', 'b'], [], { width: 40, dim })).toBe(
      '┌───┬───┐\n│ a │ b │\n├───┼───┤\n└───┴───┘\n',
    );
  });

  it('cuts the longest text first, a number and a time never', () => {
    const rows = [cells('2026-01-01T00:00:00.000Z', 'short', 'a very long comment indeed', 1234567890123)];
    const text = tableText(['__time', 'word', 'comment', 'n'], rows, { width: 70, dim });
    expect(text.split('\n')[3]).toBe(
      '│ 2026-01-01T00:00:00.000Z │ short │ a very long co… │ 1234567890123 │',
    );
  });

  it('cuts a long name over narrow numbers', () => {
    const text = tableText(['a_very_long_name_of_a_count', 'b'], [cells(1, 2)], { width: 20, dim });
    expect(text.split('\n')[1]).toBe('│ a_very_long… │ b │');
  });

  it('shows rows vertically when the columns do not fit', () => {
    const names = Array.from({ length: 12 }, (_, at) => `column_${at}`);
    const row = cells(
      ...names.map((_, at) => (at === 11 ? 'a long value that is shown whole, however long it is' : at)),
    );
    const text = tableText(names, [row], { width: 40, dim });
    expect(text).toBe(verticalText(names, [row], { width: 40, dim }));
    expect(text).toContain('column_11 │ a long value that is shown whole, however long it is\n');
  });

  it('fits whatever the cells are, every line of the same width', () => {
    const value = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer(), fc.constant(null));
    const width = fc.integer({ min: 20, max: 120 });
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 3, maxLength: 3 })), width, (values, columns) => {
        const rows = values.map((row) => cells(...row));
        const lines = tableText(['a', 'long name', 'ö'], rows, { width: columns, dim: plain }).split('\n');
        if (!lines[0]?.startsWith('┌')) return;
        expect(new Set(lines.slice(0, -1).map(displayWidth)).size).toBe(1);
        expect(displayWidth(lines[0])).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe('verticalText and markdownText', () => {
  it('number the rows and keep values whole', () => {
    expect(verticalText(['id', 'count'], [cells('a', 1), cells(null, 2)], { width: 10, dim })).toBe(
      '─ row 1 ───\nid    │ a\ncount │ 1\n─ row 2 ───\nid    │ <null>\ncount │ 2\n',
    );
  });

  it('escape what would end a cell', () => {
    expect(markdownText(['a|b', 'n'], [cells('x|y\nz', 1)])).toBe(
      '| a\\|b | n |\n| --- | ---: |\n| x\\|y\\nz | 1 |\n',
    );
  });
});
