/** What a line that begins with `\` does at the prompt. */
import { formats } from './formats.ts';
import type { Format } from './formats.ts';
import type { SqlParameter } from './sql-client.ts';

export type PromptCommand =
  | { readonly kind: 'leave' }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'toggleTiming' }
  | { readonly kind: 'setFormat'; readonly format: Format }
  | {
      readonly kind: 'query';
      readonly statement: string;
      readonly parameters: readonly SqlParameter[];
      readonly ifEmpty: string;
    };

export const promptHelp = `A statement ends with ; and may have several lines.

  \\d              data sources and system tables
  \\d NAME         columns of a table, such as \\d clicks or \\d sys.segments
  \\format NAME    how rows are shown: ${formats.join(', ')}
  \\timing         show or hide how long a query took
  \\?              this help
  \\q              leave (also Ctrl-D)

Tab completes, Ctrl-C stops the query that runs or throws away what is typed, arrow up brings back what was typed before.
A statement that begins with a space is not kept in the history.`;

/** \`null\`: no command, the line is SQL. */
export function readCommand(line: string): PromptCommand | null {
  const text = line.trim().replace(/;$/, '').trimEnd();
  if (/^(exit|quit)$/i.test(text)) return { kind: 'leave' };
  if (/^help$/i.test(text)) return { kind: 'say', text: promptHelp };
  if (!text.startsWith('\\')) return null;
  const [name = '', argument = ''] = text.split(/\s+(.*)/s);
  switch (name) {
    case '\\q':
      return { kind: 'leave' };
    case '\\?':
    case '\\h':
      return { kind: 'say', text: promptHelp };
    case '\\timing':
      return { kind: 'toggleTiming' };
    case '\\d':
      return argument === '' ? listTables : describeTable(argument);
    case '\\format':
      return setFormat(argument);
    default:
      return { kind: 'say', text: `${name}: no such command; \\? lists them` };
  }
}

const listTables: PromptCommand = {
  kind: 'query',
  statement:
    'select TABLE_SCHEMA as "schema", TABLE_NAME as "name" from INFORMATION_SCHEMA.TABLES order by 1, 2',
  parameters: [],
  ifEmpty: 'no tables',
};

/** Names are values here, never part of the statement. */
function describeTable(argument: string): PromptCommand {
  const parts = /^(?:(\w+)\.)?(.+)$/s.exec(argument);
  const name = (parts?.[2] ?? argument).replace(/^"(.*)"$/s, '$1').replaceAll('""', '"');
  const values = [parts?.[1] ?? 'druid', name];
  return {
    kind: 'query',
    statement:
      'select COLUMN_NAME as "column", DATA_TYPE as "type" from INFORMATION_SCHEMA.COLUMNS where TABLE_SCHEMA = ? and TABLE_NAME = ? order by ORDINAL_POSITION',
    parameters: values.map((value) => ({ type: 'VARCHAR', value })),
    ifEmpty: `${argument}: no such table; \\d lists them`,
  };
}

function setFormat(argument: string): PromptCommand {
  const format = formats.find((known) => known.toLowerCase() === argument.toLowerCase());
  if (format !== undefined) return { kind: 'setFormat', format };
  const found = argument === '' ? 'nothing' : JSON.stringify(argument);
  return { kind: 'say', text: `\\format: found ${found}, expected one of ${formats.join(', ')}` };
}
