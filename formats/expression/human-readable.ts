/** Sizes for people: `1.46 KiB`, `9.22 EB`, `1.00 M`. */
import { absLong, divideLong, type Long } from './java-long.ts';
import { decimalOf, plainDigits, toScale } from './java-decimal.ts';

export type UnitSystem = 'binaryByte' | 'decimalByte' | 'decimal';

const binaryUnits = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const decimalUnits = ['K', 'M', 'G', 'T', 'P', 'E'] as const;

export function humanReadable(bytes: Long, precision: number, system: UnitSystem): string {
  if (system === 'binaryByte') return binary(bytes, precision);
  return decimal(bytes, precision, system === 'decimal' ? '' : 'B').trim();
}

function binary(bytes: Long, precision: number): string {
  if (bytes > -1024 && bytes < 1024) return `${bytes} B`;
  const size = absLong(bytes);
  // The smallest long has no positive counterpart; it is eight times 2^60.
  const bits = size < 0 ? 63 : BigInt(size).toString(2).length - 1;
  const unit = Math.floor(bits / 10);
  return `${fixed(Number(bytes) / 2 ** (unit * 10), precision)} ${binaryUnits[unit] ?? ''}B`;
}

/** Three more digits than shown are kept, so the cut below them never shows. */
function decimal(bytes: Long, precision: number, suffix: string): string {
  if (bytes > -1000 && bytes < 1000) return `${bytes} ${suffix}`;
  let left = bytes;
  let unit = 0;
  for (; left <= -1_000_000 || left >= 1_000_000; unit += 1) left = divideLong(left, 1000);
  return `${fixed(Number(left) / 1000, precision)} ${decimalUnits[unit] ?? ''}${suffix}`;
}

function fixed(value: number, places: number): string {
  return plainDigits(toScale(decimalOf(value), places));
}
