import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileProblem } from '../../../formats/compile-problem.ts';
import { compileTimePattern } from '../../../formats/time-pattern/compile.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function read(pattern: string, text: string): string | null {
  const ms = compileTimePattern(pattern, 2026)(text);
  return ms === null ? null : new Date(ms).toISOString();
}

test.each<[string, string, string | null]>([
  // Numbers: signs, widths, digits that the next number needs.
  ['yyyy', '+2020', '2020-01-01T00:00:00.000Z'],
  ['yyyyMMdd', '20200229', '2020-02-29T00:00:00.000Z'],
  ['yyyyMMdd', '2020022', '2020-02-02T00:00:00.000Z'],
  ['yyyyMMdd', '+20200229', null],
  ['yyyyMMdd', '-00440315', '-000044-03-15T00:00:00.000Z'],
  ['yyyy-MM', '2020-', null],
  ['yyyy-MM', '-', null],
  ['HHHH', '0023', '1970-01-01T23:00:00.000Z'],
  ['d', '031', null],
  ['D', '060', '2000-02-29T00:00:00.000Z'],
  ['y', '123456789', null],
  ['yyyyyyyyyyyy', '999999999999', null],
  // Two digits: eighty years back, nineteen ahead.
  ['yy', '45', '2045-01-01T00:00:00.000Z'],
  ['yy', '46', '1946-01-01T00:00:00.000Z'],
  ['yy', '5', '0005-01-01T00:00:00.000Z'],
  ['yy', '-5', '-000005-01-01T00:00:00.000Z'],
  ['yy', '+20', '0020-01-01T00:00:00.000Z'],
  ['yyMM', '2003', '2020-03-01T00:00:00.000Z'],
  ['yyMM', '203', '2020-03-01T00:00:00.000Z'],
  ['yyMM', '2', null],
  ['xx-ww', '20-53', '2020-12-28T00:00:00.000Z'],
  // Words, in three ways to write them.
  ['MMM', 'feb', '2000-02-01T00:00:00.000Z'],
  ['MMM', 'FEBRUARY', '2000-02-01T00:00:00.000Z'],
  ['MMMM', 'fEb', null],
  ['MMMd', 'May5', '2000-05-05T00:00:00.000Z'],
  ['EEE', 'Sat', '2000-01-01T00:00:00.000Z'],
  // The week of January 1st is one of 1999; set once more, the year is 2000 again.
  ['EEE', 'WED', '2000-12-27T00:00:00.000Z'],
  ['h a', '12 am', '1970-01-01T00:00:00.000Z'],
  ['h a', '12 PM', '1970-01-01T12:00:00.000Z'],
  ['h a', '1 p.m.', null],
  ['K a', '0 PM', '1970-01-01T12:00:00.000Z'],
  ['k', '24', '1970-01-01T00:00:00.000Z'],
  ['YYYY G', '44 BC', '-000043-01-01T00:00:00.000Z'],
  ['YYYY G', '44 ce', '0044-01-01T00:00:00.000Z'],
  // Fields that contradict: the finer ones win, within the coarser.
  ['yyyy-MM-dd E', '2020-02-29 Sun', '2020-03-01T00:00:00.000Z'],
  ['yyyy-ww-e', '2020-53-7', '2021-01-03T00:00:00.000Z'],
  ['HH h', '13 2', '1970-01-01T14:00:00.000Z'],
  ['MM-dd', '02-30', null],
  ['s.SS', '1.5', '1970-01-01T00:00:01.500Z'],
  ['s.SSSSS', '1.99999', '1970-01-01T00:00:01.999Z'],
  // Offsets and zones.
  ['HH Z', '12 z', '1970-01-01T12:00:00.000Z'],
  ['HH Z', '12 +01:30', '1970-01-01T10:30:00.000Z'],
  ['HH ZZ', '12 -0130', '1970-01-01T13:30:00.000Z'],
  ['HH Z', '12 +01:3', null],
  ['HH Z', '12 +013015500', '1970-01-01T10:29:44.500Z'],
  ['HH Z', '12 +01:30:15,5', '1970-01-01T10:29:44.500Z'],
  ["HH Z'|'", '12 +01|', '1970-01-01T11:00:00.000Z'],
  ['HH ZZZ', '12 America/Argentina/Buenos_Aires', '1970-01-01T15:00:00.000Z'],
  ['HH ZZZ', '12 america/new_york', null],
  ["ZZZ'/'HH", 'UTC/12', null],
  ['HH z', '12 EDT', '1970-01-01T17:00:00.000Z'],
  ['HH z', '12 pst', null],
  ['yyyy-MM-dd HH:mm ZZZ', '2020-10-25 02:30 Europe/Berlin', '2020-10-25T00:30:00.000Z'],
  ['yyyy-MM-dd HH:mm ZZZ', '2020-03-29 02:30 Europe/Berlin', null],
  // Literals.
  ["yyyy'T'MM", '2020t02', '2020-02-01T00:00:00.000Z'],
  ["''yyyy", "'2020", '2020-01-01T00:00:00.000Z'],
  ["yyyy 'it''s'", "2020 IT'S", '2020-01-01T00:00:00.000Z'],
  ["yyyy'", '2020', '2020-01-01T00:00:00.000Z'],
  ['yyyy[-MM]', '2020[-02]', '2020-02-01T00:00:00.000Z'],
  ['yyyy', '2020 ', null],
  ['yyyy', '', null],
])('%s reads %j as %s', (pattern, text, expected) => {
  expect(read(pattern, text)).toBe(expected);
});

