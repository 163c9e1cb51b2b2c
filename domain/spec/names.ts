/**
 * Which texts may be names: of data sources and supervisors (druid.md 1.2, reliability.md S6) and of columns.
 *
 * Every check answers what is wrong in words that finish "expected ...", or null.
 */
import { pathPart } from '../ids.ts';

/** Of the encoded form: with what task ids add, one part of a path stays below the 255 bytes of file systems. */
const nameBytesMax = 200;
const columnBytesMax = 1000;

/** Kafka's own rule for topics. */
const topicPattern = /^[A-Za-z0-9._-]{1,249}$/;

/** Data sources and supervisor ids become paths, workflow ids and SQL names; no two names may look the same. */
export function nameComplaint(name: string): string | null {
  if (name === '') return 'a name that is not empty';
  if (pathPart(name).length > nameBytesMax)
    return `a name of at most ${nameBytesMax} bytes; each that is not a letter, digit, '_' or '-' counts for three`;
  if (name.startsWith('.')) return 'a name that does not begin with a dot';
  if (/[/\\]/.test(name)) return 'a name without slashes and backslashes';
  if (/[^\S ]/.test(name)) return 'a name without white space other than plain spaces';
  if (name.startsWith(' ') || name.endsWith(' ')) return 'a name without spaces at its ends';
  if (/[\p{Cc}\p{Cf}\p{Co}\ufff0-\uffff]/u.test(name) || /[\ud800-\udfff]/.test(name))
    return 'a name without control, invisible, private and surrogate characters';
  if (name !== name.normalize('NFC')) return 'a name in Unicode normal form C';
  return null;
}

/** Columns may have any visible name; NUL and halves of characters break files and SQL. */
export function columnComplaint(name: string): string | null {
  if (name === '') return 'a name that is not empty';
  if (utf8Length(name) > columnBytesMax) return `a name of at most ${columnBytesMax} bytes of UTF-8`;
  if (/\p{Cc}/u.test(name)) return 'a name without control characters';
  if (!isWellFormed(name)) return 'a name of whole Unicode characters';
  return null;
}

export function topicComplaint(name: string): string | null {
  if (topicPattern.test(name) && name !== '.' && name !== '..') return null;
  return "a topic name of Kafka: 1 to 249 of letters, digits, '.', '_' and '-'";
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** With the u flag a pair is one character, so only a half matches. */
function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}
