/** `headgate apply -f spec.json`: the server validates; a spec with problems changes nothing. */
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
};

type Options = ClientOptions & { readonly file: readonly string[]; readonly skipUnmodified?: boolean };

export function register(program: Command): void {
  clientCommand(program, 'apply', 'create or update supervisors from spec files')
    .requiredOption('-f, --file <file...>', 'spec file; - is standard input')
    .option('--skip-unmodified', 'do nothing when the stored spec is the same')
    .action(async (options: Options) => {
      const client = new ApiClient(options);
      const query = options.skipUnmodified ? '?skipRestartIfUnmodified=true' : '';
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

function describe({ modified, restarted }: Applied): string {
  if (!restarted) return 'unchanged';
  return modified ? 'applied' : 'applied again, unchanged';
}
