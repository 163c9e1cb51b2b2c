/**
 * One role of Headgate (control worker, ingest worker, api) as a process of its own, started again with back-off when
 * it dies. A role says `{ kind: 'ready' }` on its IPC channel once it serves.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HeadgateError } from '../domain/errors.ts';
import { guard } from './guard.ts';
import { lastLines, openLog } from './log-file.ts';
import { signal } from './processes.ts';
import type { StackLog } from './progress.ts';
import { stopProcess } from './server.ts';

export const roleNames = ['control', 'ingest', 'api'] as const;
export type RoleName = (typeof roleNames)[number];

export type RoleOptions = {
  readonly role: RoleName;
  /** `ingest 2`, for people. */
  readonly title: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  readonly log: StackLog;
  readonly onChange: () => void;
  /** The program, plain JavaScript; null is our own. */
  readonly main: string | null;
};

const commands: Readonly<Record<RoleName, readonly string[]>> = {
  control: ['worker', 'control'],
  ingest: ['worker', 'ingest'],
  api: ['api'],
};

const readyBoundMs = 120_000;
const stopBoundMs = 20_000;
const steadyAfterMs = 10_000;
const backOffMs = { first: 200, most: 10_000 };
/** A role that never was ready and has died this often has a problem that no further start solves. */
const firstStartsMax = 3;

export class RoleProcess {
  readonly #options: RoleOptions;
  #child: ChildProcess | null = null;
  #again: NodeJS.Timeout | null = null;
  #stopping = false;
  #deaths = 0;
  readonly #ready: Promise<void>;
  #becomeReady: () => void = () => undefined;
  #giveUp: (error: Error) => void = () => undefined;
  #wasReady = false;

  constructor(options: RoleOptions) {
    this.#options = options;
    this.#ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      this.#giveUp = reject;
    });
    // Whoever starts a role waits for it; a rejection before that is not an unhandled one.
    this.#ready.catch(() => undefined);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves when the role serves for the first time. */
  start(): Promise<void> {
    this.#spawn();
    const timer = setTimeout(
      () => this.#giveUp(this.#failure(`was not ready after ${readyBoundMs / 1000} s`)),
      readyBoundMs,
    );
    return this.#ready.finally(() => clearTimeout(timer));
  }

  kill(name: NodeJS.Signals): void {
    if (this.pid !== null) signal(this.pid, name);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#again !== null) clearTimeout(this.#again);
    if (this.#child !== null) await stopProcess(this.#child, 'SIGTERM', stopBoundMs);
  }

  #spawn(): void {
    const { role, env, logFile, log, title, onChange, main } = this.#options;
    this.#again = null;
    const output = openLog(logFile);
    const child = spawn(process.execPath, ['--enable-source-maps', main ?? ownMain(), ...commands[role]], {
      env,
      // Its own process group: Ctrl-C in the terminal is ours to pass on, in order.
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    const startedMs = performance.now();
    const release =
      child.pid === undefined
        ? () => undefined
        : guard(child.pid, { stage: 0, stopSignal: 'SIGTERM', boundMs: 5_000 });
    this.#child = child;
    child.on('message', (message) => {
      if (!isReady(message)) return;
      this.#wasReady = true;
      this.#becomeReady();
    });
    child.once('error', (error) => log.line(`${title}: ${error.message}`));
    child.once('exit', () => {
      release();
      this.#child = null;
      onChange();
      if (!this.#stopping) this.#died(child, performance.now() - startedMs);
    });
    onChange();
  }

  #died(child: ChildProcess, livedMs: number): void {
    const { title, log } = this.#options;
    const how = child.signalCode ?? `status ${child.exitCode}`;
    this.#deaths = livedMs < steadyAfterMs ? this.#deaths + 1 : 1;
    if (!this.#wasReady && this.#deaths >= firstStartsMax) {
      this.#giveUp(this.#failure(`ended ${this.#deaths} times before it was ready, last with ${how}`));
      return;
    }
    const waitMs = Math.min(backOffMs.first * 2 ** (this.#deaths - 1), backOffMs.most);
    log.line(`${title} ended with ${how} after ${Math.round(livedMs / 1000)} s; starting it again.`);
    this.#again = setTimeout(() => this.#spawn(), waitMs);
  }

  #failure(why: string): HeadgateError {
    const { title, logFile } = this.#options;
    const said = lastLines(logFile, 8);
    return new HeadgateError(
      'SERVER_START_FAILED',
      `${title} ${why}. Its log ${logFile} ends with:\n${said}`,
    );
  }
}

/** Roles run as plain JavaScript, also when this code runs from its source. */
function ownMain(): string {
  const here = import.meta.url;
  return fileURLToPath(new URL(here.endsWith('.ts') ? '../dist/cli/main.js' : '../cli/main.js', here));
}

function isReady(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'ready';
}
