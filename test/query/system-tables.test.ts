/** System tables: Druid's columns and types as recorded, and rows that say what Postgres says. */
import { describe, expect, it } from 'vitest';
import {
  openSystemTables,
  systemRows,
  systemTableColumns,
  systemTableNames,
} from '../../query/system-tables.ts';
import { typeText } from '../../query/sql/typed-sql.ts';
import type { SystemDeps } from '../../query/system-rows/world.ts';
import { recording, shapeProblems } from './system-golden.ts';
import {
  aProcess,
  aRunningSequence,
  aSegment,
  aSupervisor,
  aSystem,
  aSystemStore,
  aTask,
  emptyStore,
} from './system-world.ts';

type Schema = 'sys' | 'INFORMATION_SCHEMA';
type Named = Record<string, unknown>;

async function table(schema: Schema, name: string, deps: SystemDeps = aSystem()): Promise<Named[]> {
  const columns = systemTableColumns(schema, name) ?? [];
  const rows = await systemRows(schema, name, deps);
  return rows.map((row) => {
    expect(row).toHaveLength(columns.length);
    return Object.fromEntries(columns.map((column, index) => [column.name, row[index]]));
  });
}

describe('system tables as Druid 33 answered', () => {
  it.each([
    ['sql-020-schemata', 'INFORMATION_SCHEMA', 'SCHEMATA', {}],
    ['sql-025-sys-segments', 'sys', 'segments', { added: ['path'] }],
    ['sql-026-sys-tasks', 'sys', 'tasks', { nulls: ['error_msg'] }],
    [
      'sql-028-sys-servers',
      'sys',
      'servers',
      {
        added: [
          'storage_size',
          'version',
          'build_revision',
          'labels',
          'available_processors',
          'total_memory',
        ],
        nulls: ['is_leader', 'tier'],
      },
    ],
    ['sql-029-sys-server_segments', 'sys', 'server_segments', {}],
  ] as const)('%s', async (file, schema, name, differences) => {
    const rows = await table(schema, name);
    expect(rows.length).toBeGreaterThan(0);
    expect(shapeProblems(rows, recording(file).response.body, differences)).toEqual([]);
  });

  it('sql-020-schemata and sql-022-columns, value for value', async () => {
    expect(await table('INFORMATION_SCHEMA', 'SCHEMATA')).toEqual(
      recording('sql-020-schemata').response.body,
    );
    const columns = await table('INFORMATION_SCHEMA', 'COLUMNS');
    const own = columns.filter((row) => row['TABLE_NAME'] === 'g_life');
    const numbers = own.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
      ),
    );
    expect(numbers).toEqual(recording('sql-022-columns').response.body);
  });

  it('sql-023-columns-sys: every recorded column is there, with its type, in its order', async () => {
    const columns = await table('INFORMATION_SCHEMA', 'COLUMNS');
    const recorded = recording('sql-023-columns-sys').response.body as Named[];
    const isRecorded = (row: Named): boolean =>
      recorded.some(
        (one) => one['TABLE_NAME'] === row['TABLE_NAME'] && one['COLUMN_NAME'] === row['COLUMN_NAME'],
      );
    const found = columns
      .filter((row) => row['TABLE_SCHEMA'] === 'sys' && isRecorded(row))
      .map(({ TABLE_NAME, COLUMN_NAME, DATA_TYPE }) => ({ TABLE_NAME, COLUMN_NAME, DATA_TYPE }));
    expect(found).toEqual(recorded);
  });

  it('lists itself: every table in TABLES, every column in COLUMNS', async () => {
    const tables = await table('INFORMATION_SCHEMA', 'TABLES');
    const columns = await table('INFORMATION_SCHEMA', 'COLUMNS');
    for (const schema of ['sys', 'INFORMATION_SCHEMA'] as const)
      for (const name of systemTableNames(schema)) {
        const here = (row: Named): boolean => row['TABLE_SCHEMA'] === schema && row['TABLE_NAME'] === name;
        expect(tables.filter(here)).toMatchObject([{ TABLE_TYPE: 'SYSTEM_TABLE', IS_JOINABLE: 'NO' }]);
        expect(columns.filter(here).map((row) => [row['COLUMN_NAME'], row['DATA_TYPE']])).toEqual(
          systemTableColumns(schema, name)?.map((column) => [column.name, typeText(column.type)]),
        );
      }
    expect(tables[0]).toMatchObject({ TABLE_SCHEMA: 'druid', TABLE_NAME: 'g_life', TABLE_TYPE: 'TABLE' });
  });

  it('has no other table, and names are case-sensitive', async () => {
    for (const name of ['nosuch', 'Segments', 'constructor', '__proto__']) {
      expect(systemTableColumns('sys', name)).toBeNull();
      expect(await systemRows('sys', name, aSystem())).toEqual([]);
    }
    expect(systemTableColumns('INFORMATION_SCHEMA', 'columns')).toBeNull();
    expect(systemTableNames('sys')).toEqual([
      'queries',
      'segments',
      'server_segments',
      'servers',
      'supervisors',
      'tasks',
    ]);
  });
});

