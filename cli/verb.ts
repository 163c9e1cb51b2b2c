/** What `suspend`, `resume` and `terminate` have in common: one POST without a body, and a word for the outcome. */
import type { Command } from 'commander';
import { ApiClient, clientCommand, supervisorPath } from './client.ts';
import type { ClientOptions } from './client.ts';
import { print, printJson, say } from './output.ts';

type Options = ClientOptions & { readonly wait?: boolean };

export function verbCommand(
  program: Command,
  verb: string,
  options: { description: string; outcome: string; confirm?: (id: string) => Promise<void> },
): Command {
  return clientCommand(program, verb, options.description)
    .argument('<id>', 'supervisor')
    .option('--wait', 'answer when it has happened, not when it is ordered')
    .action(async (id: string, given: Options) => {
      await options.confirm?.(id);
      const path = `${supervisorPath(id, verb)}${given.wait ? '?wait=true' : ''}`;
      const answer = await new ApiClient(given).post<{ warning?: string }>(path);
      if (answer.warning !== undefined) say(`warning: ${answer.warning}`);
      if (given.json) printJson(answer);
      else print(`${id}: ${options.outcome}`);
    });
}
