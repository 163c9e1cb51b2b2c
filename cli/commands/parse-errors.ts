/** `headgate parse-errors <id>`: the newest records that could not be read, or not in full, and why. */
import type { Command } from 'commander';
import { counted } from '../../domain/explain/moments.ts';
import { ApiClient, clientCommand, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { print, say, tableText } from '../output.ts';
import { cutToWidth, printable } from '../sql/display-width.ts';
import { wholeNumber } from '../whole-number.ts';

type ParseError = {
  readonly input: unknown;
  readonly errorType: string;
  readonly details: readonly string[];
  readonly timeOfExceptionMillis: number;
  readonly partition?: string;
  readonly offset?: string | number;
};

type Options = ClientOptions & { readonly limit: number };

const inputWidth = 50;
const detailsWidth = 60;

export function register(program: Command): void {
  clientCommand(program, 'parse-errors', 'show records that could not be read, and why')
    .argument('<id>', 'supervisor')
    .option('--limit <n>', 'the newest n', wholeNumber(1, 100_000), 20)
    .addHelpText(
      'after',
      [
        '',
        'The server keeps maxSavedParseExceptions of the tuningConfig; with 0, the default, it keeps none. All of them,',
        'whole, go to dead letters if the spec says so: docs/bad-records.md. --json shows inputs in full length.',
        '',
        'Examples:',
        '  headgate parse-errors clicks',
        '  headgate parse-errors clicks --json | jq .[0]',
      ].join('\n'),
    )
    .action(async (id: string, options: Options) => {
      const text = await new ApiClient(options).text('GET', supervisorPath(id, 'parseErrors'));
      if (options.json) return print(text);
      const errors = JSON.parse(text) as ParseError[];
      if (errors.length === 0)
        return print(
          `${id}: no such record is kept; \`headgate stats ${id}\` counts them, and maxSavedParseExceptions above 0 keeps some`,
        );
      print(errorsText(errors.slice(0, options.limit)));
      if (errors.length > options.limit)
        say(`The newest ${options.limit} of ${counted(errors.length, 'record')}; --limit shows more.`);
    });
}

function errorsText(errors: readonly ParseError[]): string {
  return tableText(
    ['at (UTC)', 'partition', 'offset', 'type', 'why', 'record'],
    errors.map((error) => [
      new Date(error.timeOfExceptionMillis).toISOString().slice(0, 19),
      printable(error.partition ?? ''),
      error.offset === undefined ? '' : String(error.offset),
      error.errorType === 'unparseable' ? 'not read' : 'in part',
      error.details.map((detail) => shown(detail, detailsWidth)).join('\n'),
      shown(typeof error.input === 'string' ? error.input : JSON.stringify(error.input), inputWidth),
    ]),
  );
}

function shown(text: string, width: number): string {
  return cutToWidth(printable(text), width);
}
