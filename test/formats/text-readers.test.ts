/** csv, tsv, regex and lines: what the recorded answers of Druid (test/vectors/text.test.ts) do not ask. */
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DelimitedFormat, PayloadFormat, RegexFormat } from '../../domain/spec/input-format.ts';
import { csvFields } from '../../formats/csv-line.ts';
import { maxRecordBytes, type ReadRecord } from '../../formats/input-reader.ts';
import { noPorts, openValueReader } from '../../formats/open-reader.ts';
import { JavaDouble } from '../../formats/json-text.ts';
import { maxLines } from '../../formats/text-lines.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function delimited(changes: Partial<DelimitedFormat> = {}): DelimitedFormat {
  return {
    type: 'csv',
    columns: ['a', 'b'],
    findColumnsFromHeader: false,
    skipHeaderRows: 0,
    listDelimiter: '\u0001',
    delimiter: ',',
    tryParseNumbers: false,
    ...changes,
  };
}

function regex(pattern: string, columns: readonly string[] | null = null): RegexFormat {
  return { type: 'regex', pattern, columns, listDelimiter: '\u0001' };
}

function read(format: PayloadFormat, value: string | Uint8Array): ReadRecord {
  return openValueReader(format, noPorts).read(typeof value === 'string' ? Buffer.from(value) : value);
}

function rows(format: PayloadFormat, value: string): unknown[] {
  const { rows: found, problems } = read(format, value);
  expect(problems).toEqual([]);
  return found.map((row) => Object.fromEntries(row));
}

describe('a record of csv', () => {
  test('has one row per line; a carriage return belongs to a line unless a line feed follows', () => {
    expect(rows(delimited(), 'x,y\r\nu,v\n"p",q\r')).toEqual([
      { a: 'x', b: 'y' },
      { a: 'u', b: 'v' },
      { a: 'p', b: 'q\r' },
    ]);
  });

  test.each([
    ['a comma behind an open quote', '"a,', ['"a,', null]],
    ['only a quote', '"', ['"']],
    ['quotes in quotes', '"a""b""",c', ['a"b"', 'c']],
    ['only quotes', '""""', ['"']],
    ['a quote in the middle', 'a"b"c,d', ['a"b"c', 'd']],
    ['an empty field between', ',,a', [null, null, 'a']],
    ['an empty line', '', [null]],
  ])('%s', (_name, line, fields) => {
    expect(csvFields(line, 100)).toEqual(fields);
  });

  test('names unnamed columns of a header, and refuses a header that names one twice', () => {
    const format = delimited({ findColumnsFromHeader: true });
    expect(rows(format, 'x,,"",z\n1,2,3,4')).toEqual([{ x: '1', column_2: '2', column_3: '3', z: '4' }]);
    expect(read(format, 'x,y,x\n1,2,3').problems).toEqual(['header line names column [x] twice']);
    expect(read(format, `${'a,'.repeat(10_001)}\n1`).problems).toEqual([
      'header line has more than 10000 columns',
    ]);
  });

  test('reads the header after the lines left out', () => {
    const format = delimited({ findColumnsFromHeader: true, skipHeaderRows: 2 });
    expect(rows(format, 'one\ntwo\nx\n1')).toEqual([{ x: '1' }]);
    expect(rows(format, 'one\ntwo')).toEqual([]);
  });

  test('tries numbers without losing a digit of a text that is none', () => {
    const texts = ['12', '-0', '+1', '9223372036854775808', '00000000000000000000000012', '1_0', ''];
    const format = delimited({ columns: texts.map((_, at) => `c${at}`), tryParseNumbers: true });
    const [row] = read(format, texts.join(',')).rows;
    expect([...(row ?? new Map<string, unknown>()).values()]).toEqual([
      12,
      0,
      new JavaDouble(1),
      new JavaDouble(9_223_372_036_854_775_808),
      12,
      '1_0',
      null,
    ]);
  });

  test('tries a number of a megabyte of digits quickly', () => {
    const format = delimited({ columns: ['a'], tryParseNumbers: true });
    const [row] = read(format, '9'.repeat(1_000_000)).rows;
    expect(row?.get('a')).toEqual(new JavaDouble(Infinity));
  });

  test('agrees with csv-parse on whatever is written as RFC 4180 says, line by line', () => {
    const plain = fc.stringMatching(/^[^",\n\r]+$/);
    const field = fc.oneof(
      plain,
      fc.stringMatching(/^[^\n\r]*$/).map((text) => `"${text.replaceAll('"', '""')}"`),
    );
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), (fields) => {
        const line = fields.join(',');
        const [wanted] = parseCsv(line, { relax_column_count: true }) as string[][];
        expect(csvFields(line, 100)).toEqual(wanted);
      }),
      { seed, numRuns: 2_000 },
    );
  });

  test('takes time in proportion to a line full of quotes', () => {
    const line = `"${'"a'.repeat(500_000)}`;
    expect(csvFields(`${line},b`, 3).length).toBeGreaterThan(0);
  });
});

