/** Real Parquet files in a folder of their own, as published files and as a deep storage that counts what is fetched. */
import { createHash, randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { HeadgateError } from '../../domain/errors.ts';
import type { DeepStorage } from '../../segments/deep-storage/deep-storage.ts';
import type { PublishedFile } from '../../query/segment-files/file-problem.ts';

export type SegmentWorld = {
  readonly folder: string;
  /** Where deep storage has a path. */
  readonly locate: (path: string) => string;
  /** A file of these bytes, as it would be published. */
  readonly publish: (content: string | Buffer, name?: string) => PublishedFile;
  readonly remove: () => void;
};

export function makeSegmentWorld(): SegmentWorld {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-segments-'));
  const locate = (path: string): string => join(folder, 'deep', path);
  return {
    folder,
    locate,
    publish: (content, name = `${randomUUID()}.parquet`) => {
      const bytes = Buffer.from(content);
      const path = `wiki/${name}`;
      mkdirSync(dirname(locate(path)), { recursive: true });
      writeFileSync(locate(path), bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return {
        dataSource: 'wiki',
        segmentId: `wiki_${name}`,
        path,
        size: bytes.length,
        sha256,
        problem: null,
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The bytes of what a SELECT gives, as a Parquet file; small row groups on request. */
export async function parquetOf(
  world: SegmentWorld,
  select: string,
  rowGroupRows = 131_072,
): Promise<Buffer> {
  const path = join(world.folder, `${randomUUID()}.parquet`);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`set TimeZone = 'UTC'`);
  await connection.run(
    `copy (${select}) to '${path}' (format parquet, codec zstd, row_group_size ${rowGroupRows})`,
  );
  connection.closeSync();
  instance.closeSync();
  return readFileSync(path);
}

/** Deep storage as one that is elsewhere: only `fetch` gives files. */
export class CountingStorage {
  readonly fetched: string[] = [];
  /** While set, every fetch waits for it. */
  gate: Promise<void> | null = null;
  failing: Error | null = null;
  readonly #world: SegmentWorld;

  constructor(world: SegmentWorld) {
    this.#world = world;
  }

  get storage(): DeepStorage {
    const never = (): never => {
      throw new Error('only fetch is expected here');
    };
    return {
      fetch: (path: string, localFile: string) => this.#fetch(path, localFile),
      locate: (path: string) => this.#world.locate(path),
      put: never,
      uri: never,
      stat: never,
      remove: never,
      list: never,
    };
  }

  async #fetch(path: string, localFile: string): Promise<void> {
    this.fetched.push(path);
    await this.gate;
    if (this.failing !== null) throw this.failing;
    try {
      copyFileSync(this.#world.locate(path), localFile);
    } catch {
      throw new HeadgateError('SEGMENT_CORRUPT', `deep storage: ${path} does not exist`, {
        details: { path, missing: true },
      });
    }
  }
}
