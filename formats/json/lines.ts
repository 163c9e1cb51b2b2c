/** The lines of a record as bytes, so that one that is not UTF-8 spoils no other. A line ends with LF or CR LF. */
import { maxLines } from '../text-lines.ts';

const newline = 10;
const carriageReturn = 13;

/** Null: more than `maxLines`. */
export function byteLines(value: Uint8Array): readonly Uint8Array[] | null {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < value.length;) {
    if (lines.length === maxLines) return null;
    const found = value.indexOf(newline, start);
    const end = found < 0 ? value.length : found;
    const hasReturn = found > start && value[found - 1] === carriageReturn;
    lines.push(value.subarray(start, hasReturn ? end - 1 : end));
    start = end + 1;
  }
  return lines;
}
