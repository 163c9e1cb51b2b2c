/**
 * The rows of one sequence as live queries see them: parts in the order of reading, each with a piece or with what a piece
 * is made from. Pieces are made in order, so what has pieces is always all rows below one position vector.
 *
 * A part belongs to the marks its rows are sealed in, so that a rewind knows what to forget. Off, and free, until somebody
 * asks for the sequence.
 */
import type { PieceSource } from '../../../segments/live-piece.ts';
import type { RowIndex } from '../../../segments/row-index.ts';
import type { HeldPiece } from '../protocol.ts';
import type { PartitionPositions } from './thread-sequence.ts';

export type Part = {
  /** All rows below are in this part or an earlier one. */
  end: PartitionPositions;
  readonly firstMark: number;
  readonly lastMark: number;
  source: PartSource | null;
  piece: HeldPiece | null;
  /** A merge with others failed: when it may be tried again, by the clock of the thread; 0: none has. */
  aloneUntilMs: number;
};

export type PartSource =
  /** `isStored`: a spill holds the rows too, so only this part keeps them in memory. */
  | { readonly kind: 'index'; readonly index: RowIndex; isStored: boolean }
  /** Null: it is being written. */
  | { readonly kind: 'spill'; path: string | null };

/** Rows taken out of the active index and not sealed yet. */
export type FrozenRun = { readonly index: RowIndex; readonly end: PartitionPositions };

/** What is known of a sequence that nobody has asked for so far. */
export type CoverageSeed = {
  readonly starts: PartitionPositions;
  readonly marks: readonly {
    readonly positions: PartitionPositions;
    readonly rows: number;
    readonly files: readonly { readonly localPath: string }[];
  }[];
  readonly runs: readonly FrozenRun[];
};

export class LiveCoverage {
  #isOn = false;
  #parts: Part[] = [];
  /** End of what is before the first part. */
  #base: PartitionPositions = new Map();
  #retired: string[] = [];

  get isOn(): boolean {
    return this.#isOn;
  }

  get parts(): readonly Part[] {
    return this.#parts;
  }

  /** All rows below are in the parts. */
  get end(): PartitionPositions {
    return this.#parts.at(-1)?.end ?? this.#base;
  }

  /** All rows below have pieces. */
  get pieced(): { readonly positions: PartitionPositions; readonly pieces: readonly HeldPiece[] } {
    const pieces: HeldPiece[] = [];
    let positions = this.#base;
    for (const { piece, end } of this.#parts) {
      if (piece === null) break;
      pieces.push(piece);
      positions = end;
    }
    return { positions, pieces };
  }

  /** The part whose piece is to be made next; null: none, or its spill is still being written. */
  get next(): { readonly part: Part; readonly source: PieceSource } | null {
    const part = this.#parts.find(({ piece }) => piece === null);
    const source = part?.source;
    if (part === undefined || source === null || source === undefined) return null;
    if (source.kind === 'index') return { part, source: source.index };
    return source.path === null ? null : { part, source: { spill: source.path } };
  }

  /** Rows in memory wait for a piece: they are made one whether anybody asks or not. */
  get holdsRows(): boolean {
    return this.#parts.some(({ source }) => source?.kind === 'index');
  }

  /** Rows that only a part keeps in memory. */
  get heldAlone(): { readonly rows: number; readonly bytes: number } {
    let rows = 0;
    let bytes = 0;
    for (const { source } of this.#parts) {
      if (source?.kind !== 'index' || !source.isStored) continue;
      rows += source.index.rows;
      bytes += source.index.bytes;
    }
    return { rows, bytes };
  }

  turnOn({ starts, marks, runs }: CoverageSeed): void {
    this.#isOn = true;
    this.#base = starts;
    for (const [number, { positions, rows, files }] of marks.entries()) {
      for (const { localPath } of files) this.#push(number, this.end, { kind: 'spill', path: localPath });
      if (files.length === 0 && rows > 0) this.#push(number, this.end, { kind: 'spill', path: null });
      this.reached(positions);
    }
    for (const run of runs) this.frozen(run, marks.length);
  }

  /** Forgets everything; the next request begins anew. */
  turnOff(): void {
    this.#retire(this.#parts);
    this.#parts = [];
    this.#isOn = false;
  }

  /** No rows came since. */
  reached(positions: PartitionPositions): void {
    const last = this.#parts.at(-1);
    if (last === undefined) this.#base = positions;
    else last.end = positions;
  }

  /** Rows that mark `number` will seal. */
  frozen({ index, end }: FrozenRun, number: number): void {
    this.#push(number, end, { kind: 'index', index, isStored: false });
  }

  /** Mark `number` is made. Its spill is the active rows alone when `hasRuns` is false, so they need not stay in memory. */
  sealed(
    number: number,
    active: { readonly index: RowIndex; readonly end: PartitionPositions; readonly hasRuns: boolean },
  ): void {
    if (!this.#isOn) return;
    const { index, end, hasRuns } = active;
    if (index.rows === 0) this.reached(end);
    else if (hasRuns) this.frozen({ index, end }, number);
    else this.#push(number, end, { kind: 'spill', path: null });
  }

  /** The spill of mark `number` is complete. */
  written(number: number, path: string): void {
    for (const { lastMark, source } of this.#parts) {
      if (lastMark !== number || source === null) continue;
      if (source.kind === 'index') source.isStored = true;
      else source.path ??= path;
    }
  }

  /** Only the first `marks` marks are left; all rows below `positions` are in them. */
  rewound(marks: number, positions: PartitionPositions): void {
    // A merged piece holds rows of both sides.
    if (this.#parts.some(({ firstMark, lastMark }) => firstMark < marks && lastMark >= marks))
      return this.turnOff();
    this.#retire(this.#parts.filter(({ firstMark }) => firstMark >= marks));
    this.#parts = this.#parts.filter(({ firstMark }) => firstMark < marks);
    this.reached(positions);
  }

  /** False: the part is gone, its piece is not wanted. */
  made(part: Part, piece: HeldPiece): boolean {
    if (!this.#parts.includes(part)) return false;
    part.piece = piece;
    part.source = null;
    return true;
  }

  /** One piece instead of those of `parts`. False: one of them is gone. */
  merged(parts: readonly Part[], piece: HeldPiece): boolean {
    const last = this.#parts.findLast((part) => parts.includes(part));
    if (last === undefined || !parts.every((part) => this.#parts.includes(part))) return false;
    const together: Part = {
      end: last.end,
      firstMark: Math.min(...parts.map(({ firstMark }) => firstMark)),
      lastMark: Math.max(...parts.map(({ lastMark }) => lastMark)),
      source: null,
      piece,
      aloneUntilMs: 0,
    };
    this.#retire(parts);
    this.#parts = this.#parts.flatMap((part) =>
      part === last ? [together] : parts.includes(part) ? [] : [part],
    );
    return true;
  }

  /** Files no answer will name any more. */
  takeRetired(): readonly string[] {
    const retired = this.#retired;
    this.#retired = [];
    return retired;
  }

  #push(mark: number, end: PartitionPositions, source: PartSource): void {
    this.#parts.push({ end, firstMark: mark, lastMark: mark, source, piece: null, aloneUntilMs: 0 });
  }

  #retire(parts: readonly Part[]): void {
    for (const { piece } of parts) if (piece !== null) this.#retired.push(piece.localPath);
  }
}
