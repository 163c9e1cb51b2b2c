/**
 * One query process as its parent sees it: a conversation with a deadline. Whatever the child does or does not do,
 * every call here ends: by an answer, an interrupt, or SIGKILL.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeadgateError } from '../domain/errors.ts';
import { limitExceeded } from './limits.ts';
import type { QueryLimits } from './limits.ts';
import type { FromChild, ToChild } from './messages.ts';

type Ending = 'done' | 'analyzed' | 'ready';
type Answer = Extract<FromChild, { kind: Ending }>;

type Conversation = {
  readonly onChunk: (bytes: Uint8Array) => void;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

/** Says whose folder it is, so that what a killed parent left can be told and removed. */
export function queryFolderPrefix(parentPid: number): string {
  return `query-${parentPid}-`;
}

/** Why the parent stopped a query; decides the error its caller sees. */
export type StopReason = 'time' | 'memory' | 'cancelled' | 'others';

/** The query was in the place for short ones, and others wait for it: it is to begin again in another. */
export class GaveUp extends Error {}

const residentCheckMs = 100;
const startTimeoutMs = 30_000;

export class QueryProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #limits: QueryLimits;
  #conversation: Conversation | null = null;
  #stopped: StopReason | null = null;
  #gaveWay = false;
  #exited: Promise<void>;
  /** Queries served; the pool retires a process after a number of them. */
  served = 0;

  private constructor(child: ChildProcess, folder: string, limits: QueryLimits) {
    this.#child = child;
    this.#folder = folder;
    this.#limits = limits;
    child.on('message', (message: FromChild) => this.#receive(message));
    child.on('error', () => child.kill('SIGKILL'));
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        rmSync(folder, { recursive: true, force: true });
        this.#fail(this.#stopError() ?? died());
        resolve();
      });
    });
  }

  static async start(scratch: string, limits: QueryLimits): Promise<QueryProcess> {
    const folder = mkdtempSync(join(scratch, queryFolderPrefix(process.pid)));
    const child = startChild(folder, limits);
    const started = new QueryProcess(child, folder, limits);
    const { memoryBytes, spillBytesMax, threads } = limits;
    const ready = started.#ask({ kind: 'settings', folder, memoryBytes, spillBytesMax, threads }, () => {});
    const timer = setTimeout(() => started.kill(), startTimeoutMs);
    try {
      await ready;
    } finally {
      clearTimeout(timer);
    }
    return started;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.connected;
  }

  /** Runs one exchange, watching the clock and the child's memory. */
  async ask<K extends Ending>(
    message: Exclude<ToChild, { kind: 'interrupt' | 'settings' }>,
    ending: K,
    deadlineMs: number,
    onChunk: (bytes: Uint8Array) => void = () => {},
  ): Promise<Extract<FromChild, { kind: K }>> {
    const timer = setTimeout(() => this.stop('time'), Math.max(0, deadlineMs - Date.now()));
    const watch = setInterval(() => this.#checkMemory(), residentCheckMs);
    const patience = setTimeout(() => this.#giveWay(), this.#limits.giveWayAfterMs);
    try {
      this.#throwIfStopped();
      const answer = await this.#ask(message, onChunk);
      // An answer that crossed the order to stop: what follows must not start.
      this.#throwIfStopped();
      if (answer.kind !== ending) throw died();
      return answer as Extract<FromChild, { kind: K }>;
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
      clearTimeout(patience);
    }
  }

  /** Asks the query to stop, and kills the process when it does not in time. */
  stop(reason: StopReason): void {
    if (this.#stopped) return;
    this.#stopped = reason;
    // Between two exchanges: the next one does not start.
    if (!this.#conversation) return;
    this.#child.send({ kind: 'interrupt' } satisfies ToChild, () => {});
    const timer = setTimeout(() => this.kill(), this.#limits.killAfterMs);
    void this.#exited.finally(() => clearTimeout(timer));
    const conversation = this.#conversation;
    const ended = (): void => clearTimeout(timer);
    this.#conversation = {
      ...conversation,
      resolve: (answer) => (ended(), conversation.resolve(answer)),
      reject: (error) => (ended(), conversation.reject(error)),
    };
  }

  /** A process whose query was stopped, or that others go before, is not used again. */
  get tainted(): boolean {
    return this.#stopped !== null || this.#gaveWay;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    this.kill();
    await this.#exited;
  }

  #ask(message: ToChild, onChunk: (bytes: Uint8Array) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#conversation = { onChunk, resolve, reject };
      if (!this.alive) return this.#fail(died());
      this.#child.send(message, (error) => error && this.#fail(died()));
    });
  }

  #receive(message: FromChild): void {
    const conversation = this.#conversation;
    if (!conversation) return;
    if (message.kind === 'chunk') return conversation.onChunk(message.bytes);
    if (message.kind === 'failed')
      return this.#fail(
        this.#stopError() ?? new HeadgateError(message.code, message.message, { details: message.details }),
      );
    this.#conversation = null;
    conversation.resolve(message);
  }

  #fail(error: Error): void {
    const conversation = this.#conversation;
    this.#conversation = null;
    conversation?.reject(error);
  }

  #throwIfStopped(): void {
    const error = this.#stopError();
    if (error) throw error;
  }

  #stopError(): HeadgateError | GaveUp | null {
    switch (this.#stopped) {
      case 'time':
        return limitExceeded('time', 'the query took longer than its timeout and was stopped');
      case 'memory':
        return limitExceeded(
          'memory',
          `the query process grew beyond ${this.#limits.residentBytesMax} bytes and was stopped; filter, or aggregate less`,
        );
      case 'others':
        return new GaveUp('others wait for this place');
      case 'cancelled':
        return limitExceeded('time', 'the query was cancelled');
      default:
        return null;
    }
  }

  /** Ingestion, and queries that are quickly answered, run before one that is not. There is no way back up. */
  #giveWay(): void {
    this.#gaveWay = true;
    for (const id of threadsOf(this.#child.pid))
      try {
        setPriority(id, constants.priority.PRIORITY_BELOW_NORMAL);
      } catch {
        // A thread, or the whole process, has just ended.
      }
  }

  /**
   * DuckDB counts its buffers, not everything; this counts everything. Only where /proc exists: elsewhere, and between two
   * looks, the child's own watch and the kernel's limit hold (see startChild and child.ts).
   */
  #checkMemory(): void {
    const resident = residentBytes(this.#child.pid);
    if (resident === null || resident <= this.#limits.residentBytesMax) return;
    this.#stopped = 'memory';
    this.kill();
  }
}

/**
 * The kernel refuses memory beyond the limit at once, however fast a query takes it: data of the process, which is more than
 * what is resident. Threads have their stacks and allocators their reserves, hence the room. A shell sets it, since Node
 * cannot; then it becomes the process. No core is dumped: it would hold rows.
 */
const dataBytesRoom = 1024 ** 3;
const limited = 'ulimit -c 0; ulimit -d "$1" 2>/dev/null; shift; exec "$@"';
const shell = '/bin/sh';

function startChild(folder: string, { residentBytesMax }: QueryLimits): ChildProcess {
  const node = [
    process.execPath,
    '--max-old-space-size=512',
    '--disable-proto=delete',
    childFile(),
    String(residentBytesMax),
  ];
  const dataKibibytes = Math.ceil((residentBytesMax * 1.5 + dataBytesRoom) / 1024);
  const [command = '', ...rest] = existsSync(shell)
    ? [shell, '-c', limited, 'sh', String(dataKibibytes), ...node]
    : node;
  return spawn(command, rest, {
    cwd: folder,
    // Nothing of our own environment: no addresses, no credentials.
    env: { TZ: 'UTC', HOME: folder, TMPDIR: folder },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Linux keeps a priority for each thread, others one for the process. */
function threadsOf(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}

function residentBytes(pid: number | undefined): number | null {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line ? Number(line[1]) * 1024 : null;
  } catch {
    return null;
  }
}

function died(): HeadgateError {
  return limitExceeded('memory', 'the query process died; the query was too much for it');
}

/** Under a test runner this file is TypeScript, and a process of plain Node needs the built one. */
function childFile(): string {
  const here = fileURLToPath(import.meta.url);
  return here.endsWith('.ts')
    ? here.replace(/query\/query-process\.ts$/, 'dist/query/child.js')
    : join(here, '..', 'child.js');
}
