/**
 * Everything an api process needs to answer SQL: the engine with its processes, files of segments, rows of running tasks,
 * system tables, and the checker that looks at every published file once.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { CoordinatorDeps } from '../api/coordinator-routes.ts';
import { openQueryCatalog } from '../query/catalog.ts';
import { QueryEngine } from '../query/engine.ts';
import { LiveRows } from '../query/live/live-rows.ts';
import { SegmentChecker } from '../query/segment-files/segment-checker.ts';
import { SegmentFiles } from '../query/segment-files/segment-files.ts';
import { readSourceColumns } from '../query/source-columns.ts';
import { functionTable } from '../query/sql/functions/index.ts';
import { openSystemStore } from '../query/system-rows/world.ts';
import type { OwnProcess } from '../query/system-rows/world.ts';
import { openSystemTables } from '../query/system-tables.ts';
import { openLocalDeepStorage } from '../segments/deep-storage/local.ts';
import { readLiveSequences } from '../storage/live-sequences.ts';
import { openPool } from '../storage/pool.ts';
import { recordChecks } from '../storage/segment-checks.ts';
import type { RoleConfig } from './config.ts';
import { ownScratch } from './scratch.ts';

/** Copies of remote segment files; deep storage is local as yet, so none are made. */
const cacheBytesMax = 10 * 1024 ** 3;

export type Queries = {
  readonly engine: QueryEngine;
  /** For the paths beside SQL. */
  readonly system: CoordinatorDeps;
  readonly close: () => Promise<void>;
};

export async function openQueries(
  config: RoleConfig,
  parts: { readonly pool: Pool; readonly logger: Logger; readonly self: OwnProcess },
): Promise<Queries> {
  const { pool, logger, self } = parts;
  const scratch = await ownScratch(config, 'queries');
  const storage = openLocalDeepStorage(config.deepStorage);
  const files = new SegmentFiles({
    storage,
    folder: join(scratch, 'segments'),
    cacheBytesMax,
    isLocal: true,
    onCorrupt: (segmentId, problem) =>
      void recordChecks(pool, [{ segmentId, problem, statistics: {} }]).catch(() => undefined),
  });
  const live = new LiveRows({
    folder: join(scratch, 'live'),
    refresh: (dataSources) => readLiveSequences(pool, dataSources),
    log: logger,
    limits: { diskBytesMax: config.queryLiveBytes },
  });
  const checker = new SegmentChecker({ database: pool, files, workerId: config.workerId, log: logger });
  const system = { store: openSystemStore(pool), storage, self };
  const tables = openSystemTables({
    ...system,
    sourceColumns: (names) => readSourceColumns(pool, names),
    functions: functionTable,
  });
  const snapshots = openPool({
    url: config.postgresUrl,
    max: 8,
    applicationName: 'headgate api queries',
    pipeline: true,
  });
  const engine = new QueryEngine(
    openQueryCatalog({ ...tables, pool: snapshots, files, live, liveWaitMs: config.queryLiveWaitMs }),
    { scratch: join(scratch, 'processes') },
  );
  checker.start();
  return {
    engine,
    system,
    close: async () => {
      live.close();
      await Promise.all([engine.close(), checker.stop()]);
      await snapshots.end();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
