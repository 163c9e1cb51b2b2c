/**
 * Doubles and floats as Java prints them, and so Druid: the shortest digits that read back, always with a fraction
 * (`Double.toString` of Java 19 and later; JDK-4511638).
 */

/** 0.001 up to 10^7 in plain digits, else one digit, a point and an exponent: `1.0E10`. */
export function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return withFraction(String(value));
  const shortest = value.toExponential();
  // One digit only: Java gives the two-digit number nearest to the value (4.9E-324, not 5.0E-324).
  const [digits = '', exponent = ''] = (shortest.includes('.') ? shortest : value.toExponential(1)).split(
    'e',
  );
  return `${withFraction(digits)}E${Number(exponent)}`;
}

function withFraction(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`;
}

/** The same for a 32-bit float, given as the double of its value. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  for (let digits = 1; digits < 9; digits += 1) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return doubleText(shorter);
  }
  return doubleText(Number(value.toPrecision(9)));
}
