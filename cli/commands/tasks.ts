/** `headgate tasks [id]`: ingestion tasks; `tasks log` and `tasks shutdown` for one of them. */
import type { Command } from 'commander';
import { span } from '../../domain/explain/moments.ts';
import { ApiClient, clientCommand, parsed, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { ask, canAsk } from '../ask.ts';
import { outcomeText } from '../outcome.ts';
import { print, printJson, say, tableText } from '../output.ts';
import { cutToWidth, printable, printableLines } from '../sql/display-width.ts';
import { wholeNumber } from '../whole-number.ts';

const base = '/druid/indexer/v1';
const states = ['running', 'pending', 'waiting', 'complete'] as const;
const errorWidth = 80;

type Task = {
  readonly id: string;
  readonly groupId: string;
  readonly createdTime: string;
  readonly statusCode: string;
  readonly runnerStatusCode?: string;
  readonly duration: number;
  readonly dataSource: string;
  readonly location?: { readonly host?: string | null; readonly port?: number };
  readonly errorMsg?: string | null;
};

type ListOptions = ClientOptions & { readonly state?: string; readonly limit: number };

export function register(program: Command): void {
  const tasks = clientCommand(program, 'tasks', 'list ingestion tasks; show the log of one, or replace one')
    .argument('[id]', 'supervisor; tasks of all of them without')
    .option('--state <state>', `only ${states.join(', ')}`)
    .option('--limit <n>', 'at most so many complete tasks', wholeNumber(0, 100_000), 20)
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  headgate tasks clicks --state running',
        '  headgate tasks log index_kafka_clicks_1a2b3c_abcdefgh',
        '  headgate tasks shutdown index_kafka_clicks_1a2b3c_abcdefgh --yes',
      ].join('\n'),
    )
    .action((id: string | undefined, options: ListOptions, command: Command) => list(id, options, command));
  clientCommand(tasks, 'log', 'what happened to one task, oldest first')
    .argument('<task>', 'id of the task')
    .action(async (task: string, _options: ClientOptions, command: Command) => {
      const text = await new ApiClient(command.optsWithGlobals()).text('GET', `${taskPath(task)}/log`);
      print(process.stdout.isTTY ? printableLines(text) : text);
    });
  clientCommand(tasks, 'shutdown', 'end one task; its group replaces it at once, and nothing is lost')
    .argument('<task>', 'id of the task')
    .option('-y, --yes', 'do not ask')
    .action(async (task: string, options: { yes?: boolean }, command: Command) => {
      if (!options.yes && canAsk())
        await ask(`End task ${task}? What it has read since its last checkpoint is read again.`, task);
      await shutDown(task, command.optsWithGlobals());
    });
}

function taskPath(task: string): string {
  return `${base}/task/${encodeURIComponent(task)}`;
}

async function shutDown(task: string, options: ClientOptions): Promise<void> {
  const text = await new ApiClient(options).text('POST', `${taskPath(task)}/shutdown?wait=true`);
  if (options.json) return print(text);
  const { outcome } = parsed(text);
  print(`${task}: ${outcome === undefined ? 'not running, left as it is' : outcomeText(outcome).summary}`);
}

async function list(id: string | undefined, options: ListOptions, command: Command): Promise<void> {
  const { state, limit } = options;
  if (state !== undefined && !states.some((known) => known === state.toLowerCase()))
    command.error(`error: option '--state ${state}' is invalid. Allowed choices are ${states.join(', ')}.`);
  const client = new ApiClient(options);
  const query = new URLSearchParams({ max: String(limit), ...(state === undefined ? {} : { state }) });
  if (id !== undefined) query.set('datasource', await dataSourceOf(client, id));
  const all = await client.get<Task[]>(`${base}/tasks?${query.toString()}`);
  // Several supervisors may write to one data source.
  const own = id === undefined ? all : all.filter((task) => task.groupId === `index_kafka_${id}`);
  if (options.json) return printJson(own);
  if (own.length === 0) return print(`no tasks${state === undefined ? '' : ` in state ${state}`}`);
  print(tasksText(own));
  if (all.filter(isComplete).length >= limit && state?.toLowerCase() !== 'running')
    say(`At most ${limit} complete tasks are listed; --limit shows more.`);
}

/** 404 when there is no such supervisor. */
async function dataSourceOf(client: ApiClient, id: string): Promise<string> {
  const { payload } = await client.get<{ payload: { dataSource: string } }>(supervisorPath(id, 'status'));
  return payload.dataSource;
}

function tasksText(tasks: readonly Task[]): string {
  return tableText(
    ['task', 'state', 'created (UTC)', 'took', 'where', 'error'],
    tasks.map((task) => [
      task.id,
      stateOf(task),
      task.createdTime.slice(0, 19),
      isComplete(task) ? span(task.duration) : '',
      task.location?.host ? `${task.location.host}:${task.location.port ?? ''}` : '',
      task.errorMsg ? cutToWidth(printable(task.errorMsg), errorWidth) : '',
    ]),
  );
}

function isComplete(task: Task): boolean {
  return task.duration >= 0;
}

/** A task that runs in name only waits for a slot. */
function stateOf({ statusCode, runnerStatusCode }: Task): string {
  return statusCode === 'RUNNING' && runnerStatusCode !== undefined && runnerStatusCode !== 'RUNNING'
    ? runnerStatusCode
    : statusCode;
}
