/**
 * One sequence inside a thread: the range it covers, its rows in memory, and the marks it can go back to.
 *
 * Rows in memory are the active index and the runs frozen for live queries; a spill or a build joins them again.
 * A mark says: all rows below these positions are in these files, no others. A checkpoint is the newest mark of every
 * sequence; reading beyond written ends is undone by going back to a mark at or below them (protocol.md 3.4 OVERREAD).
 * A partition's position in a sequence is the task's position held between the sequence's start and end.
 */
import { assert } from '../../../domain/assert.ts';
import { zeroCounters } from '../../../domain/counters.ts';
import type { IngestCounters } from '../../../domain/counters.ts';
import { toPosition } from '../../../domain/positions.ts';
import type { Position, Positions } from '../../../domain/positions.ts';
import type { DataSchema } from '../../../domain/spec/spec.ts';
import { DiscoveredNames } from '../../../segments/discovered-names.ts';
import { RowIndex } from '../../../segments/row-index.ts';
import type { WrittenSpill } from '../../../segments/spill.ts';
import type { LocalSpill, SealedSequence, SequenceSetup } from '../protocol.ts';
import { LiveCoverage } from './live-coverage.ts';
import type { Letters } from './letters.ts';
import type { FrozenRun } from './live-coverage.ts';
import { Tally } from './tally.ts';

export type PartitionPositions = ReadonlyMap<string, bigint>;

type Mark = {
  readonly positions: PartitionPositions;
  readonly counters: IngestCounters;
  /** Files written since the mark before; empty when no rows came. */
  files: readonly LocalSpill[];
  /** Rows of those files by segment interval; null when an earlier attempt wrote them. At most so many while they are being written. */
  rowsByInterval: ReadonlyMap<number, number> | null;
  rows: number;
};

/** Rows taken out of memory, on their way into one file. */
export type Sealing = {
  readonly indexes: readonly RowIndex[];
  readonly written: (file: WrittenSpill & { readonly localPath: string }) => void;
};

export class ThreadSequence {
  readonly setup: SequenceSetup;
  readonly starts: PartitionPositions;
  ends: PartitionPositions | null;
  index: RowIndex;
  tally: Tally;
  /** Partitions that have not reached their end yet. */
  readonly unread: Set<string>;
  /** Null: nobody wants them. */
  readonly letters: Letters | null;
  /** What live queries see of it. */
  readonly live = new LiveCoverage();
  readonly #schema: DataSchema;
  readonly #names = new DiscoveredNames();
  #runs: FrozenRun[] = [];
  /** Sums over the runs: asked for every few records. */
  #runRows = 0;
  #runBytes = 0;
  #marks: Mark[] = [];
  #sealedRows = 0;
  /** Total rows below which no segment can be full. */
  #notFullBelow = 0;

