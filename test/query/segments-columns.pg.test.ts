/** The columns of a data source as Postgres knows them: of its segments and of the specs of its supervisors. */
import { expect, it } from 'vitest';
import { readSourceColumns } from '../../query/source-columns.ts';
import type { Database } from '../../storage/call.ts';
import { storeSupervisorVersion } from '../../storage/supervisors.ts';
import { scratchDatabase } from '../storage/scratch.ts';
import { insertSegments, timeOnly } from '../storage/segment-rows.ts';

const { undone } = scratchDatabase();

async function supervise(
  database: Database,
  supervisorId: string,
  dataSource: string,
  schema: object,
): Promise<void> {
  const spec = {
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource,
        timestampSpec: { column: 'ts', format: 'auto' },
        granularitySpec: {},
        ...schema,
      },
      ioConfig: {
        topic: 't',
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': 'k:9092' },
      },
      tuningConfig: { type: 'kafka' },
    },
  };
  const specText = JSON.stringify(spec);
  await storeSupervisorVersion(database, {
    supervisorId,
    dataSource,
    specText,
    by: 'test',
    desired: 'running',
  });
}

async function columnsIn(
  database: Database,
  names: readonly string[] | null,
): Promise<Record<string, string[]>> {
  const found = await readSourceColumns(database, names);
  return Object.fromEntries(
    [...found].map(([name, columns]) => [
      name,
      columns.map((column) => `${column.name}=${column.field} ${column.duckdbType}`),
    ]),
  );
}

it('joins specs and segments, and leaves out what does not exist', async () => {
  await undone(async (database) => {
    await insertSegments(database, [
      { id: 'a', dataSource: 'edits', columns: [...timeOnly, { name: 'page', type: 'VARCHAR[]' }] },
      { id: 'b', dataSource: 'edits', columns: [...timeOnly, { name: 'size', type: 'BIGINT' }] },
      {
        id: 'c',
        dataSource: 'edits',
        columns: [...timeOnly, { name: 'gone', type: 'VARCHAR' }],
        used: false,
      },
    ]);
    await supervise(database, 's1', 'edits', {
      dimensionsSpec: { dimensions: ['Page', 'page', { type: 'long', name: 'delta' }] },
      metricsSpec: [{ type: 'doubleSum', name: 'size', fieldName: 'size' }],
    });
    await supervise(database, 's2', 'edits', {
      dimensionsSpec: { dimensions: [{ type: 'string', name: 'delta' }, 'late'] },
    });
    await supervise(database, 's3', 'planned', {
      dimensionsSpec: { dimensions: ['x'] },
      metricsSpec: [
        { type: 'count', name: 'count' },
        { type: 'floatMax', name: 'most', fieldName: 'x' },
      ],
    });
    const edits = [
      '__time=__time TIMESTAMP',
      'Page=Page VARCHAR',
      'page_1=page_1 VARCHAR',
      'delta=delta VARCHAR',
      'late=late VARCHAR',
      'size=size DOUBLE',
      'page_2=page VARCHAR[]',
    ];
    const planned = ['__time=__time TIMESTAMP', 'x=x VARCHAR', 'count=count BIGINT', 'most=most FLOAT'];
    // The supervisor of the fixture has a spec that says nothing.
    expect(await columnsIn(database, null)).toEqual({
      edits,
      planned,
      wikipedia: ['__time=__time TIMESTAMP'],
    });
    expect(await columnsIn(database, ['planned', 'nosuch'])).toEqual({ planned });
  });
});
