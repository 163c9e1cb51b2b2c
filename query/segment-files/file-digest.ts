/**
 * The SHA-256 of a file, in steps short enough for the event loop: a chunk is hashed in well under a millisecond, and reading
 * waits off the thread.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Stats } from 'node:fs';

const chunkBytes = 256 * 1024;

/** What a file system says of a file that changes when its bytes do. */
export type FileIdentity = {
  readonly size: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  readonly inode: number;
};

export function identityOf(stats: Stats): FileIdentity {
  return { size: stats.size, modifiedMs: stats.mtimeMs, changedMs: stats.ctimeMs, inode: stats.ino };
}

export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.size === other.size &&
    one.modifiedMs === other.modifiedMs &&
    one.changedMs === other.changedMs &&
    one.inode === other.inode
  );
}

/** The identity is that of the bytes hashed: it was taken before them. Errors are the file system's. */
export async function digestOf(path: string): Promise<{ sha256: string; identity: FileIdentity }> {
  const file = await open(path, 'r');
  try {
    const identity = identityOf(await file.stat());
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, identity.size)));
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), identity };
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
