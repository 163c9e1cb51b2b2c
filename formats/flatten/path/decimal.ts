/**
 * Decimal numbers of any length, as filters compare them: exactly, and as Java's BigDecimal prints them.
 *
 * All work is linear in the digits: nothing is ever written out to the size of its exponent.
 */
export type Decimal = {
  readonly negative: boolean;
  /** Without leading zeros; '' is zero. */
  readonly digits: string;
  /** How many of the digits stand behind the point; negative for zeros before it. */
  readonly scale: number;
};

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/;
const intMax = 2_147_483_647;

/** Null when the text is no decimal number. */
export function decimalOf(text: string): Decimal | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole.length + fraction.length === 0) return null;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(Number(exponent)) > intMax || Math.abs(scale) > intMax) return null;
  return { negative: sign === '-', digits: (whole + fraction).replace(/^0+/, ''), scale };
}

/** Below zero, zero or above, by value: 1.0 is 1. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  const leftSign = signOf(left);
  if (leftSign !== signOf(right)) return leftSign - signOf(right);
  return leftSign === 0 ? 0 : leftSign * compareSizes(left, right);
}

function signOf({ digits, negative }: Decimal): number {
  return digits === '' ? 0 : negative ? -1 : 1;
}

function compareSizes(left: Decimal, right: Decimal): number {
  const places = left.digits.length - left.scale - (right.digits.length - right.scale);
  if (places !== 0) return places;
  const length = Math.max(left.digits.length, right.digits.length);
  const [one, other] = [left.digits.padEnd(length, '0'), right.digits.padEnd(length, '0')];
  return one === other ? 0 : one < other ? -1 : 1;
}

/** `BigDecimal.toString()`. */
export function decimalText({ negative, digits, scale }: Decimal): string {
  const unscaled = digits === '' ? '0' : digits;
  const sign = negative && digits !== '' ? '-' : '';
  if (scale === 0) return sign + unscaled;
  const exponent = unscaled.length - 1 - scale;
  if (scale > 0 && exponent >= -6) {
    const padded = unscaled.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const fraction = unscaled.length > 1 ? `.${unscaled.slice(1)}` : '';
  return `${sign}${unscaled.charAt(0)}${fraction}E${exponent >= 0 ? '+' : ''}${exponent}`;
}
