/**
 * A text record as Druid's text readers see it: UTF-8 with U+FFFD for what is malformed, one row per line.
 *
 * A line ends with LF or CR LF; a CR alone is part of the line, and the end of the last line may be missing. Quotes do not
 * hold lines together: a line is read by itself, and a broken one spoils no other (golden vectors, area text).
 */
import { maxRecordBytes } from './input-reader.ts';
import { javaUtf8 } from './java-charsets.ts';

/** A record of nothing but line ends would be as many rows as bytes. */
export const maxLines = 200_000;

export type Lines = { readonly lines: readonly string[] } | { readonly problem: string };

export function linesOf(value: Uint8Array): Lines {
  if (value.byteLength > maxRecordBytes)
    return { problem: `record has ${value.byteLength} bytes; at most ${maxRecordBytes} are read` };
  const text = javaUtf8(value);
  const lines: string[] = [];
  for (let start = 0; start < text.length;) {
    if (lines.length === maxLines) return { problem: `record has more than ${maxLines} lines` };
    const end = text.indexOf('\n', start);
    if (end < 0) {
      lines.push(text.slice(start));
      break;
    }
    lines.push(text.slice(start, end > start && text.charCodeAt(end - 1) === carriageReturn ? end - 1 : end));
    start = end + 1;
  }
  return { lines };
}

const carriageReturn = 13;
