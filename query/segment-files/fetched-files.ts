/**
 * Local copies of segment files from a deep storage elsewhere: each is fetched once, compared with what was published, and
 * kept while there is room. Files in use are never removed; all copies together never exceed the bound.
 *
 * Copies are named by their SHA-256, so what a killed process left behind is either whole, which is checked before its first
 * use, or removed. The folder belongs to one process.
 */
import { rmSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeepStorage } from '../../segments/deep-storage/deep-storage.ts';
import { limitExceeded } from '../limits.ts';
import { digestOf, identityOf, isSameFile } from './file-digest.ts';
import type { FileIdentity } from './file-digest.ts';
import { corruptFile, problemOf, unreadable } from './file-problem.ts';
import type { PublishedFile } from './file-problem.ts';
import { severalAtOnce } from './several-at-once.ts';

export type FetchedFilesOptions = {
  readonly storage: Pick<DeepStorage, 'fetch'>;
  readonly folder: string;
  readonly bytesMax: number;
};

type Copy = {
  readonly sha256: string;
  readonly path: string;
  readonly size: number;
  users: number;
  /** Of the bytes that were compared; null: not yet in this process. */
  verified: FileIdentity | null;
  /** Fetching or comparing, for whoever needs it. */
  preparing: Promise<void> | null;
};

const atOnce = 8;
const copyName = /^([0-9a-f]{64})\.parquet$/;

export class FetchedFiles {
  readonly #options: FetchedFilesOptions;
  /** Least recently used first. */
  readonly #copies = new Map<string, Copy>();
  #bytes = 0;
  #adopted: Promise<void> | null = null;

  constructor(options: FetchedFilesOptions) {
    this.#options = options;
  }