describe('sys.segments', () => {
  it('says published what is published, and available only what was verified', async () => {
    const store = aSystemStore({
      usedSegments: async () => [aSegment(), aSegment({ segmentId: 'b', partitionNum: 1, available: false })],
      runningSequences: async () => [],
    });
    expect(await table('sys', 'segments', aSystem(store))).toMatchObject([
      {
        is_published: 1n,
        is_available: 1n,
        num_replicas: 1n,
        is_realtime: 0n,
        size: 3140n,
        num_rows: 51n,
        dimensions: '["country","page"]',
        metrics: '["cnt","sum_price"]',
        path: 'file:///deep/g_life/20260101T000000Z/a.parquet',
      },
      {
        segment_id: 'b',
        is_available: 0n,
        num_replicas: 0n,
        shard_spec: '{"type":"numbered","partitionNum":1,"partitions":0}',
      },
    ]);
  });

  it('lists a running sequence as realtime, as the recording has it', async () => {
    const rows = await table('sys', 'segments');
    const recorded = (recording('sql-025-sys-segments').response.body as Named[])[0];
    const flags = Object.entries(recorded ?? {}).filter(
      ([key]) => key.startsWith('is_') || key === 'replication_factor' || key === 'size',
    );
    expect(rows.find((row) => row['is_realtime'] === 1n)).toMatchObject({
      segment_id: aRunningSequence().sequenceId,
      num_rows: 7n,
      path: null,
      ...Object.fromEntries(flags.map(([key, value]) => [key, BigInt(value as number)])),
    });
  });

  it('asks for running sequences before published ones: a publish in between hides nothing', async () => {
    let published = false;
    const store = aSystemStore({
      usedSegments: async () => (published ? [aSegment()] : []),
      runningSequences: async () => {
        published = true;
        return [];
      },
    });
    expect(await table('sys', 'segments', aSystem(store))).toHaveLength(1);
  });

  it('has segments whose spec is gone or unreadable: all columns are dimensions then', async () => {
    const store = aSystemStore({
      dataSourceSpecs: async () => [{ dataSource: 'g_life', supervisorId: 'x', specText: '{"type":' }],
      runningSequences: async () => [],
    });
    expect(await table('sys', 'segments', aSystem(store))).toMatchObject([
      { dimensions: '["country","page","cnt","sum_price"]', metrics: '[]' },
    ]);
  });
});

