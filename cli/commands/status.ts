/** `headgate status [id]`: state, reason, remedy, groups and lag at one look. Exit code 3 when something is unhealthy. */
import type { Command } from 'commander';
import { ApiClient, clientCommand, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { exitCodes, paintState, print, printFacts, printJson, printTable } from '../output.ts';

type Group = {
  readonly groupId: number;
  readonly generation: number;
  readonly state: string;
  readonly partitions: readonly string[];
  readonly sequences: readonly { readonly ordinal: number; readonly state: string }[];
  readonly tasks: readonly {
    readonly id: string;
    readonly replica: number;
    readonly state: string;
    readonly attempts: number;
    readonly worker: string | null;
    readonly error: string | null;
  }[];
};

type Payload = {
  readonly id: string;
  readonly dataSource: string;
  readonly stream?: string;
  readonly partitions: number;
  readonly detailedState: string;
  readonly healthy: boolean;
  readonly suspended: boolean;
  readonly aggregateLag?: number;
  readonly activeTasks: readonly unknown[];
  readonly publishingTasks: readonly unknown[];
  readonly offsetsLastUpdated?: string;
  readonly recentErrors: readonly { readonly timestamp: string; readonly message: string }[];
  readonly headgate: {
    readonly reason: string;
    readonly remedy: string | null;
    readonly asOf: string | null;
    readonly specVersion: number;
    readonly groups: readonly Group[];
  };
};

type Status = { readonly id: string; readonly payload: Payload };

export function register(program: Command): void {
  clientCommand(program, 'status', 'show how supervisors are doing')
    .argument('[id]', 'one supervisor in detail')
    .action(async (id: string | undefined, options: ClientOptions) => {
      const client = new ApiClient(options);
      const ids = id === undefined ? await client.get<string[]>('/druid/indexer/v1/supervisor') : [id];
      const statuses: Status[] = [];
      for (const one of ids) statuses.push(await client.get<Status>(supervisorPath(one, 'status')));
      if (options.json) printJson(id === undefined ? statuses : statuses[0]);
      else if (id !== undefined) statuses.forEach((status) => showOne(status.payload));
      else showAll(statuses);
      if (statuses.some((status) => !status.payload.healthy)) process.exitCode = exitCodes.unhealthy;
    });
}

function showAll(statuses: readonly Status[]): void {
  if (statuses.length === 0) return print('no supervisors; create one with `headgate apply -f spec.json`');
  printTable(
    ['id', 'state', 'lag', 'reading', 'publishing', 'reason'],
    statuses.map(({ payload }) => [
      payload.id,
      paintState(payload.detailedState, payload.healthy),
      payload.aggregateLag ?? 'unknown',
      payload.activeTasks.length,
      payload.publishingTasks.length,
      payload.headgate.reason,
    ]),
  );
}

function showOne(payload: Payload): void {
  const { headgate } = payload;
  const lastError = payload.recentErrors.at(-1);
  printFacts([
    ['supervisor', payload.id],
    [
      'state',
      `${paintState(payload.detailedState, payload.healthy)}${payload.suspended ? ' (suspended)' : ''}`,
    ],
    ['reason', headgate.reason],
    ['remedy', headgate.remedy],
    ['lag', describeLag(payload)],
    ['data source', payload.dataSource],
    ['stream', payload.stream === undefined ? null : `${payload.stream}, ${payload.partitions} partitions`],
    ['spec', `version ${headgate.specVersion}`],
    ['as of', headgate.asOf],
    ['last error', lastError === undefined ? null : `${lastError.timestamp} ${lastError.message}`],
  ]);
  if (headgate.groups.length === 0) return;
  printTable(
    ['group', 'state', 'partitions', 'sequences', 'tasks'],
    headgate.groups.map((group) => [
      `${group.groupId}/${group.generation}`,
      group.state,
      group.partitions.length > 12 ? `${group.partitions.length} of them` : group.partitions.join(' '),
      group.sequences.map((sequence) => `${sequence.ordinal} ${sequence.state}`).join('\n'),
      group.tasks.map(describeTask).join('\n'),
    ]),
  );
}

function describeLag(payload: Payload): string {
  const asOf = payload.offsetsLastUpdated === undefined ? '' : `, as of ${payload.offsetsLastUpdated}`;
  return payload.aggregateLag === undefined || payload.partitions === 0
    ? `unknown${asOf}`
    : `${payload.aggregateLag} records${asOf}`;
}

function describeTask(task: Group['tasks'][number]): string {
  const where =
    task.state !== 'RUNNING' ? task.state : task.worker === null ? 'waiting for a slot' : `on ${task.worker}`;
  const again = task.attempts > 1 ? `, attempt ${task.attempts}` : '';
  return `${task.id} ${where}${again}${task.error === null ? '' : `: ${task.error}`}`;
}
