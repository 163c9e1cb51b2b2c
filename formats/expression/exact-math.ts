/**
 * `exp`, `log`, `log10`, `pow` and `hypot`, rounded correctly but for one case in many millions: JavaScript's own are off in
 * the last digit at times, and not where Java's are. A row that is made twice, or in Druid, must not differ.
 *
 * Computed with pairs of doubles, which hold about 106 bits.
 */

/** The sum of both; the second is smaller than half a unit of the first. */
type Pair = readonly [number, number];

function sum(left: number, right: number): Pair {
  const total = left + right;
  const part = total - left;
  return [total, left - (total - part) + (right - part)];
}

const splitter = 134_217_729;

function product(left: number, right: number): Pair {
  const total = left * right;
  const [leftHigh, leftLow] = split(left);
  const [rightHigh, rightLow] = split(right);
  const error = leftHigh * rightHigh - total + leftHigh * rightLow + leftLow * rightHigh + leftLow * rightLow;
  return [total, error];
}

function split(value: number): Pair {
  const scaled = splitter * value;
  const high = scaled - (scaled - value);
  return [high, value - high];
}

function add([high, low]: Pair, [otherHigh, otherLow]: Pair): Pair {
  const [total, error] = sum(high, otherHigh);
  return sum(total, error + low + otherLow);
}

function multiply([high, low]: Pair, [otherHigh, otherLow]: Pair): Pair {
  const [total, error] = product(high, otherHigh);
  return sum(total, error + high * otherLow + low * otherHigh);
}

function divide(left: Pair, right: Pair): Pair {
  const first = left[0] / right[0];
  const rest = add(left, multiply(right, [-first, 0]));
  return sum(first, rest[0] / right[0]);
}

const ln2: Pair = [0.6931471805599453, 2.3190468138462996e-17];
const ln10: Pair = [2.302585092994046, -2.1707562233822494e-16];

/** Of a pair from -746 to 710, without the power of two that makes it large or small. */
function expOf(value: Pair): { readonly pair: Pair; readonly power: number } {
  const power = Math.round(value[0] / ln2[0]);
  const rest = add(value, multiply(ln2, [-power, 0]));
  // Small enough for ten terms, then squared back.
  const halvings = 10;
  const small: Pair = [rest[0] / 2 ** halvings, rest[1] / 2 ** halvings];
  let term: Pair = [1, 0];
  let total: Pair = [0, 0];
  for (let at = 1; at <= 10; at += 1) {
    term = divide(multiply(term, small), [at, 0]);
    total = add(total, term);
  }
  // `exp(2x) - 1 = (exp(x) - 1) * (exp(x) + 1)`: keeps the digits that adding 1 would cost.
  for (let at = 0; at < halvings; at += 1) total = multiply(total, add(total, [2, 0]));
  return { pair: add(total, [1, 0]), power };
}

/** Of a finite number above zero. */
function logOf(value: number): Pair {
  const scale = value < 2 ** -1000 ? 2 ** 100 : 1;
  const scaled = value * scale;
  const guess = Math.log(scaled);
  const { pair, power } = expOf([-guess, 0]);
  // Close to 1; its distance from 1 is what the guess lacks.
  const [high, low] = split2(scaled, power);
  const lack = add(multiply(pair, [high, low]), [-1, 0]);
  const correction = add(lack, multiply(multiply(lack, lack), [-0.5, 0]));
  const result = add([guess, 0], correction);
  return scale === 1 ? result : add(result, multiply(ln2, [-100, 0]));
}

/** Times a power of two, in two steps that stay within the range. */
function split2(value: number, power: number): Pair {
  const half = Math.trunc(power / 2);
  return [value * 2 ** half * 2 ** (power - half), 0];
}

function rounded({ pair, power }: { readonly pair: Pair; readonly power: number }): number {
  const value = pair[0] + pair[1];
  if (power > 1000) return value * 2 ** 1000 * 2 ** (power - 1000);
  return power < -1000 ? value * 2 ** (power + 1000) * 2 ** -1000 : value * 2 ** power;
}

export function exp(value: number): number {
  if (!(Math.abs(value) < 708)) return Math.exp(value);
  return value === 0 ? 1 : rounded(expOf([value, 0]));
}

export function log(value: number): number {
  if (!(value > 0) || value === Infinity || value === 1) return Math.log(value);
  const [high, low] = logOf(value);
  return high + low;
}

export function log10(value: number): number {
  if (!(value > 0) || value === Infinity || value === 1) return Math.log10(value);
  const [high, low] = divide(logOf(value), ln10);
  return high + low;
}

export function pow(base: number, exponent: number): number {
  const plain = base ** exponent;
  const size = Math.abs(base);
  // Nothing to round: no number, zero or infinity, one, or the number itself.
  if (!Number.isFinite(plain) || plain === 0 || size === 1 || exponent === 1 || exponent === 0) return plain;
  if (!Number.isFinite(base) || !Number.isFinite(exponent)) return plain;
  const power = multiply(logOf(size), [exponent, 0]);
  if (Math.abs(power[0]) > 708) return plain;
  const result = rounded(expOf(power));
  return plain < 0 ? -result : result;
}

export function hypot(left: number, right: number): number {
  const plain = Math.hypot(left, right);
  if (!Number.isFinite(plain) || plain === 0 || plain > 1e150 || plain < 1e-140) return plain;
  const [high, low] = add(product(left, left), product(right, right));
  const root = Math.sqrt(high);
  // One step of Newton's method.
  const rest = add([high, low], multiply([root, 0], [-root, 0]));
  return root + rest[0] / (2 * root);
}
