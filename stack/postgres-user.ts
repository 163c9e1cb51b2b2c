/**
 * Postgres refuses to run as root, so root becomes the system user `postgres` (else `nobody`) for it. That user must
 * be able to enter every folder on the way to the programs and the data.
 */
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export type SystemUser = { readonly name: string; readonly uid: number; readonly gid: number };

/** Null when this process is not root: then Postgres runs as the same user. */
export function postgresUser(passwdFile = '/etc/passwd'): SystemUser | null {
  if (process.getuid?.() !== 0) return null;
  const users = readUsers(passwdFile);
  const user = users.get('postgres') ?? users.get('nobody');
  return user ?? null;
}

function readUsers(passwdFile: string): Map<string, SystemUser> {
  const users = new Map<string, SystemUser>();
  for (const line of readFileSync(passwdFile, 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name && uid !== undefined && gid !== undefined)
      users.set(name, { name, uid: Number(uid), gid: Number(gid) });
  }
  return users;
}

/** Whether `user` can reach what lies in `folder`. The folder itself and everything above it must be enterable. */
export function canEnter(folder: string, user: SystemUser | null): boolean {
  if (user === null) return true;
  for (let path = folder; ; path = dirname(path)) {
    const entry = statSync(path, { throwIfNoEntry: false });
    // What does not exist yet is made by us, enterable.
    if (entry !== undefined) {
      const bit = entry.uid === user.uid ? 0o100 : entry.gid === user.gid ? 0o010 : 0o001;
      if ((entry.mode & bit) === 0) return false;
    }
    if (path === dirname(path)) return true;
  }
}

/** Lets others pass through a folder of our own, without letting them list it. */
export function openForPassing(folder: string): void {
  const mode = statSync(folder).mode & 0o7777;
  if ((mode & 0o011) !== 0o011) chmodSync(folder, mode | 0o011);
}
