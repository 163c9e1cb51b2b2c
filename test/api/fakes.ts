/** A server over a store in memory: what it was told to write can be counted, and Temporal can be down. */
import type { FastifyInstance } from 'fastify';
import type { SentOrder } from '../../api/order-door.ts';
import { createServer } from '../../api/server.ts';
import type { Store, SupervisorRow } from '../../api/store.ts';
import type { NewStoryLine } from '../../storage/stories.ts';
import type { TakesEffect } from '../../storage/supervisors.ts';
import { HeadgateError } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';
import type { CommandRow } from '../../storage/supervisors.ts';
import { aRawSpec } from '../domain/spec/raw-spec.ts';
import { aSystem } from '../query/system-world.ts';

type Version = {
  supervisorId: string;
  version: number;
  specText: string | null;
  atMs: number;
  by: string;
  takesEffect?: TakesEffect;
};

export type FakeWorld = {
  readonly server: FastifyInstance;
  readonly rows: Map<string, SupervisorRow>;
  readonly versions: Version[];
  /** What Temporal was told. */
  readonly notices: string[];
  readonly stories: NewStoryLine[];
  /** Updates that reached a workflow; `work` says what becomes of them. */
  readonly orders: SentOrder[];
  work: (order: SentOrder) => { state: 'done' | 'refused'; outcome: Json } | null;
  readonly commands: Map<string, CommandRow>;
  readonly queries: unknown[];
  temporal: 'up' | 'down';
  postgres: 'up' | 'down';
  /** Overrides single functions of the store. */
  readonly store: { -readonly [K in keyof Store]: Store[K] };
};

export function aRow(id: string, more: Partial<SupervisorRow> = {}): SupervisorRow {
  return {
    supervisorId: id,
    dataSource: id,
    term: '1',
    commitSeq: '0',
    timeline: 'a',
    desired: 'running',
    version: 1,
    specText: JSON.stringify(aRawSpec()),
    status: null,
    effectiveVersion: 1,
    terminatedDone: false,
    halted: null,
    updatedAtMs: 0,
    ...more,
  };
}

export function aStatus(
  more: Partial<NonNullable<SupervisorRow['status']>> = {},
): NonNullable<SupervisorRow['status']> {
  return {
    state: 'RUNNING',
    detailedState: 'RUNNING',
    healthy: true,
    suspended: false,
    reason: 'reading 1 group',
    remedy: null,
    recentErrors: [],
    asOfMs: 1_767_225_600_000,
    ...more,
  };
}

