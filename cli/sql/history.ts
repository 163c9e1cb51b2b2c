/**
 * What was typed at the prompt, for the next time: one line per statement in the user's state folder, readable by nobody
 * else, bounded. A statement that begins with a space is not kept. A history that cannot be written is no reason to fail.
 */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

export const historyEntriesMax = 1_000;
const entryLengthMax = 10_000;
/** More than all entries at their longest: not a file of ours. */
const fileBytesMax = 32 * 1024 * 1024;

/** The XDG folder for such things, else its default; `null` for a user without a home. */
export function historyPath(env: NodeJS.ProcessEnv): string | null {
  const state = env['XDG_STATE_HOME'];
  if (state !== undefined && isAbsolute(state)) return join(state, 'headgate', 'sql_history');
  const home = env['HOME'] ?? homedir();
  return isAbsolute(home) ? join(home, '.local', 'state', 'headgate', 'sql_history') : null;
}

export class History {
  readonly #path: string | null;

  constructor(path: string | null) {
    this.#path = path;
  }

  /** Newest first, as readline wants it. The file is made shorter when it has grown long. */
  load(): string[] {
    if (this.#path === null) return [];
    try {
      if (statSync(this.#path).size > fileBytesMax) return [];
      const lines = readFileSync(this.#path, 'utf8').split('\n').filter(isKept);
      chmodSync(this.#path, 0o600);
      const newest = lines.slice(-historyEntriesMax);
      if (lines.length > 2 * historyEntriesMax) this.#rewrite(this.#path, newest);
      return newest.reverse();
    } catch {
      return [];
    }
  }

  add(entry: string): void {
    if (this.#path === null || !isKept(entry)) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      appendFileSync(this.#path, `${entry}\n`, { mode: 0o600 });
    } catch {
      // A full or read-only disk: the prompt goes on without.
    }
  }

  #rewrite(path: string, lines: readonly string[]): void {
    const other = `${path}.${process.pid}`;
    writeFileSync(other, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    renameSync(other, path);
  }
}

function isKept(entry: string): boolean {
  return entry !== '' && !entry.startsWith(' ') && entry.length <= entryLengthMax && !entry.includes('\n');
}
