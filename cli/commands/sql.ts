/** `headgate sql "SELECT ..."`: one statement, from the arguments or from standard input. */
import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import type { Command } from 'commander';
import { ApiClient, clientCommand } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { print, printTable } from '../output.ts';

const formats = ['table', 'object', 'array', 'objectLines', 'arrayLines', 'csv'] as const;

type Options = ClientOptions & {
  readonly format: (typeof formats)[number];
  readonly header?: boolean;
  readonly timeout?: string;
};

export function register(program: Command): void {
  clientCommand(program, 'sql', 'run one SQL query')
    .argument('[statement...]', 'the statement; from standard input without')
    .addOption(new Option('--format <format>', 'how to print the rows').choices(formats).default('table'))
    .option('--header', 'column names first (always with table)')
    .option('--timeout <ms>', 'stop the query after so many milliseconds')
    .action(async (words: string[], options: Options) => {
      const query = words.length === 0 || words[0] === '-' ? readFileSync(0, 'utf8') : words.join(' ');
      const format = options.json ? 'object' : options.format;
      const body = {
        query,
        resultFormat: format === 'table' ? 'array' : format,
        header: format === 'table' || options.header === true,
        context: options.timeout === undefined ? {} : { timeout: options.timeout },
      };
      const text = await new ApiClient(options).text('POST', '/druid/v2/sql', JSON.stringify(body));
      if (format !== 'table') return print(text.replace(/\n\n$/, '\n'));
      const [head, ...rows] = parseKeepingDigits(text);
      printTable(
        (head ?? []).map(String),
        rows.map((row) => row.map((cell) => (cell === null ? null : String(cell)))),
      );
      process.stderr.write(`${rows.length} row${rows.length === 1 ? '' : 's'}\n`);
    });
}

/** Whole numbers beyond 2^53 become strings: here they are only shown. */
export function parseKeepingDigits(text: string): unknown[][] {
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  return JSON.parse(quoted) as unknown[][];
}
