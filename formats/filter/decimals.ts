/** Decimal numbers as texts, compared exactly whatever their exponents: nothing is ever written out. */
type Decimal = {
  readonly sign: -1 | 0 | 1;
  /** Without zeros at the ends; the point is before the first. */
  readonly digits: string;
  readonly exponent: number;
};

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/;

function decimalOf(text: string): Decimal | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole.length + fraction.length === 0) return null;
  const all = whole + fraction;
  const leading = /^0*/.exec(all)?.[0].length ?? 0;
  const digits = withoutEndZeros(all.slice(leading));
  if (digits === '') return { sign: 0, digits, exponent: 0 };
  return { sign: sign === '-' ? -1 : 1, digits, exponent: Number(exponent) + whole.length - leading };
}

/** Not by a pattern: one that begins anew at each zero takes quadratic time. */
function withoutEndZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end -= 1;
  return digits.slice(0, end);
}

/** Null: neither is a number. One that is none comes first. */
export function compareDecimals(left: string, right: string): number | null {
  const [one, other] = [decimalOf(left), decimalOf(right)];
  if (one === null || other === null) return one === other ? null : one === null ? -1 : 1;
  if (one.sign !== other.sign) return one.sign - other.sign;
  return one.sign * compareSizes(one, other);
}

function compareSizes(left: Decimal, right: Decimal): number {
  if (left.exponent !== right.exponent) return left.exponent - right.exponent;
  return left.digits < right.digits ? -1 : left.digits > right.digits ? 1 : 0;
}
