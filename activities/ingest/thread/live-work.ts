/**
 * The DuckDB side of live queries for one task: writes pieces (in slices) and merges them (off the thread), one of each at
 * a time. Its engine is opened by the first piece and closed when nobody has asked for a while.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { DataSchema } from '../../../domain/spec/spec.ts';
import { writePiece } from '../../../segments/live-piece.ts';
import type { Piece, PieceSource } from '../../../segments/live-piece.ts';
import { ParquetEngine } from '../../../segments/parquet-writer.ts';
import { mergePieces } from '../../../segments/piece-merge.ts';
import type { HeldPiece } from '../protocol.ts';
import { SlicedSteps } from './sliced-steps.ts';

/** DuckDB's own; larger merges go over the disk. */
const engineBytes = 128 * 1024 * 1024;

export type LiveWorkOptions = {
  readonly schema: DataSchema;
  /** Made when the first piece is. */
  readonly folder: string;
  readonly wake: () => void;
};

export class LiveWork {
  readonly #options: LiveWorkOptions;
  #engine: Promise<ParquetEngine> | null = null;
  #writing: SlicedSteps<Piece> | null = null;
  #merging: Promise<void> | null = null;
  #mergeConnection: DuckDBConnection | null = null;
  #isClosed = false;

  constructor(options: LiveWorkOptions) {
    this.#options = options;
  }

  get isWriting(): boolean {
    return this.#writing !== null;
  }

  get isMerging(): boolean {
    return this.#merging !== null;
  }

  get isBusy(): boolean {
    return this.isWriting || this.isMerging;
  }

  /** What wants a slice. */
  get ready(): SlicedSteps<Piece> | null {
    return this.#writing?.isReady === true ? this.#writing : null;
  }

  write(source: PieceSource, then: (made: HeldPiece | Error) => void): void {
    const id = randomUUID();
    const over = (made: HeldPiece | Error): void => {
      this.#writing = null;
      then(made);
      this.#options.wake();
    };
    this.#writing = new SlicedSteps({
      steps: this.#pieceSteps(source, this.#path(id)),
      onSlice: this.#options.wake,
      onDone: (piece) => over({ id, ...piece }),
      onFailed: (error) => over(asError(error)),
    });
  }

  async *#pieceSteps(source: PieceSource, localPath: string): AsyncGenerator<void, Piece> {
    const engine = await this.#open();
    return yield* writePiece({ schema: this.#options.schema, source, engine, localPath });
  }

  merge(pieces: readonly HeldPiece[], then: (made: HeldPiece | Error) => void): void {
    const id = randomUUID();
    this.#merging = this.#merge(pieces, this.#path(id))
      .then(
        (piece): HeldPiece | Error => ({ id, ...piece }),
        (error: unknown) => asError(error),
      )
      .then((made) => {
        this.#merging = null;
        then(made);
        this.#options.wake();
      });
  }

  async #merge(pieces: readonly HeldPiece[], localPath: string): Promise<Piece> {
    const connection = await (await this.#open()).connect();
    this.#mergeConnection = connection;
    try {
      if (this.#isClosed) throw new Error('the task is closed');
      return await mergePieces({ schema: this.#options.schema, connection, pieces, localPath });
    } finally {
      this.#mergeConnection = null;
      connection.closeSync();
    }
  }

  /** Gives its memory back, if nothing is under way. */
  async rest(): Promise<void> {
    const engine = this.#engine;
    if (engine === null || this.isBusy) return;
    this.#engine = null;
    (await engine).close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing?.cancel();
    this.#writing = null;
    this.#mergeConnection?.interrupt();
    await this.#merging;
    await this.rest();
    // The attempt's folder goes anyway.
    await rm(this.#options.folder, { recursive: true, force: true }).catch(() => undefined);
  }

  #path(id: string): string {
    return join(this.#options.folder, `${id}.parquet`);
  }

  #open(): Promise<ParquetEngine> {
    this.#engine ??= mkdir(this.#options.folder, { recursive: true }).then(() =>
      ParquetEngine.open(this.#options.folder, engineBytes),
    );
    const engine = this.#engine;
    engine.catch(() => {
      // The next piece tries again.
      if (this.#engine === engine) this.#engine = null;
    });
    return engine;
  }
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
