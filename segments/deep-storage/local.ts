/**
 * Deep storage in a local folder. `put` is durable and creates only: the bytes go to `x.tmp`, are synced, and get their
 * name by a hard link, which fails where the name exists (protocol.md 3.3). Files are read-only from the start.
 */
import { createHash } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rmdir, stat, unlink, copyFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HeadgateError, isHeadgateError, messageOf } from '../../domain/errors.ts';
import type { DeepStorage } from './deep-storage.ts';
import { pathParts } from './paths.ts';

const unfinished = '.tmp';
const readOnly = 0o444;
/** An empty folder may be removed by the reaper between making and using it. */
const folderTries = 5;
/** A writer at work touches its file far more often; older than this, it was left by a process that died. */
const abandonedMs = 10_000;

export function openLocalDeepStorage(rootFolder: string): DeepStorage {
  return new LocalDeepStorage(resolve(rootFolder));
}

class LocalDeepStorage implements DeepStorage {
  readonly #root: string;
  /** Puts of one name wait for one another: they would share a temporary file. */
  readonly #putting = new Map<string, Promise<unknown>>();

  constructor(root: string) {
    this.#root = root;
  }

  locate(path: string): string {
    const absolute = resolve(this.#root, ...pathParts(path));
    if (!absolute.startsWith(this.#root + sep))
      throw new HeadgateError('STORAGE_CONFLICT', `deep storage: path ${path} leaves the root folder`);
    return absolute;
  }

  uri(path: string): string {
    return pathToFileURL(this.locate(path)).href;
  }

  async put(path: string, localFile: string): Promise<{ size: number }> {
    const target = this.locate(path);
    const before = this.#putting.get(target) ?? Promise.resolve();
    const ours = before.catch(() => {}).then(() => this.#put(path, target, localFile));
    this.#putting.set(target, ours);
    try {
      return await ours;
    } finally {
      if (this.#putting.get(target) === ours) this.#putting.delete(target);
    }
  }

  #put(path: string, target: string, localFile: string): Promise<{ size: number }> {
    return translated(`cannot store ${path}`, async () => {
      const { size } = await stat(localFile);
      const created = (await this.stat(path)) === null && (await this.#write(target, localFile));
      if (!created && !(await sameContent(target, localFile)))
        throw new HeadgateError(
          'STORAGE_CONFLICT',
          `deep storage: ${path} exists with other content; nothing was changed`,
          {
            details: { path },
          },
        );
      const stored = await stat(target);
      if (stored.size !== size)
        throw new Error(
          `it has ${stored.size} bytes, expected ${size}: the local file changed or the disk lost bytes`,
        );
      return { size };
    });
  }

  async fetch(path: string, localFile: string): Promise<void> {
    const source = this.locate(path);
    await translated(`cannot fetch ${path}`, async () => {
      if ((await this.stat(path)) === null)
        throw new HeadgateError('SEGMENT_CORRUPT', `deep storage: ${path} does not exist`, {
          details: { path, missing: true },
        });
      const part = `${localFile}.part`;
      await unlinkIfThere(part);
      await copyFile(source, part);
      await rename(part, localFile);
    });
  }

  async stat(path: string): Promise<{ size: number } | null> {
    const target = this.locate(path);
    return translated(`cannot look up ${path}`, async () => {
      const found = await orNull(lstat(target), 'ENOENT', 'ENOTDIR');
      return found?.isFile() === true ? { size: found.size } : null;
    });
  }

  async remove(path: string): Promise<void> {
    const target = this.locate(path);
    await translated(`cannot remove ${path}`, async () => {
      await unlinkIfThere(target + unfinished);
      await unlinkIfThere(target);
      await this.#removeEmptyFolders(dirname(target));
    });
  }

  async *list(prefix: string): AsyncIterable<{ path: string; modifiedMs: number }> {
    const start = prefix === '' ? this.#root : this.locate(prefix.replace(/\/$/, ''));
    for await (const file of filesBelow(start)) {
      const found = await orNull(lstat(file), 'ENOENT');
      if (found === null) continue;
      const path = relative(this.#root, file).split(sep).join('/');
      const isUnfinished = path.endsWith(unfinished);
      if (isUnfinished && (await orNull(lstat(file.slice(0, -unfinished.length)), 'ENOENT')) !== null)
        continue;
      yield { path: isUnfinished ? path.slice(0, -unfinished.length) : path, modifiedMs: found.mtimeMs };
    }
  }

  /** False: the name exists already. */
  async #write(target: string, localFile: string): Promise<boolean> {
    const temporary = target + unfinished;
    const file = await this.#createTemporary(temporary);
    try {
      await copyInto(file, localFile);
      // The mode given at creation is subject to the umask.
      await file.chmod(readOnly);
      await file.sync();
      const ours = await file.stat();
      const linked = await orNull(
        link(temporary, target).then(() => true),
        'EEXIST',
      );
      await syncFolder(dirname(target));
      if (linked === null) return false;
      // Whoever else wrote to the same temporary name, only our own finished bytes count as created by us.
      return (await lstat(target)).ino === ours.ino;
    } finally {
      await file.close();
      await unlinkIfThere(temporary);
      await syncFolder(dirname(target));
    }
  }

  async #createTemporary(temporary: string): Promise<FileHandle> {
    for (let tries = 1; ; tries++) {
      await this.#makeFolders(dirname(temporary));
      try {
        return await open(temporary, 'wx', readOnly);
      } catch (error) {
        if (tries === folderTries) throw error;
        if (codeOf(error) === 'EEXIST') await removeAbandoned(temporary);
        else if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
  }

  /** New folders are only there for good once the folders above them are synced. */
  async #makeFolders(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true });
    if (first === undefined) return;
    for (let made = folder; made.length >= first.length; made = dirname(made))
      await syncFolder(dirname(made));
  }

  async #removeEmptyFolders(from: string): Promise<void> {
    for (let folder = from; folder.startsWith(this.#root + sep); folder = dirname(folder)) {
      const removed = await orNull(
        rmdir(folder).then(() => true),
        'ENOTEMPTY',
        'EEXIST',
        'ENOENT',
        'ENOTDIR',
      );
      if (removed === null) return;
    }
  }
}

/** Throws while another process may still be writing it, which a retry later will find done. */
async function removeAbandoned(temporary: string): Promise<void> {
  const found = await orNull(lstat(temporary), 'ENOENT');
  if (found !== null && Date.now() - found.mtimeMs < abandonedMs)
    throw new Error('another process is storing a file of this name');
  await unlinkIfThere(temporary);
}

async function copyInto(file: FileHandle, localFile: string): Promise<void> {
  for await (const bytes of createReadStream(localFile, { highWaterMark: 1024 * 1024 })) {
    const chunk = bytes as Buffer;
    for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
  }
}

async function sameContent(one: string, other: string): Promise<boolean> {
  return (await sha256Of(one)) === (await sha256Of(other));
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries: Dirent[] | null = await orNull(
    readdir(folder, { withFileTypes: true }),
    'ENOENT',
    'ENOTDIR',
  );
  for (const entry of entries ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  await orNull(unlink(path), 'ENOENT', 'ENOTDIR');
}

/** Null when it fails with one of these codes. */
async function orNull<T>(promise: Promise<T>, ...codes: readonly string[]): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (codes.includes(codeOf(error))) return null;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Errors of the file system become STORAGE_UNAVAILABLE here, where they are born. */
async function translated<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (isHeadgateError(error)) throw error;
    throw new HeadgateError('STORAGE_UNAVAILABLE', `deep storage: ${what}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
