/** Every system table by name: its columns and, from what Postgres and this process know now, its rows. */
import type { SystemTable } from './messages.ts';
import { systemTableColumns, systemTableNames } from './system-rows/columns.ts';
import type { InformationTable, SysTable, SystemSchema } from './system-rows/columns.ts';
import { columnRows, routineRows, schemaRows, tableRows } from './system-rows/information-schema.ts';
import { queryRows } from './system-rows/queries.ts';
import { segmentRows } from './system-rows/segments.ts';
import { serverRows, serverSegmentRows } from './system-rows/servers.ts';
import { supervisorRows } from './system-rows/supervisors.ts';
import { taskRows } from './system-rows/tasks.ts';
import type { RunningQuery, SystemDeps, SystemRow } from './system-rows/world.ts';

export { systemTableColumns, systemTableNames };

type RowMaker = (deps: SystemDeps) => Promise<SystemRow[]> | SystemRow[];

const sysRows: { readonly [name in SysTable]: RowMaker } = {
  queries: queryRows,
  segments: segmentRows,
  server_segments: serverSegmentRows,
  servers: serverRows,
  supervisors: supervisorRows,
  tasks: taskRows,
};

const informationRows: { readonly [name in InformationTable]: RowMaker } = {
  COLUMNS: columnRows,
  ROUTINES: routineRows,
  SCHEMATA: schemaRows,
  TABLES: tableRows,
};

const makers: { readonly [schema in SystemSchema]: Readonly<Record<string, RowMaker>> } = {
  sys: sysRows,
  INFORMATION_SCHEMA: informationRows,
};

/** Of a table that `systemTableColumns` knows; any other has no rows. */
export async function systemRows(
  schema: SystemSchema,
  name: string,
  deps: SystemDeps,
): Promise<readonly SystemRow[]> {
  const maker = Object.hasOwn(makers[schema], name) ? makers[schema][name] : undefined;
  return maker === undefined ? [] : maker(deps);
}

/** What a query asks for by name; null: there is no such table. */
export function openSystemTables(deps: Omit<SystemDeps, 'runningQueries'>): {
  readonly systemTable: (
    schema: SystemSchema,
    name: string,
    running: readonly RunningQuery[],
  ) => Promise<SystemTable | null>;
  readonly systemTableNames: (schema: SystemSchema) => readonly string[];
} {
  return {
    systemTableNames,
    systemTable: async (schema, name, running) => {
      const columns = systemTableColumns(schema, name);
      if (columns === null) return null;
      const rows = await systemRows(schema, name, { ...deps, runningQueries: () => running });
      return { schema, name, columns, rows };
    },
  };
}
