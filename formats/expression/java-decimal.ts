/** Decimal digits of doubles and longs: `BigDecimal.setScale(HALF_UP)` and the digits that `%f` and `%e` print. */
import { doubleText } from '../../domain/double-text.ts';
import { wrapped, type Long } from './java-long.ts';

/** `units * 10 ** -scale`. */
export type Decimal = { readonly units: bigint; readonly scale: number };

/** By the shortest text of the double, as `BigDecimal.valueOf`. For finite numbers. */
export function decimalOf(value: number): Decimal {
  const [mantissa = '', exponent = '0'] = doubleText(value).split('E');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { units: BigInt(whole + fraction), scale: fraction.length - Number(exponent) };
}

/** To `scale` places, halves away from zero. More places only add zeros. */
export function toScale({ units, scale }: Decimal, wanted: number): Decimal {
  if (wanted >= scale) return { units: units * 10n ** BigInt(wanted - scale), scale: wanted };
  const dropped = scale - wanted;
  // Nothing of it can be left, however large a power of ten that would be.
  if (dropped > String(units).length + 1) return { units: 0n, scale: wanted };
  const unit = 10n ** BigInt(dropped);
  const size = units < 0n ? -units : units;
  const rounded = (size * 2n + unit) / (unit * 2n);
  return { units: units < 0n ? -rounded : rounded, scale: wanted };
}

/** Digits with a point, `scale` of them behind it. */
export function plainDigits({ units, scale }: Decimal): string {
  const sign = units < 0n ? '-' : '';
  const digits = String(units < 0n ? -units : units);
  if (scale <= 0) return `${sign}${digits}${units === 0n ? '' : '0'.repeat(-scale)}`;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

export function roundDouble(value: number, places: number): number {
  if (Number.isNaN(value)) return 0;
  if (!Number.isFinite(value)) return value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
  const decimal = decimalOf(value);
  if (places >= decimal.scale) return value === 0 ? 0 : value;
  const { units, scale } = toScale(decimal, places);
  return units === 0n ? 0 : Number(`${units}e${-scale}`);
}

/** Beyond 64 bits the lowest are kept, as in Druid. */
export function roundLong(value: Long, places: number): Long {
  if (places >= 0) return value;
  const { units, scale } = toScale({ units: BigInt(value), scale: 0 }, places);
  const rounded = units === 0n ? 0n : units * 10n ** BigInt(-scale);
  return wrapped(rounded);
}
