/**
 * One line of csv to its fields, as the RFC 4180 parser that Druid uses takes it, with what that does to broken quotes.
 *
 * A field is quoted only if the quote is its very first character. Such a field ends at a quote that a comma follows; without
 * one it takes the rest of the line. An empty field is null, an empty quoted one is the empty text.
 * Linear: every character is passed at most once by each of the searches below.
 */

const comma = ',';
const quote = '"';

/** At most `limit` fields: what lies beyond the last column is dropped anyway. */
export function csvFields(line: string, limit: number): (string | null)[] {
  const fields = line.includes(quote) ? quotedFields(line, limit) : line.split(comma, limit);
  return fields.map((field) => (field === '' ? null : field.includes(quote) ? unquoted(field) : field));
}

function quotedFields(line: string, limit: number): string[] {
  const fields: string[] = [];
  let at = 0;
  while (at < line.length && fields.length < limit) {
    const end = line.charAt(at) === quote ? quotedEnd(line, at) : commaOrEnd(line, at);
    fields.push(line.slice(at, end));
    at = end + 1;
  }
  if (fields.length < limit && line.endsWith(comma)) fields.push('');
  return fields;
}

function commaOrEnd(line: string, from: number): number {
  const end = line.indexOf(comma, from);
  return end < 0 ? line.length : end;
}

/** Where the field that begins with the quote at `start` ends: a comma's place, or the end of the line. */
function quotedEnd(line: string, start: number): number {
  // No comma at all before the end: not even the quotes are looked at.
  if (!line.includes(comma, start)) return line.length;
  let isInside = false;
  let at = line.indexOf(quote, start + 1);
  while (hasMoreAfter(line, at)) {
    if (!isInside && line.charAt(at + 1) === comma) return at + 1;
    do {
      at = line.indexOf(quote, at + 1);
      isInside = !isInside;
    } while (hasMoreAfter(line, at) && line.charAt(at + 1) === quote);
  }
  return line.length;
}

function hasMoreAfter(line: string, at: number): boolean {
  return at >= 0 && at < line.length - 1;
}

/** A field with a single quote keeps it. The closing quote goes only with an opening one. */
function unquoted(field: string): string {
  let text = field;
  if (text.startsWith(quote) && text.indexOf(quote, 1) >= 0) {
    text = text.slice(1);
    if (text.endsWith(quote)) text = text.slice(0, -1);
  }
  return text.replaceAll('""', quote);
}
