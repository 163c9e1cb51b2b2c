/** A system as Postgres would tell of it, with one published and one running sequence; a test changes what it is about. */
import type { SystemDeps, SystemStore } from '../../query/system-rows/world.ts';
import { types } from '../../query/sql/typed-sql.ts';
import type { FunctionEntry } from '../../query/sql/function-table.ts';
import type { ProcessRow, RunningSequenceRow, SegmentRow } from '../../storage/catalog.ts';
import type { SupervisorRow } from '../../storage/supervisors.ts';
import type { TaskListRow } from '../../storage/tasks.ts';

export function aSegment(more: Partial<SegmentRow> = {}): SegmentRow {
  return {
    segmentId: 'g_life_2026-01-01T00:00:00.000Z_2026-01-01T01:00:00.000Z_2026-11-21T08:41:31.593Z',
    dataSource: 'g_life',
    start: '2026-01-01T00:00:00.000Z',
    end: '2026-01-01T01:00:00.000Z',
    version: '2026-11-21T08:41:31.593Z',
    partitionNum: 0,
    size: '3140',
    rows: '51',
    path: 'g_life/20260101T000000Z/a.parquet',
    columns: [
      { name: '__time', type: 'TIMESTAMP' },
      { name: 'country', type: 'VARCHAR' },
      { name: 'page', type: 'VARCHAR' },
      { name: 'cnt', type: 'BIGINT' },
      { name: 'sum_price', type: 'DOUBLE' },
    ],
    available: true,
    ...more,
  };
}

export function aRunningSequence(more: Partial<RunningSequenceRow> = {}): RunningSequenceRow {
  return {
    sequenceId: 'index_kafka_g_life_g0_2_0',
    dataSource: 'g_life',
    createdAt: '2026-11-21T08:42:00.000Z',
    rows: '7',
    workerIds: ['host-1-0000aaaa'],
    ...more,
  };
}

export function aProcess(more: Partial<ProcessRow> = {}): ProcessRow {
  return {
    workerId: 'host-1-0000aaaa',
    role: 'ingest',
    address: 'http://localhost:8100',
    slots: 8,
    startedAt: '2026-11-21T08:40:00.000Z',
    runningTasks: [{ taskId: 'index_kafka_g_life_g0_2_aaaaaaaa', groupName: 'index_kafka_g_life_g0_2' }],
    lastCompletedAt: '2026-11-21T08:41:31.000Z',
    ...more,
  };
}

export function aTask(more: Partial<TaskListRow> = {}): TaskListRow {
  return {
    taskId: 'index_kafka_g_life_g0_2_aaaaaaaa',
    supervisorId: 'g_life',
    groupId: 0,
    generation: 2,
    replica: 0,
    dataSource: 'g_life',
    state: 'RUNNING',
    runner: 'RUNNING',
    attempts: 1,
    error: null,
    createdAtMs: Date.parse('2026-11-21T08:41:25.748Z'),
    endedAtMs: null,
    workerId: 'host-1-0000aaaa',
    address: 'http://localhost:8100',
    ...more,
  };
}

export const aSpecText = JSON.stringify({
  type: 'kafka',
  spec: {
    dataSchema: {
      dataSource: 'g_life',
      timestampSpec: { column: 'timestamp', format: 'iso' },
      dimensionsSpec: { dimensions: ['country', 'page'] },
      metricsSpec: [
        { type: 'count', name: 'cnt' },
        { type: 'doubleSum', name: 'sum_price', fieldName: 'price' },
      ],
      granularitySpec: { segmentGranularity: 'HOUR', queryGranularity: 'MINUTE', rollup: true },
    },
    ioConfig: {
      topic: 'g_main',
      consumerProperties: { 'bootstrap.servers': '127.0.0.1:9092' },
      inputFormat: { type: 'json' },
    },
  },
});

export function aSupervisor(more: Partial<SupervisorRow> = {}): SupervisorRow {
  return {
    supervisorId: 'g_life',
    dataSource: 'g_life',
    term: '1',
    commitSeq: '1',
    timeline: 'a',
    desired: 'running',
    version: 1,
    specText: aSpecText,
    status: null,
    effectiveVersion: 1,
    terminatedDone: false,
    halted: null,
    updatedAtMs: 0,
    ...more,
  };
}

export function aSystemStore(more: Partial<SystemStore> = {}): SystemStore {
  const store: SystemStore = {
    usedSegments: async (names) => [aSegment()].filter((row) => names?.includes(row.dataSource) ?? true),
    segmentDataSources: async () => ['g_life'],
    availableBytes: async () => '3140',
    runningSequences: async () => [aRunningSequence()],
    processes: async () => [aProcess()],
    tasks: async () => [aTask()],
    supervisors: async () => [aSupervisor()],
    dataSourceSpecs: async () => [{ dataSource: 'g_life', supervisorId: 'g_life', specText: aSpecText }],
    dataSourceNames: async () => ['g_life'],
  };
  return { ...store, ...more };
}

/** Nothing was ever submitted. */
export const emptyStore: SystemStore = aSystemStore({
  usedSegments: async () => [],
  segmentDataSources: async () => [],
  availableBytes: async () => '0',
  runningSequences: async () => [],
  processes: async () => [],
  tasks: async () => [],
  supervisors: async () => [],
  dataSourceSpecs: async () => [],
  dataSourceNames: async () => [],
});

function aFunction(syntax: string, kind: 'scalar' | 'aggregate'): FunctionEntry {
  const translate = () => ({ sql: 'null', type: types.null });
  return { verdict: 'works', kind, syntax, note: '', args: { min: 0, max: 1 }, multi: 'each', translate };
}

export function aSystem(store: SystemStore = aSystemStore()): SystemDeps {
  return {
    store,
    storage: { uri: (path) => `file:///deep/${path}` },
    self: {
      workerId: 'host-9-0000ffff',
      server: 'localhost:8083',
      startedAt: '2026-11-21T08:39:39.995Z',
      version: '0.0.0',
      processors: 2,
      memoryBytes: 1_000,
    },
    runningQueries: () => [{ id: 'q1', sql: 'select 1', startedMs: 1_767_225_600_000 }],
    sourceColumns: async () =>
      new Map([
        [
          'g_life',
          [
            { name: '__time', type: types.timestamp },
            { name: 'country', type: types.multi },
            { name: 'page', type: types.varchar },
            { name: 'cnt', type: types.bigint },
            { name: 'sum_price', type: types.double },
          ],
        ],
      ]),
    functions: new Map<string, FunctionEntry>([
      ['LOWER', aFunction('LOWER(expr)', 'scalar')],
      ['AVG', aFunction('AVG(expr)', 'aggregate')],
      ['LOOKUP', { verdict: 'refused', syntax: 'LOOKUP(expr, name)', reason: 'there are no lookups' }],
    ]),
  };
}
