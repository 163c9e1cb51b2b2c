/** What `suspend`, `resume` and `terminate` have in common: one POST without a body, for one supervisor or all of them. */
import type { Command } from 'commander';
import { HeadgateError, isHeadgateError } from '../domain/errors.ts';
import { ApiClient, clientCommand, supervisorPath } from './client.ts';
import type { ClientOptions } from './client.ts';
import { print, printJson, say } from './output.ts';
import { waitingFor } from './progress.ts';

type Options = ClientOptions & { readonly wait?: boolean; readonly all?: boolean };

export type Verb = {
  readonly description: string;
  readonly more: string;
  readonly outcome: string;
  /** As it reads in a sentence: `the end`. */
  readonly name: string;
  /** Null: all of them. Throws when the answer is no. */
  readonly confirm?: (id: string | null) => Promise<void>;
  /** Of the state before, for `--all`. */
  readonly concerns: (entry: Entry) => boolean;
};

export type Entry = { readonly id: string; readonly suspended: boolean };

export function verbCommand(program: Command, verb: string, about: Verb): Command {
  return clientCommand(program, verb, about.description)
    .argument('[id]', 'supervisor')
    .option('--all', 'every supervisor')
    .option('--wait', 'answer when it has happened, not when it is ordered')
    .addHelpText(
      'after',
      `\n${about.more}\n\nExamples:\n  headgate ${verb} clicks --wait\n  headgate ${verb} --all`,
    )
    .action(async (id: string | undefined, given: Options, command: Command) => {
      if ((id === undefined) === (given.all !== true))
        command.error(
          id === undefined
            ? "error: missing required argument 'id', or --all"
            : `error: found ${id} and --all, expected one of the two`,
        );
      await about.confirm?.(id ?? null);
      const client = new ApiClient(given);
      if (id === undefined) await forAll(client, verb, about, given);
      else await forOne(client, verb, about, id, given);
    });
}

async function forOne(
  client: ApiClient,
  verb: string,
  about: Verb,
  id: string,
  given: Options,
): Promise<void> {
  const answer = await send(client, verb, about, id, given);
  if (answer.warning !== undefined) say(`warning: ${answer.warning}`);
  if (given.json) printJson(answer);
  else print(`${id}: ${about.outcome}`);
}

function send(
  client: ApiClient,
  verb: string,
  about: Verb,
  id: string,
  { wait }: Options,
): Promise<{ warning?: string }> {
  const sent = client.post<{ warning?: string }>(`${supervisorPath(id, verb)}${wait ? '?wait=true' : ''}`);
  return wait ? waitingFor(client, id, about.name, sent) : sent;
}

/** One by one, so that each is named with what became of it; one that fails does not keep the others from it. */
async function forAll(client: ApiClient, verb: string, about: Verb, given: Options): Promise<void> {
  const entries = await client.get<Entry[]>('/druid/indexer/v1/supervisor?state=true');
  const outcomes: { id: string; ok: boolean; outcome: string }[] = [];
  for (const { id } of entries.filter(about.concerns)) {
    try {
      await send(client, verb, about, id, given);
      outcomes.push({ id, ok: true, outcome: about.outcome });
    } catch (error) {
      if (!isHeadgateError(error)) throw error;
      outcomes.push({ id, ok: false, outcome: error.message });
    }
  }
  if (given.json) printJson(outcomes);
  else if (outcomes.length === 0) print(`nothing to do: every supervisor is ${about.outcome}`);
  else for (const { id, outcome } of outcomes) print(`${id}: ${outcome}`);
  const failed = outcomes.filter(({ ok }) => !ok).length;
  if (failed > 0) throw new HeadgateError('REQUEST_INVALID', `${failed} of ${outcomes.length} failed`);
}
