/**
 * Segment files that a reader can open where deep storage keeps them. A file's bytes are compared with what was published
 * before its first use in this process, and again whenever the file system says that it is another file.
 */
import { stat } from 'node:fs/promises';
import type { DeepStorage } from '../../segments/deep-storage/deep-storage.ts';
import { digestOf, identityOf, isSameFile } from './file-digest.ts';
import type { FileIdentity } from './file-digest.ts';
import { corruptFile, problemOf, unreadable } from './file-problem.ts';
import type { PublishedFile } from './file-problem.ts';
import { severalAtOnce } from './several-at-once.ts';

/** Beyond this the oldest are forgotten, and verified again. */
const verifiedMax = 200_000;
const atOnce = 16;

export class FilesInPlace {
  readonly #storage: Pick<DeepStorage, 'locate'>;
  readonly #verified = new Map<string, { readonly sha256: string; readonly identity: FileIdentity }>();
  /** Queries that need the same file at the same time read it once. */
  readonly #verifying = new Map<string, Promise<void>>();

  constructor(storage: Pick<DeepStorage, 'locate'>) {
    this.#storage = storage;
  }

  async open(files: readonly PublishedFile[]): Promise<Map<string, string>> {
    const paths = new Map<string, string>();
    await severalAtOnce(files, atOnce, async (file) => {
      const path = this.#storage.locate(file.path);
      if (!(await this.#isVerified(file, path))) await this.#shared(file, path);
      paths.set(file.segmentId, path);
    });
    return paths;
  }

  async #isVerified(file: PublishedFile, path: string): Promise<boolean> {
    // Bytes can rot without a trace in the file system: what a check has found wrong is looked at again.
    if (file.problem !== null) return false;
    const known = this.#verified.get(path);
    if (known === undefined || known.sha256 !== file.sha256) return false;
    try {
      return isSameFile(known.identity, identityOf(await stat(path)));
    } catch (error) {
      throw unreadable(file, error);
    }
  }

  #shared(file: PublishedFile, path: string): Promise<void> {
    const key = `${file.sha256} ${path}`;
    const running = this.#verifying.get(key);
    if (running !== undefined) return running;
    const verifying = this.#verify(file, path).finally(() => this.#verifying.delete(key));
    this.#verifying.set(key, verifying);
    return verifying;
  }

  async #verify(file: PublishedFile, path: string): Promise<void> {
    this.#verified.delete(path);
    const { sha256, identity } = await found(file, path);
    const problem = problemOf(file, { size: identity.size, sha256 });
    if (problem !== null) throw corruptFile(file, problem);
    this.#verified.set(path, { sha256, identity });
    if (this.#verified.size <= verifiedMax) return;
    for (const oldest of this.#verified.keys()) {
      this.#verified.delete(oldest);
      return;
    }
  }
}

async function found(file: PublishedFile, path: string): Promise<{ sha256: string; identity: FileIdentity }> {
  try {
    return await digestOf(path);
  } catch (error) {
    throw unreadable(file, error);
  }
}
