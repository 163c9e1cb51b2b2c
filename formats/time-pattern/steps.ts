/**
 * What a pattern reads piece by piece: numbers, words, literals. As Joda-Time's parsers: the longest match of a piece is taken,
 * nothing is tried again.
 */
export type Cursor = {
  readonly text: string;
  at: number;
  /** One value per field of the pattern, in order of appearance. */
  readonly values: number[];
  offsetMs: number | null;
  zoneId: string | null;
};

/** False: the text is not as the pattern says. */
export type Step = (cursor: Cursor) => boolean;

const zero = 48;
const nine = 57;
const plus = 43;
const minus = 45;

export function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

const maxInt = 2_147_483_647;

/** Decimal digits, at most `maxDigits`; a plus sign makes room for one more. */
export function numberStep(slot: number, maxDigits: number, sign: 'signed' | 'unsigned'): Step {
  return (cursor) => {
    const { text } = cursor;
    const first = text.charCodeAt(cursor.at);
    const hasSign =
      sign === 'signed' &&
      (first === plus || first === minus) &&
      Math.min(maxDigits, text.length - cursor.at) > 1 &&
      isDigit(text.charCodeAt(cursor.at + 1));
    const start = hasSign ? cursor.at + 1 : cursor.at;
    const room = hasSign && first === plus ? maxDigits + 1 : maxDigits;
    let at = start;
    let value = 0;
    while (at < text.length && at - start < room && isDigit(text.charCodeAt(at))) {
      value = value * 10 + text.charCodeAt(at) - zero;
      at += 1;
    }
    const signed = hasSign && first === minus ? 0 - value : value;
    if (at === start || signed > maxInt || signed < -maxInt - 1) return false;
    cursor.values[slot] = signed;
    cursor.at = at;
    return true;
  };
}

/**
 * A year of two digits is within 80 years before and 19 after `presentYear`. `any`: other numbers are years as they stand; where
 * another number follows at once, there are always two digits.
 */
export function twoDigitYearStep(slot: number, presentYear: number, width: 'any' | 'two'): Step {
  const low = presentYear - 80;
  const whole = numberStep(slot, maxDigitsOfYear, 'signed');
  return (cursor) => {
    const digits = /^\d\d(?!\d)/.exec(cursor.text.slice(cursor.at, cursor.at + 3));
    const two = width === 'any' ? digits : /^\d\d/.exec(cursor.text.slice(cursor.at, cursor.at + 2));
    if (two === null) return width === 'any' && whole(cursor);
    const short = Number(two[0]);
    const century = Math.floor(low / 100) * 100;
    cursor.values[slot] = century + short < low ? century + 100 + short : century + short;
    cursor.at += 2;
    return true;
  };
}

const maxDigitsOfYear = 1000;

/** Digits of a second, the first the tenths; what is finer than a millisecond is cut. */
export function fractionStep(slot: number, maxDigits: number): Step {
  return (cursor) => {
    const { text, at: start } = cursor;
    let at = start;
    let [value, weight] = [0, 100];
    while (at < text.length && at - start < maxDigits && isDigit(text.charCodeAt(at))) {
      value += Math.floor((text.charCodeAt(at) - zero) * weight);
      weight = Math.floor(weight / 10);
      at += 1;
    }
    cursor.values[slot] = value;
    cursor.at = at;
    return at > start;
  };
}

/** One of the words, as written, in small or in capital letters; the longest that fits. */
export function wordStep(slot: number, words: ReadonlyMap<string, number>): Step {
  const maxLength = Math.max(...[...words.keys()].map((word) => word.length));
  return (cursor) => {
    for (let length = Math.min(maxLength, cursor.text.length - cursor.at); length > 0; length--) {
      const value = words.get(cursor.text.slice(cursor.at, cursor.at + length));
      if (value === undefined) continue;
      cursor.values[slot] = value;
      cursor.at += length;
      return true;
    }
    return false;
  };
}

/** Capital or small letters do not matter. */
export function literalStep(literal: string): Step {
  return (cursor) => {
    const { text, at } = cursor;
    if (text.length - at < literal.length) return false;
    for (let index = 0; index < literal.length; index++)
      if (!sameLetter(text.charAt(at + index), literal.charAt(index))) return false;
    cursor.at += literal.length;
    return true;
  };
}

function sameLetter(left: string, right: string): boolean {
  if (left === right) return true;
  const [upper, other] = [single(left.toUpperCase(), left), single(right.toUpperCase(), right)];
  return upper === other || single(upper.toLowerCase(), upper) === single(other.toLowerCase(), other);
}

/** Java changes one character into one; letters that would become two stay. */
function single(changed: string, original: string): string {
  return changed.length === 1 ? changed : original;
}
