/**
 * How many columns of a terminal a text takes, and text that does nothing to the terminal but show.
 *
 * A cell comes from somebody's records: an escape sequence in it must not move the cursor, and a line break or a change of
 * direction must not tear the table.
 */
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const plain = /^[\x20-\x7e]*$/;
const styles = /\x1b\[[\d;]*m/g;
/** Control characters, line separators, and what changes the direction of text. */
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const joining = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;
/** East Asian wide and full-width blocks. */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
const emoji = /\p{Emoji_Presentation}|\ufe0f/u;

/** Columns on the screen. Colour codes take none. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text.replaceAll(styles, ''))) width += graphemeWidth(segment);
  return width;
}

/** At most `width` columns; what had to be cut ends in `…`. */
export function cutToWidth(text: string, width: number): string {
  // A text of a megabyte is not measured to its end for twenty columns of it.
  const enough = text.length > width * 16 ? text.slice(0, width * 16) : text;
  if (enough === text && displayWidth(text) <= width) return text;
  let used = 0;
  let cut = '';
  for (const { segment } of graphemes.segment(enough)) {
    const next = graphemeWidth(segment);
    if (used + next > width - 1) break;
    used += next;
    cut += segment;
  }
  return width < 1 ? '' : `${cut}…`;
}

/** Control characters as `\n`, `\t` and `\u001b`; everything else as it is. */
export function printable(text: string): string {
  if (plain.test(text)) return text;
  return text.replaceAll(unsafe, (char) => named[char] ?? `\\u${hex(char)}`);
}

/** The same for text of several lines that goes to a terminal as it came: tabs and line breaks stay. */
export function printableLines(text: string): string {
  return text.replaceAll(unsafe, (char) => (/[\t\r\n]/.test(char) ? char : `\\u${hex(char)}`));
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, '0');
}

function graphemeWidth(grapheme: string): number {
  if (plain.test(grapheme)) return grapheme.length;
  if (joining.test(grapheme)) return 0;
  return wide.test(grapheme) || emoji.test(grapheme) ? 2 : 1;
}
