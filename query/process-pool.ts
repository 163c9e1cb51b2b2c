/**
 * Query processes, one query in each at a time. One is always kept ready, beside as many as may be busy, so that a query does
 * not wait for a process to start; more are started when queries come at once, and leave again when it is quiet.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { limitExceeded } from './limits.ts';
import type { QueryLimits } from './limits.ts';
import { QueryPlaces } from './query-places.ts';
import type { Place } from './query-places.ts';
import { QueryProcess } from './query-process.ts';

/** A process is replaced after this many queries, whatever it may have leaked. */
const servedMax = 500;
const quietMs = 30_000;

/** How long a query may wait, and what ends it before. `lasting`: not in the place for short queries. */
export type Waiting = {
  readonly deadlineMs: number;
  readonly left: AbortSignal;
  readonly lasting: boolean;
};

export type Seat = { readonly process: QueryProcess; readonly release: () => void };

export class ProcessPool {
  readonly #scratch: string;
  readonly #limits: QueryLimits;
  readonly #places: QueryPlaces;
  #idle: QueryProcess[] = [];
  readonly #all = new Set<QueryProcess>();
  #closed = false;
  #starting: Promise<void> | null = null;
  #quiet: NodeJS.Timeout | null = null;

  constructor(scratch: string, limits: QueryLimits) {
    this.#scratch = scratch;
    this.#limits = limits;
    this.#places = new QueryPlaces(limits);
    mkdirSync(scratch, { recursive: true });
    removeLeftovers(scratch);
    this.#keepOneReady();
  }

  /** Throws QUERY_LIMIT when too many wait already, when none is free before the deadline, and as soon as the query has left. */
  async acquire(waiting: Waiting): Promise<Seat> {
    const taking = this.#places.take(waiting.lasting);
    const place = await untilLeft(taking.taken, waiting).catch((error: unknown) => {
      taking.leave();
      throw error;
    });
    const ready = this.#ready();
    const process = await untilLeft(ready, waiting).catch((error: unknown) => {
      // What was started for a query that left is the next one's.
      ready.then(
        (started) => this.#release(started, place),
        () => place.leave(),
      );
      throw error;
    });
    place.begin(() => process.stop('others'));
    return { process, release: () => this.#release(process, place) };
  }

  async #ready(): Promise<QueryProcess> {
    if (this.#idle.length === 0 && this.#starting) await this.#starting;
    for (let ready = this.#idle.pop(); ready !== undefined; ready = this.#idle.pop()) {
      if (ready.alive) return ready;
      this.#all.delete(ready);
    }
    return this.#start();
  }

  #release(process: QueryProcess, place: Place): void {
    process.served++;
    place.leave();
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
    this.#places.close();
    await this.#starting;
    await Promise.all([...this.#all].map((process) => process.close()));
  }

  #keepOneReady(): void {
    if (this.#closed || this.#idle.length > 0 || this.#starting || this.#all.size > this.#limits.concurrent)
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

/** The sooner of the two: what is waited for, or the end of the wait. */
async function untilLeft<T>(wanted: Promise<T>, { deadlineMs, left }: Waiting): Promise<T> {
  let stop = (): void => undefined;
  const ended = new Promise<never>((_, reject) => {
    const leave = (): void => reject(limitExceeded('time', 'the query was cancelled'));
    const timer = setTimeout(
      () => reject(limitExceeded('time', 'the query waited for others longer than its timeout')),
      Math.max(0, deadlineMs - Date.now()),
    );
    left.addEventListener('abort', leave);
    stop = () => {
      clearTimeout(timer);
      left.removeEventListener('abort', leave);
    };
    if (left.aborted) leave();
  });
  try {
    return await Promise.race([wanted, ended]);
  } finally {
    stop();
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
