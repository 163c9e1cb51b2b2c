/**
 * What `--format` can be. Some are asked of the server and printed as they come, byte for byte; the others are made here
 * from rows, the ones with a limit on how many are shown.
 */
import type { Cell } from './answer-rows.ts';
import { markdownText, tableText, verticalText } from './table.ts';
import type { Rows, TableOptions } from './table.ts';

export const formats = [
  'table',
  'object',
  'json',
  'vertical',
  'csv',
  'tsv',
  'markdown',
  'array',
  'objectLines',
  'arrayLines',
] as const;
export type Format = (typeof formats)[number];

/** The server's name of a format that is printed as it comes; `null` for one made here. */
export function serverFormat(format: Format): string | null {
  switch (format) {
    case 'table':
    case 'vertical':
    case 'markdown':
    case 'tsv':
      return null;
    case 'json':
      return 'object';
    case 'object':
    case 'array':
    case 'objectLines':
    case 'arrayLines':
    case 'csv':
      return format;
  }
}

/** Whether Druid ends an answer in this format with an empty line of its own. */
export function endsWithEmptyLine(serverName: string): boolean {
  return serverName === 'csv' || serverName.endsWith('Lines');
}

export function rowsText(
  format: Format,
  names: readonly string[],
  rows: Rows,
  options: TableOptions,
): string {
  if (format === 'vertical') return verticalText(names, rows, options);
  if (format === 'markdown') return markdownText(names, rows);
  return tableText(names, rows, options);
}

/** As Postgres and ClickHouse escape it, null as `\N`. */
export function tsvLine(cells: readonly Cell[]): string {
  return `${cells.map((cell) => (cell.kind === 'null' ? '\\N' : tsvCell(cell.text))).join('\t')}\n`;
}

function tsvCell(text: string): string {
  return text.replaceAll(/[\\\t\n\r]/g, (char) => `\\${tsvNames[char] ?? char}`);
}

const tsvNames: Readonly<Record<string, string>> = { '\t': 't', '\n': 'n', '\r': 'r' };
