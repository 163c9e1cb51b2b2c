/**
 * Joda-Time's DateTimeFormat patterns, compiled to a parse function (golden vectors, `ts-joda`).
 *
 * Letters: `G C Y x w e E y D M d a K h H k m s S z Z`. Quotes and everything that is no letter stand for themselves, so do `[`
 * and `]`. Fields the pattern does not name are those of 1970-01-01T00:00:00 UTC, or of the year 2000 when the text has a month or a day and
 * no year. Text that is left over is an error.
 */
import { instantOfLocal, localExists, timeZone } from '../../domain/time-zones.ts';
import { CompileProblem } from '../compile-problem.ts';
import { fields, inOrderOfSetting, needsYear, yearOfYearless, type Field } from './fields.ts';
import {
  fractionStep,
  literalStep,
  numberStep,
  twoDigitYearStep,
  wordStep,
  type Cursor,
  type Step,
} from './steps.ts';
import { plainTime } from './plain-time.ts';
import { readTokens, type Token } from './tokens.ts';
import { dayWords, eraWords, halfdayWords, monthWords } from './words.ts';
import { offsetStep, zoneIdStep, zoneNameStep } from './zone-steps.ts';

/** Milliseconds, or null when the text is not as the pattern says. */
export type PatternParser = (text: string) => number | null;

/** `presentYear`: years of two digits are near it. Throws `CompileProblem`. */
export function compileTimePattern(pattern: string, presentYear: number): PatternParser {
  const compiler = new Compiler(readTokens(pattern), presentYear);
  const { steps, order, plain } = compiler.finish();
  const localTime = plain === null ? settingFields(order) : ({ values }: Cursor) => plain(values);
  return (text) => {
    const cursor: Cursor = { text, at: 0, values: [], offsetMs: null, zoneId: null };
    for (const step of steps) if (!step(cursor)) return null;
    return cursor.at === text.length ? instantOf(cursor, localTime(cursor)) : null;
  };
}

type Setting = { readonly field: Field; readonly slot: number };

/** The year of texts without one is in no slot of the text. */
const yearSlot = -1;

/** NaN: a value that its field cannot have. */
function settingFields(order: readonly Setting[]): (cursor: Cursor) => number {
  return (cursor) => {
    let ms = 0;
    for (const { field, slot } of order) ms = field.floor(field.set(ms, valueOf(cursor, slot)));
    order.forEach(({ field, slot }, index) => {
      ms = field.set(ms, valueOf(cursor, slot));
      if (index === order.length - 1) ms = field.floor(ms);
    });
    return ms;
  };
}

function instantOf(cursor: Cursor, ms: number): number | null {
  if (Number.isNaN(ms)) return null;
  if (cursor.offsetMs !== null) return ms - cursor.offsetMs;
  if (cursor.zoneId === null) return ms;
  const zone = timeZone(cursor.zoneId);
  return zone !== null && localExists(zone, ms) ? instantOfLocal(zone, ms) : null;
}

function valueOf(cursor: Cursor, slot: number): number {
  return slot === yearSlot ? yearOfYearless : (cursor.values[slot] ?? Number.NaN);
}

class Compiler {
  readonly #steps: Step[] = [];
  readonly #settings: Setting[] = [];
  readonly #presentYear: number;

  constructor(tokens: readonly Token[], presentYear: number) {
    this.#presentYear = presentYear;
    tokens.forEach((token, index) => {
      if (token.kind === 'literal') this.#steps.push(literalStep(token.text));
      else this.#add(token.letter, token.length, tokens[index + 1]);
    });
  }

  finish(): {
    readonly steps: readonly Step[];
    readonly order: readonly Setting[];
    readonly plain: ReturnType<typeof plainTime>;
  } {
    const order = [...this.#settings].sort((left, right) => inOrderOfSetting(left.field, right.field));
    const [first] = order;
    return {
      steps: this.#steps,
      plain: plainTime(this.#settings.map(({ field }) => field)),
      order:
        first !== undefined && needsYear(first.field)
          ? [{ field: fields.year, slot: yearSlot }, ...order]
          : order,
    };
  }

  #add(letter: string, length: number, next: Token | undefined): void {
    switch (letter) {
      case 'y':
        return this.#year(fields.year, length, next);
      case 'Y':
        return this.#year(length === 2 ? fields.year : fields.yearOfEra, length, next);
      case 'x':
        return this.#year(fields.weekYear, length, next);
      case 'M':
        if (length < 3) return this.#number(fields.month, length, 2);
        return this.#word(fields.month, monthWords);
      case 'E':
        return this.#word(fields.dayOfWeek, dayWords);
      case 'G':
        return this.#word(fields.era, eraWords);
      case 'a':
        return this.#word(fields.halfday, halfdayWords);
      case 'C':
        return this.#field(fields.century, (slot) => numberStep(slot, length, 'signed'));
      case 'S':
        return this.#field(fields.millisecond, (slot) => fractionStep(slot, length));
      case 'Z':
        this.#steps.push(length < 3 ? offsetStep : zoneIdStep);
        return;
      case 'z':
        if (length > 3)
          throw new CompileProblem('a pattern that can be read: "zzzz" can only be printed', {
            remedy: 'use z for names such as PST, ZZZ for Europe/Berlin, Z for +0100',
          });
        this.#steps.push(zoneNameStep);
        return;
      default:
        return this.#plainNumber(letter, length);
    }
  }

  #plainNumber(letter: string, length: number): void {
    const found = plainNumbers[letter];
    if (found === undefined)
      throw new CompileProblem(
        `a pattern of Joda-Time's letters (G C Y x w e E y D M d a K h H k m s S z Z); "${letter}" is none`,
        { remedy: `put words in quotes: '${letter}'` },
      );
    this.#number(found.field, length, found.digits);
  }

  #year(field: Field, length: number, next: Token | undefined): void {
    const beforeNumber = next?.kind === 'letters' && next.isNumber;
    if (length === 2)
      return this.#field(field, (slot) =>
        twoDigitYearStep(slot, this.#presentYear, beforeNumber ? 'two' : 'any'),
      );
    const digits = beforeNumber ? length : Math.max(9, length);
    const sign = field === fields.yearOfEra ? 'unsigned' : 'signed';
    this.#field(field, (slot) => numberStep(slot, digits, sign));
  }

  #number(field: Field, length: number, digits: number): void {
    this.#field(field, (slot) => numberStep(slot, Math.max(length, digits), 'unsigned'));
  }

  #word(field: Field, words: ReadonlyMap<string, number>): void {
    this.#field(field, (slot) => wordStep(slot, words));
  }

  #field(field: Field, step: (slot: number) => Step): void {
    const slot = this.#settings.length;
    this.#settings.push({ field, slot });
    this.#steps.push(step(slot));
  }
}

const plainNumbers: { readonly [letter: string]: { readonly field: Field; readonly digits: number } } = {
  d: { field: fields.dayOfMonth, digits: 2 },
  D: { field: fields.dayOfYear, digits: 3 },
  e: { field: fields.dayOfWeek, digits: 1 },
  w: { field: fields.week, digits: 2 },
  H: { field: fields.hour, digits: 2 },
  k: { field: fields.clockhour, digits: 2 },
  K: { field: fields.hourOfHalfday, digits: 2 },
  h: { field: fields.clockhourOfHalfday, digits: 2 },
  m: { field: fields.minute, digits: 2 },
  s: { field: fields.second, digits: 2 },
};
