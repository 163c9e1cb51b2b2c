/**
 * The query engine's view of the world. One snapshot of Postgres says which segments are visible and which sequences are not
 * yet published; running tasks give the rows of those, deep storage the files of these. So each row is there exactly once,
 * however many publishes happen meanwhile (design.md 10).
 */
import type { Pool } from 'pg';
import { inSnapshot } from '../storage/snapshot.ts';
import { readLiveSnapshot } from '../storage/live-sequences.ts';
import type { LiveSnapshot } from '../storage/live-sequences.ts';
import { visibleSegments } from '../storage/visible-segments.ts';
import type { VisibleFile } from '../storage/visible-segments.ts';
import type { OpenedSources, QueryCatalog, SourceUse } from './engine.ts';
import type { LiveAnswer, LivePieces, LiveRows } from './live/live-rows.ts';
import type { FileGroup, LiveGroup, SourceTable } from './messages.ts';
import type { OpenFiles, SegmentFiles } from './segment-files/segment-files.ts';
import { boundsInFiles, readSourceShapes } from './source-columns.ts';
import { unifyColumns } from './unify-columns.ts';
import type { SourceShapes } from './source-columns.ts';

export type CatalogDeps = Pick<QueryCatalog, 'systemTable' | 'systemTableNames'> & {
  /** With `pipeline`: a snapshot is several statements. */
  readonly pool: Pool;
  readonly files: Pick<SegmentFiles, 'open'>;
  readonly live: Pick<LiveRows, 'gather'>;
  /** How long a query waits for a worker to reach again what another one has shown already. */
  readonly liveWaitMs: number;
};

/** A publish between the snapshot and a worker's answer is seen by the worker: then all is looked up again. */
const snapshotsMax = 4;

export function openQueryCatalog(deps: CatalogDeps): QueryCatalog {
  return {
    systemTable: deps.systemTable,
    systemTableNames: deps.systemTableNames,
    open: async (uses, { deadlineMs, publishedOnly }) => {
      for (let taken = 1; ; taken += 1) {
        const snapshot = await inSnapshot(deps.pool, (database) => lookUp(database, uses));
        if (publishedOnly) return pinned(snapshot, nothingLive, deps);
        const live = await deps.live.gather(snapshot.live, {
          deadlineMs,
          waitMs: deps.liveWaitMs,
          final: taken === snapshotsMax,
        });
        if (live.kind === 'stale') continue;
        return pinned(snapshot, live, deps);
      }
    },
  };
}

const nothingLive = { kind: 'rows', sequences: [], incomplete: [], release: () => undefined } as const;

type Snapshot = {
  readonly sources: readonly {
    readonly use: SourceUse;
    readonly shapes: SourceShapes;
    readonly files: readonly VisibleFile[];
  }[];
  readonly live: LiveSnapshot;
};

type Database = Parameters<Parameters<typeof inSnapshot>[1]>[0];

async function lookUp(database: Database, uses: readonly SourceUse[]): Promise<Snapshot> {
  const names = uses.map(({ name }) => name);
  const asked = readLiveSnapshot(database, names);
  // Waited for below, when the segments have been asked for as well.
  asked.catch(() => undefined);
  const shapes = await readSourceShapes(database, names);
  const known = uses.flatMap((use) => {
    const own = shapes.get(use.name);
    return own === undefined ? [] : [{ use, shapes: own }];
  });
  const found = visibleSegments(
    database,
    known.map(({ use, shapes: own }) => ({
      dataSource: use.name,
      bounds: boundsInFiles(use.bounds, unifyColumns([...own.shapes.values()], own.known)),
    })),
    new Map(known.map(({ use, shapes: own }) => [use.name, own.shapes])),
  );
  const [segments, live] = await Promise.all([found, asked]);
  return {
    sources: known.map((source, at) => ({ ...source, files: segments[at]?.files ?? [] })),
    live,
  };
}

async function pinned(
  snapshot: Snapshot,
  live: Extract<LiveAnswer, { kind: 'rows' }>,
  { files }: CatalogDeps,
): Promise<OpenedSources> {
  const wanted = snapshot.sources.flatMap((source) => source.files);
  const opened = await files.open(wanted).catch((error: unknown) => {
    live.release();
    throw error;
  });
  const release = (): void => {
    opened.release();
    live.release();
  };
  try {
    const sources = snapshot.sources.map((source) =>
      tableOf(
        source,
        opened,
        live.sequences.filter(({ dataSource }) => dataSource === source.use.name),
      ),
    );
    const describe = (path: string): string | null => describeFile(path, wanted, opened);
    return { sources, incomplete: live.incomplete, describeFile: describe, release };
  } catch (error) {
    release();
    throw error;
  }
}

function tableOf(
  { use, shapes, files }: Snapshot['sources'][number],
  opened: OpenFiles,
  sequences: readonly LivePieces[],
): SourceTable {
  const liveShapes = sequences.flatMap(({ pieces }) => pieces.map(({ columns }) => columns));
  return {
    name: use.name,
    columns: unifyColumns([...shapes.shapes.values(), ...liveShapes], shapes.known),
    files: grouped(files, opened),
    live: sequences.map(({ rollup, pieces }): LiveGroup => ({ rollup, pieces })),
    bounds: { fromMs: use.bounds.fromMs, toMs: use.bounds.toMs },
  };
}

/** Files of one shape share their list of columns. */
function grouped(files: readonly VisibleFile[], opened: OpenFiles): FileGroup[] {
  const groups = new Map<VisibleFile['columns'], string[]>();
  for (const file of files) {
    const path = opened.paths.get(file.segmentId);
    if (path === undefined) continue;
    const paths = groups.get(file.columns);
    if (paths === undefined) groups.set(file.columns, [path]);
    else paths.push(path);
  }
  return [...groups].map(([columns, paths]) => ({ columns, paths }));
}

function describeFile(path: string, files: readonly VisibleFile[], opened: OpenFiles): string | null {
  const file = files.find(({ segmentId }) => opened.paths.get(segmentId) === path);
  if (file === undefined) return null;
  return `segment ${file.segmentId} of ${file.dataSource} cannot be read, although it was as published when it was checked; restore its file from a backup of deep storage, then ask again`;
}
