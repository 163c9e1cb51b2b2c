/**
 * Facts about processes of this machine that signals alone do not tell: whether a pid still is the process it was
 * (pids are used again), and whether it is the one that listens on a port.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** A process that can be told from a later one with the same pid. */
export type ProcessIdentity = { readonly pid: number; readonly birth: string };

/** Null when the process is gone; a zombie counts as gone. */
export function identify(pid: number): ProcessIdentity | null {
  if (process.platform !== 'linux') return identifyByPs(pid);
  try {
    const fields = statFields(pid);
    const [state, birth] = [fields[0], fields[19]];
    return birth === undefined || state === 'Z' || state === 'X' ? null : { pid, birth };
  } catch {
    return null;
  }
}

/** From the state on. The command name before it, in parentheses, may hold anything. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.birth === identity.birth;
}

/** The parent and the command line of a process; null when it is gone. */
export function ancestry(pid: number): { readonly parent: number; readonly command: string } | null {
  try {
    if (process.platform !== 'linux') return ancestryByPs(pid);
    const parent = statFields(pid)[1];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return parent === undefined ? null : { parent: Number(parent), command };
  } catch {
    return null;
  }
}

/** Sends a signal to the process, or to its whole group; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals, to: 'process' | 'group' = 'process'): void {
  try {
    process.kill(to === 'group' ? -pid : pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * Whether the listening socket of `port` on loopback belongs to `pid`. 'unknown' where the system does not tell:
 * another server may answer on a port that our own child failed to get.
 */
export function listensOn(pid: number, port: number): 'yes' | 'no' | 'unknown' {
  if (process.platform !== 'linux') return 'unknown';
  const inodes = listeningInodes(port);
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) return 'yes';
    }
  } catch {
    return 'unknown';
  }
  return 'no';
}

function listeningInodes(port: number): Set<string> {
  const inodes = new Set<string>();
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readLines(table)) {
      const fields = line.trim().split(/\s+/);
      const [local, state, inode] = [fields[1], fields[3], fields[9]];
      if (state === '0A' && inode !== undefined && local?.endsWith(`:${hexPort}`)) inodes.add(inode);
    }
  }
  return inodes;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function identifyByPs(pid: number): ProcessIdentity | null {
  try {
    const [state, ...birth] = ps(pid, 'state=,lstart=').split(/\s+/);
    return state === undefined || state.startsWith('Z') ? null : { pid, birth: birth.join(' ') };
  } catch {
    return null;
  }
}

function ancestryByPs(pid: number): { parent: number; command: string } | null {
  const [, parent, command] = /^(\d+)\s+(.*)$/s.exec(ps(pid, 'ppid=,args=')) ?? [];
  return parent === undefined || command === undefined ? null : { parent: Number(parent), command };
}

function ps(pid: number, fields: string): string {
  const args = ['-o', fields, '-p', String(pid)];
  return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
