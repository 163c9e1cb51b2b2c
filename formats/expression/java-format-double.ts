/** `%e`, `%f` and `%g` of Java: rounded half up from the shortest digits of the double. */
import { decimalOf, plainDigits, toScale, type Decimal } from './java-decimal.ts';

/** No double has digits further behind the point; more places are zeros. */
const deepestPlace = 400;

/** Digits of a finite number that is not negative. `precision` null: not given. */
export function doubleDigits(style: 'e' | 'f' | 'g', value: number, precision: number | null): string {
  if (style === 'f') return fixed(decimalOf(value), precision ?? 6);
  if (style === 'e') return scientific(value, precision ?? 6);
  return general(value, precision === null ? 6 : Math.max(1, precision));
}

function fixed(value: Decimal, places: number): string {
  const shown = Math.min(places, deepestPlace);
  return plainDigits(toScale(value, shown)) + '0'.repeat(places - shown);
}

function scientific(value: number, places: number): string {
  const decimal = decimalOf(value);
  let exponent = exponentOf(decimal);
  let digits = fixed({ units: decimal.units, scale: decimal.scale + exponent }, places);
  if (digits.startsWith('10')) {
    exponent += 1;
    digits = fixed({ units: decimal.units, scale: decimal.scale + exponent }, places);
  }
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** The power of ten of the first digit; zero has none. */
function exponentOf({ units, scale }: Decimal): number {
  return units === 0n ? 0 : String(units).length - 1 - scale;
}

function general(value: number, precision: number): string {
  const decimal = decimalOf(value);
  if (value === 0) return fixed(decimal, precision - 1);
  const exponent = exponentOf(decimal);
  const rounded = toScale(decimal, Math.min(precision, deepestPlace) - 1 - exponent);
  const size = Number(`${rounded.units}e${-rounded.scale}`);
  if (size < 1e-4 || size >= 10 ** precision) return scientific(value, precision - 1);
  return fixed(decimal, precision - 1 - exponentOf(decimalOf(size)));
}