describe('the other tables', () => {
  it('sys.servers: the answering process leads; a worker without an address has its own name', async () => {
    const store = aSystemStore({
      processes: async () => [
        aProcess({ workerId: 'host-2-0000bbbb', address: null }),
        aProcess({ workerId: 'host-9-0000ffff', role: 'api', address: 'http://localhost:8083' }),
        aProcess({ workerId: 'host-8-0000eeee', role: 'api', address: 'http://10.0.0.8:8888' }),
        aProcess({ workerId: 'host-7-0000dddd', role: 'control', address: null }),
      ],
    });
    const rows = await table('sys', 'servers', aSystem(store));
    const brief = rows.map(
      (row) => `${String(row['server'])} ${String(row['server_type'])} ${String(row['is_leader'])}`,
    );
    expect(brief).toEqual([
      'localhost:8083 historical 1',
      'host-2-0000bbbb indexer null',
      '10.0.0.8:8888 historical 0',
      'host-7-0000dddd control null',
    ]);
    expect(rows[0]).toMatchObject({ curr_size: 3140n, tier: '_default_tier', plaintext_port: 8083n });
    expect(rows[1]).toMatchObject({ plaintext_port: -1n, host: 'host-2-0000bbbb', curr_size: 0n });
  });

  it('sys.server_segments: a segment that is not available is on no server', async () => {
    const store = aSystemStore({
      usedSegments: async () => [
        aSegment({ segmentId: 'a' }),
        aSegment({ segmentId: 'b', available: false }),
      ],
      runningSequences: async () => [aRunningSequence({ workerIds: ['host-1-0000aaaa', 'gone'] })],
    });
    expect(await systemRows('sys', 'server_segments', aSystem(store))).toEqual([
      ['localhost:8083', 'a'],
      ['localhost:8100', aRunningSequence().sequenceId],
      ['gone', aRunningSequence().sequenceId],
    ]);
  });

  it('sys.tasks: what waits for a worker is pending, and an address with a password shows none', async () => {
    const store = aSystemStore({
      tasks: async () => [
        aTask({ runner: 'PENDING', attempts: 0, address: null }),
        aTask({ runner: 'WAITING' }),
        aTask({ address: 'http://user:CANARY@localhost:8100' }),
        aTask({
          state: 'FAILED',
          runner: 'NONE',
          error: 'lost',
          endedAtMs: aTask().createdAtMs + 22_318,
        }),
      ],
    });
    const rows = await table('sys', 'tasks', aSystem(store));
    expect(rows).toMatchObject([
      { status: 'RUNNING', runner_status: 'PENDING', location: null, plaintext_port: -1n },
      { status: 'RUNNING', runner_status: 'WAITING' },
      { runner_status: 'RUNNING', location: 'localhost:8100', host: 'localhost' },
      { runner_status: 'NONE', duration: 22318n, error_msg: 'lost' },
    ]);
    expect(JSON.stringify(rows.map((row) => row['location']))).not.toContain('CANARY');
  });

  it('sys.supervisors: halted is unhealthy whatever its workflow wrote last, terminated is gone', async () => {
    const status = { state: 'RUNNING', detailedState: 'RUNNING', healthy: true } as never;
    const store = aSystemStore({
      supervisors: async () => [
        aSupervisor(),
        aSupervisor({ supervisorId: 'h', status, halted: { code: 'X', why: 'y', atMs: 0 } }),
        aSupervisor({ supervisorId: 's', status, desired: 'suspended' }),
        aSupervisor({ supervisorId: 't', desired: 'terminated' }),
      ],
    });
    expect(await table('sys', 'supervisors', aSystem(store))).toMatchObject([
      { supervisor_id: 'g_life', state: 'PENDING', healthy: 1n, source: 'g_main', suspended: 0n },
      { supervisor_id: 'h', state: 'UNHEALTHY_SUPERVISOR', healthy: 0n },
      { supervisor_id: 's', state: 'RUNNING', suspended: 1n },
    ]);
  });

  it('sys.queries and ROUTINES', async () => {
    const [query] = await table('sys', 'queries');
    expect(query).toMatchObject({ id: 'q1', engine: 'native', state: 'RUNNING' });
    expect(JSON.parse(String(query?.['info']))).toMatchObject({
      sqlQueryId: 'q1',
      sql: 'select 1',
      startTime: '2026-01-01T00:00:00.000Z',
    });
    expect(await table('INFORMATION_SCHEMA', 'ROUTINES')).toMatchObject([
      { ROUTINE_NAME: 'AVG', IS_AGGREGATOR: 'YES', SIGNATURES: 'AVG(expr)' },
      { ROUTINE_NAME: 'LOWER', IS_AGGREGATOR: 'NO', ROUTINE_TYPE: 'FUNCTION' },
    ]);
  });

  it('an empty system has only itself', async () => {
    const deps = aSystem(emptyStore);
    for (const name of ['segments', 'server_segments', 'supervisors', 'tasks'])
      expect(await systemRows('sys', name, deps)).toEqual([]);
    expect(await systemRows('sys', 'servers', deps)).toHaveLength(1);
  });

  it('opens for a query: rows with their columns, null for a name that is not there', async () => {
    const tables = openSystemTables(aSystem());
    const running = [{ id: 'other', sql: 'select 2', startedMs: 0 }];
    expect(await tables.systemTable('sys', 'queries', running)).toMatchObject({
      schema: 'sys',
      name: 'queries',
      rows: [['other', 'native', 'RUNNING', expect.any(String)]],
    });
    expect(await tables.systemTable('sys', 'nosuch', [])).toBeNull();
    expect(tables.systemTableNames('INFORMATION_SCHEMA')).toContain('COLUMNS');
  });
});
