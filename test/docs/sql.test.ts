/** docs/sql.md names every option, format, prompt command and limit as they are. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { register } from '../../cli/commands/sql.ts';
import { formats } from '../../cli/sql/formats.ts';
import { promptHelp } from '../../cli/sql/prompt-commands.ts';
import { defaultQueryLimits } from '../../query/limits.ts';
import { resultFormats } from '../../query/messages.ts';
import { tableRows } from './markdown.ts';

const page = readFileSync(new URL('../../docs/sql.md', import.meta.url), 'utf8');
const rows = tableRows(page);
const mebibyte = 1024 * 1024;

describe('docs/sql.md', () => {
  it('has every option of the command and no other', () => {
    const program = new Command();
    register(program);
    const flags = program.commands[0]?.options.map((option) => option.flags) ?? [];
    const named = rows.flatMap(([first = '']) => /^`(--[^`]+)`$/.exec(first)?.[1] ?? []);
    expect([...named].sort()).toEqual([...flags].sort());
  });

  it('has every format, of the server and of the command', () => {
    const cellOf = (name: string): string => rows.find(([first]) => first === name)?.[1] ?? '';
    for (const format of resultFormats) expect(cellOf('`resultFormat`')).toContain(`\`${format}\``);
    for (const format of formats) expect(cellOf('`--format <format>`')).toContain(`\`${format}\``);
  });

  it('has every command of the prompt', () => {
    const inHelp = [...promptHelp.matchAll(/^ {2}(\\\S+(?: NAME)?)/gm)].map((match) => match[1]);
    const named = rows.flatMap(([first = '']) => /`(\\[^`]+)`/.exec(first)?.[1] ?? []);
    expect([...named].sort()).toEqual([...inHelp].sort());
  });

  it('has the limits as they are', () => {
    const limits = defaultQueryLimits;
    const shown = (value: number): string => value.toLocaleString('en-US');
    for (const row of [
      `| time, when \`timeout\` is not given | ${limits.timeoutMs / 1000} s |`,
      `| time, at most | ${limits.timeoutMaxMs / 1000} s |`,
      `| memory of the SQL engine | ${shown(limits.memoryBytes / mebibyte)} MiB, then ${shown(limits.spillBytesMax / mebibyte)} MiB on disk |`,
      `| rows of an answer | ${shown(limits.rowsMax)} |`,
      `| size of an answer | ${shown(limits.resultBytesMax / mebibyte)} MiB |`,
      `| queries at the same time | ${limits.concurrent}, and ${limits.waiting} that wait |`,
    ])
      expect(page).toContain(row);
  });
});