export function aWorld(
  options: { isLoopback?: boolean; rolloverOnUpdate?: 'now' | 'next'; secretEnvPrefixes?: string[] } = {},
): FakeWorld {
  const rows = new Map<string, SupervisorRow>();
  const versions: Version[] = [];
  const notices: string[] = [];
  const queries: unknown[] = [];
  const write = (
    id: string,
    stored: Pick<SupervisorRow, 'dataSource' | 'specText' | 'desired'>,
    { by, takesEffect = 'now' }: { by: string; takesEffect?: TakesEffect | undefined },
  ): number => {
    const version = (rows.get(id)?.version ?? 0) + 1;
    const kept = rows.get(id);
    rows.set(id, { ...aRow(id), ...kept, ...stored, version });
    const atMs = 1_767_225_600_000 + version;
    versions.unshift({ supervisorId: id, version, specText: stored.specText, atMs, by, takesEffect });
    return version;
  };
  const orders: SentOrder[] = [];
  const stories: NewStoryLine[] = [];
  const commands = new Map<string, CommandRow>();
  const record = (input: Parameters<Store['recordCommand']>[0]): { first: boolean } => {
    const before = commands.get(input.commandId);
    if (before && (before.state !== 'accepted' || input.state === 'accepted')) return { first: false };
    commands.set(input.commandId, {
      by: null,
      input: null,
      createdAtMs: 1_767_225_600_000 + commands.size,
      ...before,
      ...input,
      outcome: input.outcome ?? null,
      updatedAtMs: 1_767_225_601_000,
    });
    return { first: before === undefined };
  };
  const store: FakeWorld['store'] = {
    replaceVersion: async (input) => {
      const newest = rows.get(input.supervisorId)?.version ?? 0;
      if (newest !== input.expectedVersion) return { kind: 'overtaken', version: newest };
      const { supervisorId, dataSource, specText, desired, by, takesEffect } = input;
      const version = write(supervisorId, { dataSource, specText, desired }, { by, takesEffect });
      return { kind: 'stored', version };
    },
    storeTombstone: async ({ supervisorId, by }) => {
      if (!rows.has(supervisorId)) return null;
      const tombstone = { dataSource: supervisorId, specText: null, desired: 'terminated' } as const;
      return { version: write(supervisorId, tombstone, { by }) };
    },
    read: async (id) => rows.get(id) ?? null,
    list: async () => [...rows.values()],
    history: async (id) => versions.filter((version) => id === null || version.supervisorId === id),
    recordCommand: async (input) => record(input),
    readCommand: async (id) => commands.get(id) ?? null,
    commands: async (id, { limit }) =>
      [...commands.values()]
        .filter(({ supervisorId }) => supervisorId === id)
        .reverse()
        .slice(0, limit),
    versionEffects: async () => [],
    autoscaler: async () => null,
    story: async () => [],
    tellStory: async (line) => void stories.push(line),
    processes: async () => [],
    liveGenerations: async () => [],
    partitions: async () => [],
    parseReports: async () => [],
    streamPositions: async () => [],
  };
  const world: Omit<FakeWorld, 'server'> = {
    rows,
    versions,
    notices,
    stories,
    orders,
    work: () => ({ state: 'done', outcome: { summary: 'done' } }),
    commands,
    queries,
    store,
    temporal: 'up',
    postgres: 'up',
  };
  const guarded = Object.fromEntries(
    Object.keys(store).map((name) => [
      name,
      async (...input: unknown[]) => {
        if (world.postgres === 'down')
          throw new HeadgateError('METADATA_UNAVAILABLE', 'postgres: it is down');
        return (store[name as keyof Store] as (...input: unknown[]) => unknown)(...input);
      },
    ]),
  ) as unknown as Store;
  const server = createServer({
    store: guarded,
    readMetrics: async () => ({
      supervisors: [],
      lags: [],
      published: [],
      unpublished: [],
      runningTasks: [],
      endedTasks: [],
      sequences: [],
      events: [],
      workers: [],
      tasksUntil: '-infinity',
      eventId: '0',
    }),
    tasks: {
      list: async () => [],
      find: async () => [],
      runningOf: async () => [],
      read: async () => null,
      history: async () => ({ lines: [], attempts: [] }) as never,
      parseReports: async () => [],
    },
    starter: {
      notify: async (id, version) => {
        if (world.temporal === 'down')
          throw new HeadgateError('TEMPORAL_UNAVAILABLE', 'Temporal at x: no answer');
        notices.push(`${id} ${version}`);
      },
      order: async (order) => {
        if (world.temporal === 'down')
          throw new HeadgateError(
            'TEMPORAL_UNAVAILABLE',
            'Temporal at x does not answer, nothing was changed',
          );
        orders.push(order);
        const worked = world.work(order);
        if (worked) record({ ...order, ...worked });
        return 'accepted';
      },
      close: async () => {},
    },
    engine: {
      run: async (query) => {
        queries.push(query);
        return { id: query.id ?? 'q', rows: 1, body: Buffer.from('[{"a":1}]\n'), incomplete: [] };
      },
      cancel: (id) => id === 'running',
    },
    dataSourceNames: async () => ['clicks'],
    version: '0.0.0',
    system: aSystem(),
    properties: {},
    isLoopback: options.isLoopback ?? true,
    secretEnvPrefixes: options.secretEnvPrefixes ?? ['KAFKA_'],
    ...(options.rolloverOnUpdate ? { rolloverOnUpdate: options.rolloverOnUpdate } : {}),
    orderPatienceMs: 300,
  });
  return Object.assign(world, { server });
}

export const supervisorPath = '/druid/indexer/v1/supervisor';
export const json = { 'content-type': 'application/json' };