  constructor(setup: SequenceSetup, schema: DataSchema, letters: Letters | null = null) {
    this.letters = letters;
    this.setup = setup;
    this.#schema = schema;
    this.starts = toBigints(setup.starts);
    this.ends = setup.ends === null ? null : toBigints(setup.ends);
    this.unread = new Set(this.starts.keys());
    this.index = new RowIndex(schema, this.#names);
    this.tally = new Tally(setup.sealed?.counters ?? zeroCounters);
    if (setup.sealed !== null) this.#mark(adoptedMark(setup.sealed));
  }

  get id(): string {
    return this.setup.sequenceId;
  }

  /** `position` as this sequence sees it: never outside its range. */
  within(partition: string, position: bigint): bigint {
    const start = this.starts.get(partition) ?? 0n;
    const end = this.ends?.get(partition);
    if (position < start) return start;
    return end !== undefined && position > end ? end : position;
  }

  /** Where reading begins, or goes on after a rewind. */
  sealedPosition(partition: string): bigint {
    return this.#marks.at(-1)?.positions.get(partition) ?? this.starts.get(partition) ?? 0n;
  }

  /**
   * Takes the rows in memory out of it and marks `positions`. The caller writes them and hands the file to `written`.
   * Null when there are no rows.
   */
  seal(positions: PartitionPositions): Sealing | null {
    const indexes = this.inMemory();
    const mark: Mark = {
      positions,
      counters: this.tally.counters(),
      files: [],
      rowsByInterval: this.#rowsByInterval(),
      rows: this.rowsInMemory,
    };
    const number = this.#marks.length;
    this.live.sealed(number, { index: this.index, end: positions, hasRuns: this.#runs.length > 0 });
    this.#mark(mark);
    this.#forgetMemory();
    if (indexes.length === 0) return null;
    return { indexes, written: (file) => this.#written(mark, number, file) };
  }

  /** Takes the rows in memory out of the active index, so that a piece can be made of them. They stay in memory. */
  freeze(positions: PartitionPositions): void {
    if (!this.live.isOn) this.live.turnOn({ starts: this.starts, marks: this.#marks, runs: this.#runs });
    if (this.index.rows === 0) return this.live.reached(positions);
    const run = { index: this.index, end: positions };
    this.#runs.push(run);
    this.#runRows += run.index.rows;
    this.#runBytes += run.index.bytes;
    this.live.frozen(run, this.#marks.length);
    this.index = new RowIndex(this.#schema, this.#names);
  }

  /** What is not in a file and not on its way into one. */
  inMemory(): readonly RowIndex[] {
    return [...this.#runs.map(({ index }) => index), this.index].filter(({ rows }) => rows > 0);
  }

  get rowsInMemory(): number {
    return this.#runRows + this.index.rows;
  }

  get bytesInMemory(): number {
    return this.#runBytes + this.index.bytes;
  }

  /** The newest mark with every file so far. Only right while nothing is being written. */
  sealed(): SealedSequence {
    const last = this.#marks.at(-1);
    return {
      sequenceId: this.id,
      positions: toPositions(last?.positions ?? this.starts),
      counters: last?.counters ?? zeroCounters,
      files: this.files(),
    };
  }

  files(): LocalSpill[] {
    return this.#marks.flatMap((mark) => mark.files);
  }

  /** Forgets what was read beyond `limits`; returns the positions to read from again. */
  rewind(limits: PartitionPositions): PartitionPositions {
    while (!isWithin(this.#marks.at(-1)?.positions ?? this.starts, limits)) {
      assert(this.#marks.length > 0, `sequence ${this.id}: its starts are beyond its ends`);
      this.#sealedRows -= this.#marks.pop()?.rows ?? 0;
    }
    this.#notFullBelow = 0;
    const last = this.#marks.at(-1);
    this.#forgetMemory();
    this.letters?.forget();
    this.tally = new Tally(last?.counters ?? zeroCounters);
    const positions = last?.positions ?? this.starts;
    this.live.rewound(this.#marks.length, positions);
    return positions;
  }

  get totalRows(): number {
    return this.#sealedRows + this.rowsInMemory;
  }

  /** Cheap enough for every few records: the segments are counted only when one of them may have become full. */
  isFull(limits: { readonly maxRowsPerSegment: number; readonly maxTotalRows: number }): boolean {
    const rows = this.totalRows;
    if (rows >= limits.maxTotalRows) return true;
    if (rows < limits.maxRowsPerSegment || rows < this.#notFullBelow) return false;
    const missing = limits.maxRowsPerSegment - this.largestSegmentRows();
    this.#notFullBelow = rows + missing;
    return missing <= 0;
  }

  /** Rows an earlier attempt spilled count for every interval: their split is not known, and early is better than late. */
  largestSegmentRows(): number {
    const rows = this.#rowsByInterval();
    let unsplit = 0;
    for (const mark of this.#marks) {
      if (mark.rowsByInterval === null) unsplit += mark.rows;
      else addTo(rows, mark.rowsByInterval);
    }
    let largest = 0;
    for (const count of rows.values()) if (count > largest) largest = count;
    return largest + unsplit;
  }

  /** Of what is in memory; groups that several runs share count in each. */
  #rowsByInterval(): Map<number, number> {
    const rows = new Map<number, number>();
    for (const index of this.inMemory()) addTo(rows, index.rowsByInterval());
    return rows;
  }

  #forgetMemory(): void {
    this.#runs = [];
    this.#runRows = 0;
    this.#runBytes = 0;
    this.index = new RowIndex(this.#schema, this.#names);
  }

  #mark(mark: Mark): void {
    this.#marks.push(mark);
    this.#sealedRows += mark.rows;
  }

  #written(
    mark: Mark,
    number: number,
    { localPath, size, sha256, rows, rowsByInterval }: Parameters<Sealing['written']>[0],
  ): void {
    mark.files = [{ localPath, size, sha256, rows }];
    // A rewind may have dropped the mark meanwhile.
    if (this.#marks[number] !== mark) return;
    this.#sealedRows += rows - mark.rows;
    this.#notFullBelow = 0;
    mark.rows = rows;
    mark.rowsByInterval = rowsByInterval;
    this.live.written(number, localPath);
  }
}

function addTo(sums: Map<number, number>, more: ReadonlyMap<number, number>): void {
  for (const [interval, count] of more) sums.set(interval, (sums.get(interval) ?? 0) + count);
}

function adoptedMark(sealed: SealedSequence): Mark {
  return {
    positions: toBigints(sealed.positions),
    counters: sealed.counters,
    files: sealed.files,
    rowsByInterval: null,
    rows: sealed.files.reduce((sum, file) => sum + file.rows, 0),
  };
}

function isWithin(positions: PartitionPositions, limits: PartitionPositions): boolean {
  for (const [partition, position] of positions) {
    const limit = limits.get(partition);
    if (limit !== undefined && position > limit) return false;
  }
  return true;
}

export function toBigints(positions: Positions): Map<string, bigint> {
  return new Map(Object.entries(positions).map(([partition, position]) => [partition, BigInt(position)]));
}

export function toPositions(positions: Iterable<readonly [string, bigint]>): Positions {
  const out: Record<string, Position> = {};
  for (const [partition, position] of positions) out[partition] = toPosition(position);
  return out;
}
