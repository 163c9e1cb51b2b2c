/** The local folder of a process for files that may be lost at any time. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RoleConfig } from './config.ts';

/** A folder of our own; those of processes of this machine that are gone are removed. */
export async function ownScratch(config: RoleConfig, use: 'ingest' | 'queries'): Promise<string> {
  const root = join(config.scratch, use);
  await mkdir(root, { recursive: true });
  for (const name of await readdir(root)) {
    const [, host, pid] = /^(.+)-(\d+)-[0-9a-f]{8}$/.exec(name) ?? [];
    if (host === hostname() && !isAlive(Number(pid)))
      await rm(join(root, name), { recursive: true, force: true });
  }
  const own = join(root, config.workerId);
  await mkdir(own, { recursive: true });
  return own;
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
