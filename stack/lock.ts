/**
 * A lock file that a dead process never keeps: it names its holder by pid and birth.
 *
 * Taking over a stale lock can race with another taker; the check after the rename puts a lock back that was fresh.
 * What the lock protects must still be safe when two hold it (installs end in an atomic rename).
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { identify, isSameProcess } from './processes.ts';
import type { ProcessIdentity } from './processes.ts';

export type Lock =
  | { readonly kind: 'acquired'; readonly release: () => void }
  | { readonly kind: 'held'; readonly holder: ProcessIdentity };

export function acquireLock(path: string): Lock {
  mkdirSync(dirname(path), { recursive: true });
  const self = identify(process.pid) ?? { pid: process.pid, birth: '' };
  // Written aside and linked: the lock is never seen without its holder in it.
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, JSON.stringify(self));
  try {
    for (;;) {
      if (linkIfAbsent(draft, path)) return { kind: 'acquired', release: () => release(path, self) };
      const holder = readHolder(path);
      if (holder && isSameProcess(holder)) return { kind: 'held', holder };
      if (holder) removeStale(path, holder);
      else if (isUnreadable(path)) rmSync(path, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function release(path: string, self: ProcessIdentity): void {
  if (sameIdentity(readHolder(path), self)) rmSync(path, { force: true });
}

function removeStale(path: string, stale: ProcessIdentity): void {
  const aside = `${path}.stale-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (!sameIdentity(readHolder(aside), stale)) linkIfAbsent(aside, path);
  rmSync(aside, { force: true });
}

function linkIfAbsent(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string): ProcessIdentity | null {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof holder !== 'object' || holder === null) return null;
    if (!('pid' in holder && typeof holder.pid === 'number')) return null;
    if (!('birth' in holder && typeof holder.birth === 'string')) return null;
    return { pid: holder.pid, birth: holder.birth };
  } catch {
    return null;
  }
}

/** True for a lock that exists but is no lock of ours (cut off by a full disk, say). */
function isUnreadable(path: string): boolean {
  try {
    readFileSync(path);
    return readHolder(path) === null;
  } catch {
    return false;
  }
}

function sameIdentity(a: ProcessIdentity | null, b: ProcessIdentity): boolean {
  return a !== null && a.pid === b.pid && a.birth === b.birth;
}
