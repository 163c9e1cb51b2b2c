/**
 * Sorted sources to one sorted stream. With rollup, equal groups of different sources become one row (a long sum that
 * would leave int64 keeps them apart). Memory: one row per source here, plus what a source has loaded.
 *
 * A source may need to be loaded (a block from a file) before its next row is known; `next` then says 'blocked'.
 */
import type { MetricStates } from './metric-states.ts';
import { compareRows, type RowOrder, type StoredRow } from './stored-row.ts';

export interface RowSource {
  /** The row to take next; null at the end, and while `needsLoad`. */
  readonly current: StoredRow | null;
  readonly needsLoad: boolean;
  advance(): void;
  load(): Promise<void>;
}

export class RowMerge {
  /** A binary heap by (row, source number): equal rows come in the order of the sources. */
  readonly #heap: RankedSource[] = [];
  readonly #combine: MetricStates | null;
  readonly #order: RowOrder;
  #blocked: RankedSource[];
  #pending: StoredRow | null = null;
  /** Whether the cells of the pending row are our own to change. */
  #pendingOwned = false;

  /** `combine` null: rollup is off, rows are never joined. `order`: that of the sources. */
  constructor(sources: readonly RowSource[], combine: MetricStates | null, order: RowOrder = compareRows) {
    this.#combine = combine;
    this.#order = order;
    this.#blocked = sources.map((source, rank) => ({ source, rank }));
    this.#unblock();
  }

  /** The next row; null at the end; 'blocked' when `load` must be awaited first. */
  next(): StoredRow | null | 'blocked' {
    for (;;) {
      if (this.#blocked.length > 0) return 'blocked';
      const top = this.#heap[0];
      const row = top?.source.current ?? null;
      if (top === undefined || row === null) return this.#release(null);
      if (this.#pending !== null && !this.#join(row)) {
        this.#step(top);
        return this.#release(row);
      }
      this.#pending ??= row;
      this.#step(top);
      if (this.#combine === null) return this.#release(null);
    }
  }

  async load(): Promise<void> {
    for (const { source } of this.#blocked) if (source.needsLoad) await source.load();
    this.#unblock();
  }

  #release(next: StoredRow | null): StoredRow | null {
    const row = this.#pending;
    this.#pending = next;
    this.#pendingOwned = false;
    return row;
  }

  #join(row: StoredRow): boolean {
    const pending = this.#pending;
    if (this.#combine === null || pending === null || this.#order(pending, row) !== 0) return false;
    // The source goes on owning its rows: an index that is merged twice must not count twice.
    const own = this.#pendingOwned ? pending : { ...pending, cells: [...pending.cells] };
    if (!this.#combine.merge(own.cells, row.cells)) return false;
    this.#pending = own;
    this.#pendingOwned = true;
    return true;
  }

  #step(top: RankedSource): void {
    top.source.advance();
    if (top.source.current !== null) {
      this.#sink(0);
      return;
    }
    const last = this.#heap.pop();
    if (last !== undefined && last !== top) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    if (top.source.needsLoad) this.#blocked.push(top);
  }

  #unblock(): void {
    const blocked = this.#blocked.filter(({ source }) => source.needsLoad);
    for (const ranked of this.#blocked) {
      if (ranked.source.current === null) continue;
      this.#heap.push(ranked);
      this.#rise(this.#heap.length - 1);
    }
    this.#blocked = blocked;
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      if (left >= this.#heap.length) return;
      const child = right < this.#heap.length && this.#before(right, left) ? right : left;
      if (!this.#swapIfBefore(child, at)) return;
      at = child;
    }
  }

  #swapIfBefore(at: number, other: number): boolean {
    if (!this.#before(at, other)) return false;
    const moved = this.#heap[at] as RankedSource;
    this.#heap[at] = this.#heap[other] as RankedSource;
    this.#heap[other] = moved;
    return true;
  }

  #before(at: number, other: number): boolean {
    const one = this.#heap[at] as RankedSource;
    const two = this.#heap[other] as RankedSource;
    const order = this.#order(one.source.current as StoredRow, two.source.current as StoredRow);
    return order < 0 || (order === 0 && one.rank < two.rank);
  }
}

type RankedSource = { readonly source: RowSource; readonly rank: number };

/** Rows already sorted in memory. */
export class ArraySource implements RowSource {
  readonly #rows: readonly StoredRow[];
  #at = 0;
  readonly needsLoad = false;

  constructor(rows: readonly StoredRow[]) {
    this.#rows = rows;
  }

  get current(): StoredRow | null {
    return this.#rows[this.#at] ?? null;
  }

  advance(): void {
    this.#at += 1;
  }

  load(): Promise<void> {
    return Promise.resolve();
  }
}

/** Rows sorted at once; about 2 ms of work, so that a thread can turn to another task in between. */
const runRows = 1024;

/** Sorted runs of an index's rows, as sources. Yields between runs. */
export function* sortedRuns(
  rows: readonly StoredRow[],
  order: RowOrder = compareRows,
): Generator<void, RowSource[]> {
  const sources: RowSource[] = [];
  for (let start = 0; start < rows.length; start += runRows) {
    sources.push(new ArraySource(rows.slice(start, start + runRows).sort(order)));
    yield;
  }
  return sources;
}
