/**
 * Query processes, one query in each at a time. One is always kept ready, so that a query does not wait for a process
 * to start; more are started when queries come at once, and leave again when it is quiet.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { limitExceeded } from './limits.ts';
import type { QueryLimits } from './limits.ts';
import { QueryProcess } from './query-process.ts';

/** A process is replaced after this many queries, whatever it may have leaked. */
const servedMax = 500;
const quietMs = 30_000;

type Waiter = { readonly take: () => void; readonly refuse: (error: Error) => void };

export class ProcessPool {
  readonly #scratch: string;
  readonly #limits: QueryLimits;
  #idle: QueryProcess[] = [];
  readonly #all = new Set<QueryProcess>();
  readonly #waiters: Waiter[] = [];
  #busy = 0;
  #closed = false;
  #starting: Promise<void> | null = null;
  #quiet: NodeJS.Timeout | null = null;

  constructor(scratch: string, limits: QueryLimits) {
    this.#scratch = scratch;
    this.#limits = limits;
    mkdirSync(scratch, { recursive: true });
    removeLeftovers(scratch);
    this.#keepOneReady();
  }

  /** Throws QUERY_LIMIT when too many wait already, or when none is free before the deadline. */
  async acquire(deadlineMs: number): Promise<QueryProcess> {
    await this.#takePlace(deadlineMs);
    try {
      if (this.#idle.length === 0 && this.#starting) await this.#starting;
      const ready = this.#idle.pop();
      return ready?.alive ? ready : await this.#start();
    } catch (error) {
      this.#leavePlace();
      throw error;
    }
  }

  release(process: QueryProcess): void {
    process.served++;
    this.#leavePlace();
    if (this.#closed || process.tainted || !process.alive || process.served >= servedMax) {
      this.#all.delete(process);
      void process.close();
    } else {
      this.#idle.push(process);
    }
    this.#keepOneReady();
    this.#quiet ??= setTimeout(() => this.#retireSpares(), quietMs).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#quiet) clearTimeout(this.#quiet);
    for (const waiter of this.#waiters.splice(0))
      waiter.refuse(limitExceeded('concurrent', 'the server is stopping'));
    await this.#starting;
    await Promise.all([...this.#all].map((process) => process.close()));
  }

  async #takePlace(deadlineMs: number): Promise<void> {
    if (this.#closed) throw limitExceeded('concurrent', 'the server is stopping');
    if (this.#busy < this.#limits.concurrent) {
      this.#busy++;
      return;
    }
    if (this.#waiters.length >= this.#limits.waiting)
      throw limitExceeded(
        'concurrent',
        `${this.#limits.concurrent} queries run and ${this.#waiters.length} wait already; try again later`,
      );
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        take: () => (clearTimeout(timer), resolve()),
        refuse: (error) => (clearTimeout(timer), reject(error)),
      };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(limitExceeded('time', 'the query waited for others longer than its timeout'));
      }, deadlineMs - Date.now());
      this.#waiters.push(waiter);
    });
  }

  /** A waiting query takes over the place of one that ended. */
  #leavePlace(): void {
    const next = this.#waiters.shift();
    if (next) next.take();
    else this.#busy--;
  }

  #keepOneReady(): void {
    if (this.#closed || this.#idle.length > 0 || this.#starting || this.#all.size >= this.#limits.concurrent)
      return;
    this.#starting = this.#start()
      .then((process) => {
        this.#idle.push(process);
      })
      // The next query starts one itself and reports what is wrong.
      .catch(() => {})
      .finally(() => (this.#starting = null));
  }

  async #start(): Promise<QueryProcess> {
    const process = await QueryProcess.start(this.#scratch, this.#limits);
    this.#all.add(process);
    return process;
  }

  #retireSpares(): void {
    this.#quiet = null;
    for (const process of this.#idle.splice(1)) {
      this.#all.delete(process);
      void process.close();
    }
  }
}

/** Folders of query processes whose parent was killed. */
function removeLeftovers(scratch: string): void {
  for (const name of readdirSync(scratch)) {
    const pid = Number(/^query-(\d+)-/.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    rmSync(join(scratch, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
