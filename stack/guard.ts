/**
 * Our side of the watchdog: every child that must not outlive this process is registered here.
 *
 * One watchdog a process. Should it die, a new one is started with everything that is registered.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { identify } from './processes.ts';
import type { Ward, WatchdogMessage } from './watchdog.ts';

const wards = new Map<number, Ward>();
let watchdog: ChildProcess | null = null;

export type WardOptions = Omit<Ward, 'pid' | 'birth'>;

/** Returns the way to take the process out again, to be called when it has ended. */
export function guard(pid: number, options: WardOptions): () => void {
  const identity = identify(pid);
  if (identity === null) return () => undefined;
  const ward = { ...identity, ...options };
  wards.set(pid, ward);
  send({ kind: 'add', ward });
  return () => {
    if (wards.get(pid) !== ward) return;
    wards.delete(pid);
    send({ kind: 'remove', pid });
    if (wards.size === 0) dismiss();
  };
}

/** The watchdog's pid, for the data folder's lock and for tests. */
export function watchdogPid(): number | null {
  return watchdog?.pid ?? null;
}

function send(message: WatchdogMessage): void {
  watchdog ??= start();
  watchdog.stdin?.write(`${JSON.stringify(message)}\n`);
}

function start(): ChildProcess {
  // Its own session: a Ctrl-C in the terminal must not end it before us.
  const child = spawn(process.execPath, watchdogArguments(), {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin?.on('error', () => undefined);
  child.once('exit', () => {
    if (watchdog !== child) return;
    watchdog = null;
    for (const ward of wards.values()) send({ kind: 'add', ward });
  });
  child.once('error', () => undefined);
  child.unref();
  // The pipe alone must not keep this process running either.
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}

/** With nothing to guard its pipe is closed, and it ends by itself. */
function dismiss(): void {
  const child = watchdog;
  watchdog = null;
  child?.stdin?.end();
}

/** Under vitest and tsx this code runs from its source, and so does the watchdog. */
function watchdogArguments(): string[] {
  const here = import.meta.url;
  if (!here.endsWith('.ts')) return [fileURLToPath(new URL('./watchdog.js', here))];
  const tsx = pathToFileURL(createRequire(here).resolve('tsx')).href;
  return ['--import', tsx, fileURLToPath(new URL('./watchdog.ts', here))];
}
