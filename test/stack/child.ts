/** Runs a source file of ours in a process of its own, for tests that kill it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export type Child = {
  readonly pid: number;
  /** The next line of its output; fails when it ends first. */
  readonly line: () => Promise<string>;
  readonly ended: Promise<void>;
};

/** `file` is beside this one, TypeScript. */
export function runChild(file: string, args: readonly string[], env = process.env): Child {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.stdout === null || child.pid === undefined) throw new Error(`${file} did not start`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${file} ended without another line`);
    return value;
  };
  return { pid: child.pid, line, ended };
}
