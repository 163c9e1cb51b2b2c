/** The parts of `java.lang.Math` that work on the bits of a double. */

const view = new DataView(new ArrayBuffer(8));

function bits(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigInt64(0);
}

function ofBits(value: bigint): number {
  view.setBigInt64(0, value);
  return view.getFloat64(0);
}

export function copySign(size: number, sign: number): number {
  return Object.is(sign, -0) || sign < 0 ? -Math.abs(size) : Math.abs(size);
}

/** `Math.getExponent`: 1024 for NaN and the infinities, -1023 for zero and what is smaller than normal. */
export function exponentOf(value: number): number {
  return Number((bits(value) >> 52n) & 0x7ffn) - 1023;
}

/** The neighbour in the direction of `towards`. */
export function nextAfter(from: number, towards: number): number {
  if (Number.isNaN(from) || Number.isNaN(towards)) return NaN;
  if (from === towards) return towards;
  if (from === 0) return towards > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE;
  return ofBits(bits(from) + (from < towards === from > 0 ? 1n : -1n));
}

export function ulp(value: number): number {
  const size = Math.abs(value);
  if (!Number.isFinite(size)) return size;
  return size === Number.MAX_VALUE ? 2 ** 971 : nextAfter(size, Infinity) - size;
}

/** To the nearest whole number, halves to the even one; keeps the sign of zero. */
export function rint(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 52) return value;
  const below = Math.floor(value);
  const fraction = value - below;
  const isUp = fraction > 0.5 || (fraction === 0.5 && below % 2 !== 0);
  return copySign(isUp ? below + 1 : below, value);
}

/** IEEE 754: `dividend - divisor * n` for the `n` nearest to the exact quotient, the even one of two. */
export function ieeeRemainder(dividend: number, divisor: number): number {
  if (Number.isNaN(dividend) || Number.isNaN(divisor) || !Number.isFinite(dividend) || divisor === 0)
    return NaN;
  if (!Number.isFinite(divisor)) return dividend;
  const size = Math.abs(divisor);
  // Exact: below twice the divisor, so that one bit of the quotient is kept; a divisor too large for that needs none.
  let rest = size <= Number.MAX_VALUE / 2 ? Math.abs(dividend) % (size * 2) : Math.abs(dividend);
  const half = size / 2;
  if (size < 2 ** -1021) {
    if (rest + rest > size) rest = afterHalf(rest, size, (left) => left + left >= size);
  } else if (rest > half) rest = afterHalf(rest, size, (left) => left >= half);
  if (rest === 0) return copySign(0, dividend);
  return copySign(1, dividend) < 0 ? -rest : rest;
}

function afterHalf(rest: number, size: number, isStillHalf: (rest: number) => boolean): number {
  const once = rest - size;
  return isStillHalf(once) ? once - size : once;
}

/** `value * 2 ** by`. The odd part goes first: when that step rounds, the later ones only make zero of it. */
export function scalb(value: number, by: number): number {
  const power = Math.max(-2099, Math.min(2099, by));
  const odd = power % 512;
  let result = value * 2 ** odd;
  for (let left = Math.abs(power - odd); left > 0; left -= 512) result *= 2 ** (power > 0 ? 512 : -512);
  return result;
}
