/** Texts that are whole numbers. */
import { maxLong, minLong, narrow } from './conversions.ts';

/** Null: no decimal integer of 64 bits. */
export function wholeOfText(text: string): number | bigint | null {
  if (!/^[+-]?[0-9]+$/.test(text)) return null;
  const digits = text.replace(/^([+-]?)0+(?=[0-9])/, '$1');
  if (digits.length > 20) return null;
  const long = BigInt(digits.replace(/^\+/, ''));
  return long >= minLong && long <= maxLong ? narrow(long) : null;
}
