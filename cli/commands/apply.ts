/** `headgate apply -f spec.json`: the server validates; a spec with problems changes nothing. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { ApiClient, clientCommand } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { print, printJson, say } from '../output.ts';
import { readSpecFile } from '../spec-files.ts';

type Applied = {
  readonly id: string;
  readonly modified: boolean;
  readonly restarted: boolean;
  readonly warnings?: readonly { path: string; found: string; expected: string; remedy?: string }[];
  readonly warning?: string;
  readonly takesEffect?: string;
};

type Options = ClientOptions & {
  readonly file: readonly string[];
  readonly skipUnmodified?: boolean;
  readonly rollover?: string;
  readonly wait?: boolean;
};

export function register(program: Command): void {
  clientCommand(program, 'apply', 'create or update supervisors from spec files')
    .requiredOption('-f, --file <file...>', 'spec file; - is standard input')
    .option('--skip-unmodified', 'do nothing when the stored spec is the same')
    .option('--wait', 'answer when its tasks run; what waits for a rollover is not waited for')
    .addOption(
      new Option(
        '--rollover <when>',
        'when a change that needs new tasks takes effect: `next`, as each group rolls over, or `now`',
      ).choices(['now', 'next']),
    )
    .addHelpText(
      'after',
      [
        '',
        'A spec with problems changes nothing. A change that needs no new tasks restarts nothing; with `--rollover now`',
        'running groups publish what they have read and make way. Either way no record is lost or read twice.',
        '`headgate diff -f spec.json` tells beforehand what would change.',
        '',
        'Examples:',
        '  headgate apply -f clicks.json',
        '  headgate apply -f clicks.json --rollover now',
      ].join('\n'),
    )
    .action(async (options: Options) => {
      const client = new ApiClient(options);
      const query = queryOf(options);
      for (const file of options.file) {
        const answer = await client.post<Applied>(`/druid/indexer/v1/supervisor${query}`, readSpecFile(file));
        for (const warning of answer.warnings ?? [])
          say(
            `warning: ${warning.path}: found ${warning.found}, expected ${warning.expected}${warning.remedy ? `; ${warning.remedy}` : ''}`,
          );
        if (answer.warning) say(`warning: ${answer.warning}`);
        if (options.json) printJson(answer);
        else print(`${answer.id}: ${describe(answer)}`);
      }
    });
}

function queryOf({ skipUnmodified, rollover, wait }: Options): string {
  const query = new URLSearchParams({
    ...(skipUnmodified ? { skipRestartIfUnmodified: 'true' } : {}),
    ...(rollover === undefined ? {} : { rollover }),
    ...(wait ? { wait: 'true' } : {}),
  }).toString();
  return query === '' ? '' : `?${query}`;
}

function describe({ modified, restarted, takesEffect }: Applied): string {
  if (!modified) return restarted ? 'applied again, unchanged' : 'unchanged';
  switch (takesEffect) {
    case 'nothing':
      return 'applied; it needs no new tasks, nothing is restarted';
    case 'next':
      return 'applied; each task group takes it on at its next rollover (`--rollover now` makes it at once)';
    case 'now':
      return 'applied; it takes effect now, task groups of an older version publish and make way';
    default:
      return 'applied';
  }
}
