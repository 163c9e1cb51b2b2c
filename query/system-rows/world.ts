/** What the rows of system tables are made from: Postgres, bound so that a test can stand in for it, and this process. */
import type { Pool } from 'pg';
import type { DeepStorage } from '../../segments/deep-storage/deep-storage.ts';
import {
  availableBytes,
  dataSourceNames,
  dataSourceSpecs,
  processesAtWork,
  runningSequences,
  segmentDataSources,
  usedSegments,
} from '../../storage/catalog.ts';
import { listSupervisors } from '../../storage/supervisors.ts';
import { listTasks } from '../../storage/tasks.ts';
import type { FunctionTable } from '../sql/function-table.ts';
import type { SqlType } from '../sql/typed-sql.ts';

type Bound<F> = F extends (pool: Pool, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

export type SystemStore = {
  readonly usedSegments: Bound<typeof usedSegments>;
  readonly segmentDataSources: Bound<typeof segmentDataSources>;
  readonly availableBytes: Bound<typeof availableBytes>;
  readonly runningSequences: Bound<typeof runningSequences>;
  readonly processes: Bound<typeof processesAtWork>;
  readonly tasks: Bound<typeof listTasks>;
  readonly supervisors: Bound<typeof listSupervisors>;
  readonly dataSourceSpecs: Bound<typeof dataSourceSpecs>;
  readonly dataSourceNames: Bound<typeof dataSourceNames>;
};

export function openSystemStore(pool: Pool): SystemStore {
  return {
    usedSegments: (names) => usedSegments(pool, names),
    segmentDataSources: (options) => segmentDataSources(pool, options),
    availableBytes: () => availableBytes(pool),
    runningSequences: () => runningSequences(pool),
    processes: () => processesAtWork(pool),
    tasks: (filter) => listTasks(pool, filter),
    supervisors: () => listSupervisors(pool),
    dataSourceSpecs: (names) => dataSourceSpecs(pool, names),
    dataSourceNames: () => dataSourceNames(pool),
  };
}

/** The api process that answers. */
export type OwnProcess = {
  readonly workerId: string;
  /** `host:port` under which it is reached. */
  readonly server: string;
  readonly startedAt: string;
  readonly version: string;
  readonly processors: number;
  readonly memoryBytes: number;
};

export type RunningQuery = { readonly id: string; readonly sql: string; readonly startedMs: number };

export type SourceColumns = ReadonlyMap<string, readonly { readonly name: string; readonly type: SqlType }[]>;

export type SystemDeps = {
  readonly store: SystemStore;
  readonly storage: Pick<DeepStorage, 'uri'>;
  readonly self: OwnProcess;
  readonly runningQueries: () => readonly RunningQuery[];
  readonly sourceColumns: (names: readonly string[] | null) => Promise<SourceColumns>;
  readonly functions: FunctionTable;
};

/** A cell: text, whole number, or nothing. */
export type SystemValue = string | bigint | number | null;
export type SystemRow = readonly SystemValue[];
