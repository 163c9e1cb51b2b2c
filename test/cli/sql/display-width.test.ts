/** Widths as terminals draw them, and text that cannot do anything to a terminal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutToWidth, displayWidth, printable, printableLines } from '../../../cli/sql/display-width.ts';

describe('displayWidth', () => {
  it.each<[string, number]>([
    ['', 0],
    ['abc', 3],
    ['日本', 4],
    ['한국', 4],
    ['e\u0301', 1],
    ['🦆', 2],
    ['🇩🇪', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['…─│', 3],
    ['ｆｕｌｌ', 8],
    ['ﾊﾝｶｸ', 4],
    ['Ωж', 2],
    ['\x1b[31mred\x1b[39m', 3],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('cutToWidth', () => {
  it.each<[string, number, string]>([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j in %i columns', (text, width, expected) => {
    expect(cutToWidth(text, width)).toBe(expected);
  });

  it('never takes more columns than it may, and never splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, width) => {
        const cut = cutToWidth(text, width);
        expect(displayWidth(cut)).toBeLessThanOrEqual(width);
        expect(text.startsWith(cut.replace(/…$/, ''))).toBe(true);
      }),
    );
  });

  it('does not measure a huge text to its end', () => {
    const startedMs = performance.now();
    expect(cutToWidth('日'.repeat(10_000_000), 20)).toBe(`${'日'.repeat(9)}…`);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });
});

describe('printable', () => {
  it('leaves no control character and no change of direction', () => {
    expect(printable('a\nb\tc\rd')).toBe('a\\nb\\tc\\rd');
    expect(printable('\x1b[2J\x07\x9b\u202e\u2028x')).toBe('\\u001b[2J\\u0007\\u009b\\u202e\\u2028x');
    expect(printable('日本 🇩🇪 👩‍👧')).toBe('日本 🇩🇪 👩‍👧');
  });

  it('keeps lines and tabs where the text is lines', () => {
    expect(printableLines('a\tb\n\x1b]0;title\x07')).toBe('a\tb\n\\u001b]0;title\\u0007');
  });
});