test.each([
  ['', /1 to 256 characters/],
  ['b', /"b" is none/],
  ['yyyy-MM-ddThh', /"T" is none/],
  ['iso8601', /"i" is none/],
  ['yyyy zzzz', /"zzzz" can only be printed/],
  ['y'.repeat(257), /1 to 256 characters/],
])('%j is refused', (pattern, expected) => {
  expect(() => compileTimePattern(pattern, 2026)).toThrow(CompileProblem);
  expect(() => compileTimePattern(pattern, 2026)).toThrow(expected);
});

describe('generated', () => {
  const dates = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  const two = (value: number): string => String(value).padStart(2, '0');

  test('what is printed is read back, by date, by day of the year and by week', () => {
    fc.assert(
      fc.property(dates, (date) => {
        const iso = date.toISOString();
        expect(read("yyyy-MM-dd'T'HH:mm:ss.SSSZ", iso)).toBe(iso);
        expect(read('yyyyMMddHHmmssSSS', iso.replace(/\D/g, ''))).toBe(iso);
        const year = iso.slice(0, 4);
        const day = Math.floor((date.getTime() - Date.parse(`${year}-01-01`)) / 86_400_000) + 1;
        expect(read('yyyy-DDD', `${year}-${day}`)?.slice(0, 10)).toBe(iso.slice(0, 10));
        const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * 86_400_000);
        const weekYear = thursday.getUTCFullYear();
        const first = new Date(0).setUTCFullYear(weekYear, 0, 1);
        const week = Math.floor((thursday.getTime() - first) / 604_800_000) + 1;
        const weekday = ((date.getUTCDay() + 6) % 7) + 1;
        if (weekYear > 0 && weekYear < 10_000)
          expect(read('x ww e', `${weekYear} ${two(week)} ${weekday}`)?.slice(0, 10)).toBe(iso.slice(0, 10));
      }),
      { seed, numRuns: 1500 },
    );
  });

  test('the quick way and the long way agree', () => {
    const piece = (letters: string, max: number): fc.Arbitrary<readonly [string, string]> =>
      fc.nat({ max }).map((value) => [letters, String(value)] as const);
    const pieces = [piece('M', 13), piece('d', 32), piece('H', 25), piece('m', 61), piece('s', 61)];
    fc.assert(
      fc.property(fc.shuffledSubarray(pieces), fc.integer({ min: 1, max: 9999 }), (chosen, year) => {
        fc.assert(
          fc.property(fc.tuple(...chosen), (parts) => {
            const [letters, text] = [0, 1].map((at) => parts.map((part) => part[at]).join(' '));
            // A year that is said twice is no plain time.
            const once = read(`yyyy ${letters}`, `${year} ${text}`);
            expect(once).toBe(read(`yyyy ${letters} yyyy`, `${year} ${text} ${year}`));
            // Without a year the month or the day is one of 2000.
            if (/[Md]/.test(String(letters)))
              expect(read(String(letters), String(text))).toBe(read(`yyyy ${letters}`, `2000 ${text}`));
          }),
          { seed, numRuns: 20 },
        );
      }),
      { seed, numRuns: 100 },
    );
  });

  test('nothing in a pattern or a text throws anything but a CompileProblem', () => {
    const pattern = fc.stringMatching(/^[GCYxweEyDMdaKhHkmsSzZ'\[\]:\- ]{1,12}$/);
    const text = fc.oneof(fc.stringMatching(/^[0-9A-Za-z+\-:.,/ ]{0,20}$/), fc.string());
    fc.assert(
      fc.property(pattern, text, (written, input) => {
        let parse;
        try {
          parse = compileTimePattern(written, 2026);
        } catch (error) {
          expect(error).toBeInstanceOf(CompileProblem);
          return;
        }
        const ms = parse(input);
        expect(ms === null || !Number.isNaN(ms)).toBe(true);
      }),
      { seed, numRuns: 5000 },
    );
  });
});
