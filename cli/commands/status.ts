/** `headgate status [id]`: state, reason, remedy, groups and lag at one look. Exit code 3 when something is unhealthy. */
import type { Command } from 'commander';
import { ago } from '../../domain/explain/moments.ts';
import { autoscalerLine } from '../autoscaler-line.ts';
import { ApiClient, clientCommand, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { exitCodes, paintState, print, printFacts, printJson, printTable } from '../output.ts';
import { cutToWidth, printable } from '../sql/display-width.ts';

type Task = {
  readonly id: string;
  readonly replica: number;
  readonly state: string;
  readonly attempts: number;
  readonly worker: string | null;
  readonly error: string | null;
  /** Why it does not run yet. */
  readonly waiting?: string | null;
  readonly lastFailure?: { readonly message: string } | null;
};

type Group = {
  readonly groupId: number;
  readonly generation: number;
  readonly state: string;
  readonly partitions: readonly string[];
  readonly sequences: readonly { readonly ordinal: number; readonly state: string }[];
  readonly tasks: readonly Task[];
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
    readonly pendingSpecVersion?: number | null;
    readonly takesEffect?: string | null;
    readonly pendingGroups?: readonly number[];
    readonly orders?: readonly {
      readonly verb: string;
      readonly by: string | null;
      readonly since: string;
    }[];
    readonly autoscaler?: unknown;
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

/** `headgate status <id>` and --json have it whole. */
const reasonWidth = 100;

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
      cutToWidth(printable(payload.headgate.reason), reasonWidth),
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
    ['reason', printable(headgate.reason)],
    ['remedy', headgate.remedy === null ? null : printable(headgate.remedy)],
    ['lag', describeLag(payload)],
    ['autoscaler', autoscalerLine(headgate.autoscaler)],
    ['data source', payload.dataSource],
    ['stream', payload.stream === undefined ? null : `${payload.stream}, ${payload.partitions} partitions`],
    ['spec', describeSpec(headgate)],
    ['under way', headgate.orders?.map(describeOrder).join('; ')],
    [
      'as of',
      headgate.asOf === null ? null : `${headgate.asOf} (${ago(Date.parse(headgate.asOf), Date.now())})`,
    ],
    ['last error', lastError === undefined ? null : printable(`${lastError.timestamp} ${lastError.message}`)],
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

/** What was posted, and what runs until it takes effect. */
function describeSpec(headgate: Payload['headgate']): string {
  const version = `version ${headgate.specVersion}`;
  const groups = headgate.pendingGroups ?? [];
  if (headgate.pendingSpecVersion === undefined || headgate.pendingSpecVersion === null) return version;
  const isOne = groups.length === 1;
  const which = groups.length === 0 ? 'groups' : `${isOne ? 'group' : 'groups'} ${groups.join(', ')}`;
  return headgate.takesEffect === 'now'
    ? `${version}; ${which} of an older one ${isOne ? 'makes' : 'make'} way for it now`
    : `${version}; ${which} ${isOne ? 'takes' : 'take'} it on at the next rollover (\`headgate handoff\` makes it now)`;
}

function describeOrder({ verb, by, since }: { verb: string; by: string | null; since: string }): string {
  return `${verb}${by === null ? '' : ` by ${by}`}, ${ago(Date.parse(since), Date.now())}`;
}

function describeTask(task: Task): string {
  const again = task.attempts > 1 ? `, attempt ${task.attempts}` : '';
  const trouble = task.error ?? task.lastFailure?.message ?? null;
  return `${task.id} ${whereIs(task)}${again}${trouble === null ? '' : `: ${printable(trouble)}`}`;
}

function whereIs(task: Task): string {
  if (typeof task.waiting === 'string') return `waits: ${task.waiting}`;
  if (task.state !== 'RUNNING') return task.state;
  return task.worker === null ? 'waiting for a slot' : `on ${task.worker}`;
}
