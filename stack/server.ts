/**
 * One server of ours from its command to "ready" and back.
 *
 * Ready means: our own child lives, it holds the port, and it has answered a real call. Another server that happens to
 * sit on the port never counts. A server that dies may be started again on the same port and data (`keepAlive`).
 */
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { guard } from './guard.ts';
import { lastLines, openLog } from './log-file.ts';
import type { ServerName } from './pins.ts';
import { listensOn, signal } from './processes.ts';
import type { StackLog } from './progress.ts';

/** All that differs between the servers. */
export type ServerRecipe = {
  readonly name: ServerName;
  /** How people call it. */
  readonly title: string;
  /** The port that answers; our child must be the one that listens there. */
  readonly port: number;
  readonly logFile: string;
  /** Makes the data folder usable; called before each start, does nothing the second time. */
  readonly prepare: () => Promise<void>;
  readonly command: {
    readonly file: string;
    readonly args: readonly string[];
    readonly options?: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'>;
  };
  /** A real call with a client; throws until it is answered. */
  readonly probe: () => Promise<void>;
  readonly stage: number;
  readonly stopSignal: NodeJS.Signals;
  readonly stopBoundMs: number;
  /** What the log says when an early end has a cause that passes, e.g. a killed predecessor that still lets go. */
  readonly passing?: RegExp;
};

const probeBoundMs = 10_000;
const readyBoundMs = 120_000;
const passingBoundMs = 30_000;
const steadyAfterMs = 30_000;

export class Server {
  readonly #recipe: ServerRecipe;
  readonly #log: StackLog;
  readonly #onChange: () => void;
  #child: ChildProcess | null = null;
  /** The child that once was ready: only the end of such a one is a surprise. */
  #ready: ChildProcess | null = null;
  #keepAlive = false;
  #stopping = false;
  /** Starts and stops of one server never overlap. */
  #turn: Promise<void> = Promise.resolve();

  constructor(recipe: ServerRecipe, log: StackLog, onChange: () => void) {
    this.#recipe = recipe;
    this.#log = log;
    this.#onChange = onChange;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get stage(): number {
    return this.#recipe.stage;
  }

  /** From here on a server that dies comes back by itself, with back-off. */
  keepAlive(): void {
    this.#keepAlive = true;
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      this.#stopping = false;
      if (this.#child === null) await this.#startUntilReady();
    });
  }

  stop(): Promise<void> {
    this.#stopping = true;
    return this.#inTurn(() => this.#stopChild());
  }

  restart(): Promise<void> {
    return this.#inTurn(async () => {
      this.#stopping = true;
      await this.#stopChild();
      this.#stopping = false;
      await this.#startUntilReady();
    });
  }

  kill(name: NodeJS.Signals): void {
    if (this.pid !== null) signal(this.pid, name);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #startUntilReady(): Promise<void> {
    const deadline = performance.now() + passingBoundMs;
    for (;;) {
      await this.#recipe.prepare();
      const child = this.#spawn();
      try {
        await this.#untilReady(child);
        this.#ready = child;
        return this.#onChange();
      } catch (error) {
        await this.#stopChild();
        const passes = this.#recipe.passing?.test(messageOf(error)) && performance.now() < deadline;
        if (!passes || this.#stopping) throw error;
        await delay(300);
      }
    }
  }

  #spawn(): ChildProcess {
    const { command, logFile, stage, stopSignal, stopBoundMs, name } = this.#recipe;
    const output = openLog(logFile);
    // Its own process group: Ctrl-C in the terminal is ours to pass on, in order.
    const child = spawn(command.file, [...command.args], {
      ...command.options,
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    const release =
      child.pid === undefined
        ? () => undefined
        : guard(child.pid, { stage, stopSignal, boundMs: stopBoundMs });
    const startedMs = performance.now();
    this.#child = child;
    child.once('error', (error) => this.#log.line(`${name}: ${error.message}`));
    child.once('close', () => {
      release();
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#ready === child && this.#keepAlive && !this.#stopping)
        this.#comeBack(performance.now() - startedMs);
    });
    return child;
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + readyBoundMs;
    let last = 'no answer yet';
    for (;;) {
      if (child.pid === undefined || hasEnded(child)) throw this.#notStarted(endOf(child));
      if (this.#stopping) throw this.#notStarted('it was stopped before it was ready');
      try {
        await this.#probeWhileAlive(child);
        const owner = listensOn(child.pid, this.#recipe.port);
        // Where the system does not tell whose port it is, a child that lost the port gets time to end.
        if (owner === 'unknown') await delay(500);
        if (owner !== 'no' && !hasEnded(child)) return;
        last = `another process answers on port ${this.#recipe.port}`;
      } catch (error) {
        last = messageOf(error);
      }
      if (performance.now() > deadline)
        throw this.#notStarted(`not ready after ${readyBoundMs / 1000} s: ${last}`);
      await delay(50);
    }
  }

  /** A probe can hang on a port that is somebody else's; the end of our child, or of patience, ends the wait. */
  async #probeWhileAlive(child: ChildProcess): Promise<void> {
    const patience = new AbortController();
    const ended = once(child, 'exit', { signal: patience.signal }).then(() =>
      Promise.reject(new Error('ended')),
    );
    const late = delay(probeBoundMs, null, { signal: patience.signal }).then(() =>
      Promise.reject(new Error(`no answer within ${probeBoundMs / 1000} s`)),
    );
    try {
      await Promise.race([this.#recipe.probe(), ended, late]);
    } finally {
      patience.abort();
      await Promise.allSettled([ended, late]);
    }
  }

  #notStarted(why: string): HeadgateError {
    const { title, port, logFile, name } = this.#recipe;
    const said = lastLines(logFile, 8);
    return new HeadgateError(
      'SERVER_START_FAILED',
      `${title} on 127.0.0.1:${port} did not start: ${why}. Its log ${logFile} ends with:\n${said}`,
      { details: { server: name, port } },
    );
  }

  async #stopChild(): Promise<void> {
    const child = this.#child;
    if (child === null || child.pid === undefined) return;
    await stopProcess(child, this.#recipe.stopSignal, this.#recipe.stopBoundMs);
    if (this.#child === child) this.#child = null;
    this.#onChange();
  }

  #comeBack(livedMs: number, waitMs = 200): void {
    const { title } = this.#recipe;
    this.#log.line(`${title} ended after ${Math.round(livedMs / 1000)} s; starting it again.`);
    this.#onChange();
    void this.#inTurn(async () => {
      if (livedMs < steadyAfterMs) await delay(waitMs);
      if (this.#stopping || this.#child !== null) return;
      await this.#startUntilReady();
      this.#log.line(`${title} is back.`);
    }).catch((error: unknown) => {
      this.#log.line(messageOf(error));
      if (!this.#stopping) this.#comeBack(0, Math.min(waitMs * 2, 10_000));
    });
  }
}

/** Ends a child: its own signal first, SIGKILL to the group after the bound. A frozen child is woken to hear it. */
export async function stopProcess(
  child: ChildProcess,
  stopSignal: NodeJS.Signals,
  boundMs: number,
): Promise<void> {
  const pid = child.pid;
  if (pid === undefined || hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  signal(pid, stopSignal);
  signal(pid, 'SIGCONT');
  const timer = setTimeout(() => signal(pid, 'SIGKILL', 'group'), boundMs);
  await ended;
  clearTimeout(timer);
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function endOf(child: ChildProcess): string {
  if (child.pid === undefined) return `${child.spawnfile} cannot be run`;
  return child.signalCode === null
    ? `it ended with status ${child.exitCode}`
    : `${child.signalCode} ended it`;
}