describe('a record of tsv', () => {
  test('may be separated by any text, and knows no quotes', () => {
    const format = delimited({ type: 'tsv', delimiter: '::', columns: ['a', 'b', 'c'] });
    expect(rows(format, '"x::y"::\n::')).toEqual([
      { a: '"x', b: 'y"', c: null },
      { a: null, b: null },
    ]);
  });
});

describe('a record of lines', () => {
  test('has the field line for each line, also an empty one', () => {
    expect(rows({ type: 'lines' }, 'a,b\n\n"c"\n')).toEqual([{ line: 'a,b' }, { line: '' }, { line: '"c"' }]);
    expect(rows({ type: 'lines' }, '')).toEqual([]);
  });
});

describe('a record of regex', () => {
  test('has the groups of a match of the whole line', () => {
    expect(rows(regex('(a+)|(b+)'), 'aa\nbb')).toEqual([
      { column_1: 'aa', column_2: null },
      { column_1: null, column_2: 'bb' },
    ]);
    expect(read(regex('(a)'), 'aa\na').problems).toEqual(['line [aa] does not match the pattern']);
  });

  test('counts the later of two columns of one name', () => {
    expect(rows(regex('(.)(.)(.)', ['x', 'y', 'x']), 'abc')).toEqual([{ x: 'c', y: 'b' }]);
  });

  test('is bounded in lines times groups', () => {
    expect(read(regex('()'.repeat(100)), '\n'.repeat(20_001)).problems[0]).toMatch(/at most 2000000 values/);
  });
});

describe('any text record', () => {
  const formats: readonly PayloadFormat[] = [
    delimited(),
    delimited({ findColumnsFromHeader: true }),
    delimited({ tryParseNumbers: true, listDelimiter: '|', skipHeaderRows: 1 }),
    delimited({ type: 'tsv', delimiter: '\t' }),
    { type: 'lines' },
    regex('(\\S+) (.*)'),
  ];

  test('too large, or of too many lines, is one problem', () => {
    for (const format of formats) {
      const large = read(format, new Uint8Array(maxRecordBytes + 1).fill(97));
      expect([large.rows.length, large.problems.length]).toEqual([0, 1]);
      expect(read(format, '\n'.repeat(maxLines + 1)).problems).toEqual([
        `record has more than ${maxLines} lines`,
      ]);
    }
  });

  test('keeps a byte order mark and replaces what is no UTF-8', () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0xff, 0xed, 0xa0, 0x80, 0x61]);
    expect(read({ type: 'lines' }, bytes).rows[0]?.get('line')).toBe('\ufeff\ufffd\ufffda');
  });

  test('is read without an exception, every line a row or a problem', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...formats), bytes, (format, value) => {
        const found = read(format, value);
        const lines = Buffer.from(value).toString('latin1').replace(/\n$/, '').split('\n').length;
        const expected = value.length === 0 ? 0 : lines;
        const count = found.rows.length + found.problems.length;
        if (format.type === 'lines' || format.type === 'regex') expect(count).toBe(expected);
        else expect(count).toBeLessThanOrEqual(expected);
      }),
      { seed, numRuns: 2_000 },
    );
  });
});