  async open(files: readonly PublishedFile[]): Promise<{ paths: Map<string, string>; release: () => void }> {
    // A folder that could not be read is tried again by the next query.
    await (this.#adopted ??= this.#adopt().catch((error: unknown) => {
      this.#adopted = null;
      throw error;
    }));
    const held = this.#reserve(files);
    try {
      await severalAtOnce(files, atOnce, async (file) => {
        const copy = held.get(file.sha256);
        if (copy !== undefined) await this.#prepared(copy, file);
      });
    } catch (error) {
      this.#release(held);
      throw error;
    }
    const paths = new Map(files.map((file) => [file.segmentId, this.#pathOf(file.sha256)]));
    let isReleased = false;
    return {
      paths,
      release: () => {
        if (!isReleased) this.#release(held);
        isReleased = true;
      },
    };
  }

  /** All room a query needs is taken at once: two queries can never wait for one another. */
  #reserve(files: readonly PublishedFile[]): Map<string, Copy> {
    const wanted = new Map(files.map((file) => [file.sha256, file]));
    const { bytesMax } = this.#options;
    const whole = sum([...wanted.values()].map((file) => file.size));
    if (whole > bytesMax)
      throw limitExceeded(
        'bytes',
        `the query needs ${wanted.size} segment files of ${whole} bytes, the local cache holds ${bytesMax}; ` +
          `narrow the interval of __time or enlarge the cache`,
      );
    this.#forgetWrongSizes(wanted);
    const inUse = sum([...this.#copies.values()].filter((it) => it.users > 0).map((it) => it.size));
    const fresh = sum([...wanted.values()].filter((it) => !this.#isInUse(it.sha256)).map((it) => it.size));
    if (inUse + fresh > bytesMax)
      throw limitExceeded(
        'bytes',
        `the query needs ${fresh} bytes of segment files, the local cache holds ${bytesMax} and other queries use ${inUse} ` +
          `of them now; ask again when they have ended, narrow the interval of __time or enlarge the cache`,
      );
    return this.#take(wanted);
  }

  #isInUse(sha256: string): boolean {
    return (this.#copies.get(sha256)?.users ?? 0) > 0;
  }

  /** A copy of another size than published is what a killed process left of a fetch. */
  #forgetWrongSizes(wanted: ReadonlyMap<string, PublishedFile>): void {
    for (const [sha256, file] of wanted) {
      const copy = this.#copies.get(sha256);
      if (copy !== undefined && copy.users === 0 && copy.size !== file.size) this.#remove(copy);
    }
  }

  #take(wanted: ReadonlyMap<string, PublishedFile>): Map<string, Copy> {
    const held = new Map<string, Copy>();
    for (const { sha256 } of wanted.values()) {
      const copy = this.#copies.get(sha256);
      if (copy === undefined) continue;
      copy.users++;
      held.set(sha256, copy);
    }
    for (const { sha256, size } of wanted.values()) {
      if (held.has(sha256)) continue;
      this.#makeRoom(size);
      const path = this.#pathOf(sha256);
      const copy: Copy = { sha256, path, size, users: 1, verified: null, preparing: null };
      this.#copies.set(sha256, copy);
      this.#bytes += size;
      held.set(sha256, copy);
    }
    return held;
  }

  #makeRoom(size: number): void {
    for (const copy of this.#copies.values()) {
      if (this.#bytes + size <= this.#options.bytesMax) return;
      if (copy.users === 0) this.#remove(copy);
    }
  }

  #remove(copy: Copy): void {
    rmSync(copy.path, { force: true });
    if (this.#copies.get(copy.sha256) !== copy) return;
    this.#copies.delete(copy.sha256);
    this.#bytes -= copy.size;
  }

  #release(held: ReadonlyMap<string, Copy>): void {
    for (const copy of held.values()) {
      copy.users--;
      if (this.#copies.get(copy.sha256) !== copy) continue;
      this.#copies.delete(copy.sha256);
      this.#copies.set(copy.sha256, copy);
    }
  }

  #prepared(copy: Copy, file: PublishedFile): Promise<void> {
    copy.preparing ??= this.#prepare(copy, file).finally(() => (copy.preparing = null));
    return copy.preparing;
  }

  /** What is there and whole is used; everything else is fetched again. */
  async #prepare(copy: Copy, file: PublishedFile): Promise<void> {
    if (await isWhole(copy, file)) return;
    copy.verified = null;
    try {
      await this.#options.storage.fetch(file.path, copy.path);
      const { sha256, identity } = await digestOf(copy.path);
      const problem = problemOf(file, { size: identity.size, sha256 });
      if (problem !== null) throw corruptFile(file, problem);
      copy.verified = identity;
    } catch (error) {
      rmSync(copy.path, { force: true });
      throw unreadable(file, error);
    }
  }

  #pathOf(sha256: string): string {
    return join(this.#options.folder, `${sha256}.parquet`);
  }

  /** Oldest first, so that the newest stay; what is no whole copy by its name is removed. */
  async #adopt(): Promise<void> {
    const { folder, bytesMax } = this.#options;
    await mkdir(folder, { recursive: true });
    const found: { copy: Copy; modifiedMs: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const sha256 = copyName.exec(name)?.[1];
      const stats = await stat(path);
      if (sha256 === undefined || !stats.isFile()) {
        await rm(path, { recursive: true, force: true });
        continue;
      }
      const copy: Copy = { sha256, path, size: stats.size, users: 0, verified: null, preparing: null };
      found.push({ copy, modifiedMs: stats.mtimeMs });
    }
    for (const { copy } of found.sort((one, other) => one.modifiedMs - other.modifiedMs)) {
      this.#copies.set(copy.sha256, copy);
      this.#bytes += copy.size;
    }
    for (const copy of [...this.#copies.values()]) if (this.#bytes > bytesMax) this.#remove(copy);
  }
}

async function isWhole(copy: Copy, file: PublishedFile): Promise<boolean> {
  try {
    if (copy.verified !== null) return isSameFile(copy.verified, identityOf(await stat(copy.path)));
    const { sha256, identity } = await digestOf(copy.path);
    if (problemOf(file, { size: identity.size, sha256 }) !== null) return false;
    copy.verified = identity;
    return true;
  } catch {
    return false;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
