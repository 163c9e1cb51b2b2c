/** Statements are told apart by their `;`, never by one within quotes or a comment, in linear time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scan } from '../../../cli/sql/scan.ts';
import { allStatements, oneLine, splitStatements } from '../../../cli/sql/statements.ts';

describe('splitStatements', () => {
  it.each<[string, string[], string]>([
    ['select 1;', ['select 1'], ''],
    ['select 1; select 2', ['select 1'], ' select 2'],
    ["select ';' ; x", ["select ';' "], ' x'],
    [`select 'it''s;' , "a"";b";`, [`select 'it''s;' , "a"";b"`], ''],
    ['select 1 -- a; b\n;', ['select 1 -- a; b\n'], ''],
    ['select /* ; */ 1;', ['select /* ; */ 1'], ''],
    [';;; -- nothing\n ;', [], ''],
    ['select 1; -- the end', ['select 1'], ''],
    ["select 'open ;", [], "select 'open ;"],
    ['/* open ;', [], '/* open ;'],
    ["select U&'\\00fc;';", ["select U&'\\00fc;'"], ''],
    ['', [], ''],
  ])('%j', (text, statements, rest) => {
    expect(splitStatements(text)).toEqual({ statements, rest });
  });

  it('loses nothing: the pieces are the text, whatever it is', () => {
    const part = fc.constantFrom(
      "'",
      '"',
      '--',
      '/*',
      '*/',
      ';',
      '\n',
      ' ',
      'a',
      '🦆',
      'é',
      '\\',
      '1.5',
      '$',
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('');
        expect([...scan(text)].map((piece) => piece.text).join('')).toBe(text);
      }),
    );
  });

  it('takes a last statement without its ;', () => {
    expect(allStatements('select 1;\nselect 2\n')).toEqual(['select 1', '\nselect 2\n']);
  });

  it('is quick on a megabyte without an end', () => {
    const startedMs = performance.now();
    splitStatements(`select '${"''".repeat(500_000)}`);
    splitStatements('('.repeat(1_000_000));
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

describe('oneLine', () => {
  it.each<[string, string | null]>([
    ['select 1\n  from   t;', 'select 1 from t;'],
    ['select 1 -- why\n, 2', 'select 1 , 2'],
    ['select /* a\nb */ 1', 'select 1'],
    ["select 'a  b'", "select 'a  b'"],
    ["select 'a\nb'", null],
  ])('%j', (statement, expected) => {
    expect(oneLine(statement)).toBe(expected);
  });
});
