/**
 * The folder of the user that keeps installed servers, and how something gets into it: built in a temporary folder
 * beside its place, then renamed. A target that exists is therefore complete, whoever was killed on the way.
 *
 * Two processes that install the same thing: the second waits for the first. Should both build after all, one rename
 * wins and the loser throws its own copy away.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { acquireLock } from './lock.ts';
import { identify } from './processes.ts';
import { inStep } from './progress.ts';
import type { StackLog } from './progress.ts';
import type { Env } from './tools.ts';

/** $XDG_CACHE_HOME/headgate or ~/.cache/headgate. */
export function cacheFolder(env: Env): string {
  const xdg = env['XDG_CACHE_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(env['HOME'] ?? homedir(), '.cache');
  return join(base, 'headgate');
}

export type Install = {
  /** A folder that does not exist until it is complete. */
  readonly target: string;
  /** What people read while it runs. */
  readonly title: string;
  /** Fills an empty folder; killed half way it leaves nothing that anyone looks at. */
  readonly build: (folder: string, detail: (text: string) => void) => Promise<void>;
};

export async function installOnce(install: Install, log: StackLog): Promise<void> {
  if (existsSync(install.target)) return;
  const lockPath = `${install.target}.lock`;
  let waiting: ReturnType<StackLog['step']> | null = null;
  for (;;) {
    const lock = acquireLock(lockPath);
    if (lock.kind === 'held') {
      waiting ??= log.step(`Waiting for process ${lock.holder.pid}: ${install.title}`);
      await delay(250);
      continue;
    }
    try {
      waiting?.done();
      if (existsSync(install.target)) return;
      removeDebris(install.target);
      return await buildAndRename(install, log);
    } finally {
      lock.release();
    }
  }
}

async function buildAndRename({ target, title, build }: Install, log: StackLog): Promise<void> {
  const folder = `${target}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  try {
    await inStep(log, title, async (detail) => {
      await build(folder, detail);
      renameIfAbsent(folder, target);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function renameIfAbsent(folder: string, target: string): void {
  try {
    renameSync(folder, target);
  } catch (error) {
    // ENOTEMPTY or EEXIST: another process was first, and its copy is as good.
    if (!existsSync(target)) throw error;
  }
}

/** Temporary folders of processes that are gone. */
function removeDebris(target: string): void {
  const prefix = `${basename(target)}.tmp-`;
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    if (identify(pid) === null) rmSync(join(dirname(target), name), { recursive: true, force: true });
  }
}
