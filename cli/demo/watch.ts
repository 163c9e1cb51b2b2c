/** What the demo shows while rows flow, from the same HTTP API that everybody has. */
import type { ApiClient } from '../client.ts';
import { supervisorPath } from '../client.ts';

export type Sight = {
  /** Rows read so far, as far as the tasks have told. */
  readonly ingested: number;
  /** Rows in segments. */
  readonly published: number;
  readonly healthy: boolean;
  readonly state: string;
  readonly reason: string;
  /** Newest generation of each group first: `0:reading`, `1:publishing`. */
  readonly groups: readonly string[];
  /** Worker processes (their ids) that hold a task now. */
  readonly workers: readonly string[];
};

type Offsets = Readonly<Record<string, number>>;

type StatusPayload = {
  readonly payload: {
    readonly detailedState: string;
    readonly healthy: boolean;
    readonly latestOffsets?: Offsets;
    readonly minimumLag?: Offsets;
    readonly activeTasks: readonly { readonly currentOffsets?: Offsets }[];
    readonly publishingTasks: readonly { readonly currentOffsets?: Offsets }[];
    readonly headgate: {
      readonly reason: string;
      readonly groups: readonly {
        readonly groupId: number;
        readonly state: string;
        readonly tasks: readonly { readonly state: string; readonly worker: string | null }[];
      }[];
    };
  };
};

export async function look(api: ApiClient, supervisor: string): Promise<Sight> {
  const status = await api.get<StatusPayload>(supervisorPath(supervisor, 'status'));
  const published = await publishedRows(api, supervisor);
  const { payload } = status;
  const groups = payload.headgate.groups.filter(({ state }) => state === 'reading' || state === 'publishing');
  return {
    ingested: Math.max(ingestedRows(payload), published),
    published,
    healthy: payload.healthy,
    state: payload.detailedState,
    reason: payload.headgate.reason,
    groups: groups.map(({ groupId, state }) => `${groupId}:${state}`),
    workers: groups.flatMap(({ tasks }) =>
      tasks.flatMap(({ state, worker }) => (state === 'RUNNING' && worker !== null ? [worker] : [])),
    ),
  };
}

/** The topic starts at 0, so positions are counts. */
export function ingestedRows(payload: StatusPayload['payload']): number {
  const reached = new Map<string, number>();
  const note = (partition: string, position: number) => {
    reached.set(partition, Math.max(position, reached.get(partition) ?? 0));
  };
  for (const [partition, lag] of Object.entries(payload.minimumLag ?? {}))
    note(partition, (payload.latestOffsets?.[partition] ?? lag) - lag);
  for (const { currentOffsets } of [...payload.activeTasks, ...payload.publishingTasks])
    for (const [partition, position] of Object.entries(currentOffsets ?? {})) note(partition, position);
  return [...reached.values()].reduce((sum, position) => sum + position, 0);
}

/** Zero until the first publish makes the data source known. */
export async function publishedRows(api: ApiClient, dataSource: string): Promise<number> {
  const paths = await segmentPaths(api, dataSource);
  if (paths.length === 0) return 0;
  const rows = await query<[number]>(api, `SELECT SUM("flights") FROM "${dataSource}"`, {
    publishedOnly: true,
  });
  return rows[0]?.[0] ?? 0;
}

export async function segmentPaths(api: ApiClient, dataSource: string): Promise<string[]> {
  const rows = await query<[string]>(
    api,
    `SELECT "path" FROM sys.segments WHERE "datasource" = '${dataSource}' AND is_published = 1`,
  );
  return rows.map(([path]) => path);
}

/** Rows as arrays, in the order of the columns asked for. */
export function query<Row extends readonly unknown[]>(
  api: ApiClient,
  sql: string,
  context: Readonly<Record<string, unknown>> = {},
): Promise<Row[]> {
  return api.post('/druid/v2/sql', JSON.stringify({ query: sql, resultFormat: 'array', context }));
}
