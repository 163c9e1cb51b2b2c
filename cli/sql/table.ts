/**
 * Rows as a table that fits a width: numbers on the right, numbers and times never cut, long texts cut with `…`, widest first. Columns
 * that cannot all be shown at all are shown below each other instead, row by row, whole.
 */
import type { Cell } from './answer-rows.ts';
import { cutToWidth, displayWidth, printable } from './display-width.ts';

export type TableOptions = {
  /** Columns of the terminal; `null` cuts nothing. */
  readonly width: number | null;
  /** How nulls are told from the text `null` on a terminal. */
  readonly dim: (text: string) => string;
};

export type Rows = readonly (readonly Cell[])[];

/** A text column is not cut below this: less says nothing. */
const narrowest = 8;

export function tableText(names: readonly string[], rows: Rows, options: TableOptions): string {
  const heads = names.map(printable);
  const isNumber = names.map((_, at) => isNumberColumn(rows, at));
  const inCells = heads.map((_, at) => widestCell(rows, at));
  const wanted = heads.map((head, at) => Math.max(displayWidth(head), inCells[at] ?? 0));
  const least = inCells.map((width, at) => (isNumber[at] || isTimeColumn(rows, at) ? width : 0));
  const widths = options.width === null ? wanted : fit(wanted, least, options.width);
  if (widths === null) return verticalText(names, rows, options);
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${widths.map((width) => '─'.repeat(width + 2)).join(middle)}${right}`;
  const line = (cells: readonly string[]): string => `│ ${cells.join(' │ ')} │`;
  return [
    rule('┌', '┬', '┐'),
    line(heads.map((head, at) => placed(head, widths[at] ?? 0, isNumber[at] === true))),
    rule('├', '┼', '┤'),
    ...rows.map((row) => line(widths.map((width, at) => cellText(row[at], width, isNumber[at], options)))),
    rule('└', '┴', '┘'),
    '',
  ].join('\n');
}

/** `name │ value` lines, whole values; `first` is the number of the first row. */
export function verticalText(names: readonly string[], rows: Rows, options: TableOptions, first = 1): string {
  const heads = names.map(printable);
  const width = Math.max(0, ...heads.map(displayWidth));
  const lines: string[] = [];
  rows.forEach((row, index) => {
    lines.push(`─ row ${first + index} ${'─'.repeat(Math.max(3, width - 4))}`);
    heads.forEach((head, at) => {
      const cell = row[at];
      const text = printable(cell?.text ?? '');
      lines.push(`${padded(head, width)} │ ${cell?.kind === 'null' ? options.dim(text) : text}`);
    });
  });
  return lines.map((line) => `${line}\n`).join('');
}

/** GitHub's tables. */
export function markdownText(names: readonly string[], rows: Rows): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const escaped = (text: string): string => printable(text).replaceAll('|', '\\|');
  return [
    line(names.map(escaped)),
    line(names.map((_, at) => (isNumberColumn(rows, at) ? '---:' : '---'))),
    ...rows.map((row) => line(row.map((cell) => escaped(cell.text)))),
  ].join('');
}

function isNumberColumn(rows: Rows, at: number): boolean {
  let found = false;
  for (const row of rows) {
    const kind = row[at]?.kind ?? 'null';
    if (kind === 'number') found = true;
    else if (kind !== 'null') return false;
  }
  return found;
}

/** Half a time says nothing. */
function isTimeColumn(rows: Rows, at: number): boolean {
  const cells = rows.map((row) => row[at]).filter((cell) => cell !== undefined && cell.kind !== 'null');
  return cells.length > 0 && cells.every((cell) => isoTime.test(cell?.text ?? ''));
}

const isoTime = /^\d{4}-\d\d-\d\d(T[\d:.]{5,20}(Z|[+-]\d\d:\d\d)?)?$/;

function widestCell(rows: Rows, at: number): number {
  let width = 0;
  for (const row of rows) width = Math.max(width, displayWidth(printable(row[at]?.text ?? '')));
  return width;
}

/** Widths that fit, `null` when there are none: texts share what numbers leave, and short ones give to long ones. */
function fit(wanted: readonly number[], least: readonly number[], width: number): number[] | null {
  const room = width - 1 - 3 * wanted.length;
  const widths = (most: number): number[] =>
    wanted.map((one, at) => Math.max(Math.min(one, most), least[at] ?? 0));
  const fits = (most: number): boolean => widths(most).reduce((sum, one) => sum + one, 0) <= room;
  let [low, high] = [narrowest, Math.max(narrowest, ...wanted)];
  if (!fits(low)) return null;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return widths(low);
}

function cellText(
  cell: Cell | undefined,
  width: number,
  onRight: boolean | undefined,
  options: TableOptions,
): string {
  const text = placed(printable(cell?.text ?? ''), width, onRight === true);
  return cell?.kind === 'null' ? options.dim(text) : text;
}

function placed(text: string, width: number, onRight: boolean): string {
  const shown = cutToWidth(text, width);
  return onRight ? `${' '.repeat(Math.max(0, width - displayWidth(shown)))}${shown}` : padded(shown, width);
}

function padded(text: string, width: number): string {
  return `${text}${' '.repeat(Math.max(0, width - displayWidth(text)))}`;
}
