/**
 * Pieces of running tasks as local files, for queries to read: immutable, kept while a query uses them, then until
 * they are replaced, idle, or in the way of newer ones. All of them together stay within a number of bytes.
 *
 * The folder belongs to this process alone; what an earlier one left there goes at the start.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadgateError } from '../../domain/errors.ts';
import { NonsenseError, type PieceHeader } from './wire.ts';

const fileName = /^live-[0-9]+\.parquet$/;

const magic = 'PAR1';

type Piece = {
  readonly key: string;
  readonly scope: string;
  readonly header: PieceHeader;
  readonly path: string;
  users: number;
  usedAtMs: number;
  isRetired: boolean;
};

export type StoredPiece = PieceHeader & { readonly path: string };

/** Files stay where they are until `release`; calling it again does nothing. */
export type Pin = { readonly pieces: readonly StoredPiece[]; readonly release: () => void };

export type PieceStoreOptions = {
  readonly folder: string;
  readonly bytesMax: number;
  readonly now: () => number;
};

export class PieceStore {
  readonly #options: PieceStoreOptions;
  readonly #pieces = new Map<string, Piece>();
  #bytes = 0;
  #files = 0;

  constructor(options: PieceStoreOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(options.folder))
      if (fileName.test(name)) rmSync(join(options.folder, name), { force: true });
  }

  /** Bytes on disk and being written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A scope is one sequence of one attempt. Null: at least one of them is not here. */
  pin(scope: string, ids: readonly string[]): Pin | null {
    const found = ids.map((id) => this.#pieces.get(keyOf(scope, id)));
    const pieces = found.filter((piece) => piece !== undefined);
    return pieces.length === ids.length ? this.#pinned(pieces) : null;
  }

  pinAll(scope: string): Pin {
    return this.#pinned([...this.#pieces.values()].filter((piece) => piece.scope === scope));
  }

  /** Takes exactly the bytes the header says from `chunks`. Throws QUERY_LIMIT when nothing can make room for them. */
  async write(scope: string, header: PieceHeader, chunks: AsyncIterable<Uint8Array>): Promise<Pin> {
    this.#makeRoom(header.bytes);
    this.#bytes += header.bytes;
    const path = join(this.#options.folder, `live-${++this.#files}.parquet`);
    try {
      await writeFile(path, header, chunks);
    } catch (error) {
      this.#bytes -= header.bytes;
      await rm(path, { force: true });
      throw error;
    }
    const key = keyOf(scope, header.id);
    const earlier = this.#pieces.get(key);
    if (earlier !== undefined) {
      // Asked for twice at once: the one that is there is the same.
      this.#bytes -= header.bytes;
      await rm(path, { force: true });
      return this.#pinned([earlier]);
    }
    const piece: Piece = { key, scope, header, path, users: 0, usedAtMs: 0, isRetired: false };
    this.#pieces.set(key, piece);
    return this.#pinned([piece]);
  }

  /** The newest answer of a scope has only these; what they replace goes once nobody reads it. */
  keepOnly(scope: string, ids: readonly string[]): void {
    const wanted = new Set(ids.map((id) => keyOf(scope, id)));
    for (const piece of [...this.#pieces.values()])
      if (piece.scope === scope) {
        piece.isRetired = !wanted.has(piece.key);
        this.#removeIfUnwanted(piece);
      }
  }

  removeIdle(idleMs: number): void {
    const before = this.#options.now() - idleMs;
    for (const piece of [...this.#pieces.values()])
      if (piece.users === 0 && piece.usedAtMs < before) this.#remove(piece);
  }

  /** Also those in use: nothing reads any more. */
  close(): void {
    for (const piece of [...this.#pieces.values()]) this.#remove(piece);
  }

  #pinned(pieces: readonly Piece[]): Pin {
    for (const piece of pieces) this.#use(piece, 1);
    let isReleased = false;
    return {
      pieces: pieces.map((piece) => ({ ...piece.header, path: piece.path })),
      release: () => {
        if (isReleased) return;
        isReleased = true;
        for (const piece of pieces) {
          this.#use(piece, -1);
          this.#removeIfUnwanted(piece);
        }
      },
    };
  }

  /** Moves it to the end of the map, whose order is that of last use. */
  #use(piece: Piece, by: 1 | -1): void {
    piece.users += by;
    piece.usedAtMs = this.#options.now();
    if (!this.#pieces.delete(piece.key)) return;
    this.#pieces.set(piece.key, piece);
  }

  #removeIfUnwanted(piece: Piece): void {
    if (piece.isRetired && piece.users === 0) this.#remove(piece);
  }

  #makeRoom(bytes: number): void {
    const { bytesMax } = this.#options;
    for (const piece of [...this.#pieces.values()]) {
      if (this.#bytes + bytes <= bytesMax) return;
      if (piece.users === 0) this.#remove(piece);
    }
    if (this.#bytes + bytes <= bytesMax) return;
    throw new HeadgateError(
      'QUERY_LIMIT',
      `rows of running tasks need ${this.#bytes + bytes} bytes on the disk of the api process, at most ${bytesMax} ` +
        'may be used; query fewer data sources at a time, or wait until tasks have published',
      { details: { bytes: this.#bytes + bytes, bytesMax } },
    );
  }

  #remove(piece: Piece): void {
    if (!this.#pieces.delete(piece.key)) return;
    this.#bytes -= piece.header.bytes;
    // Its name is never used again, so nobody waits for this.
    void rm(piece.path, { force: true }).catch(() => undefined);
  }
}

function keyOf(scope: string, id: string): string {
  return JSON.stringify([scope, id]);
}

async function writeFile(
  path: string,
  header: PieceHeader,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx+', 0o600);
  try {
    let written = 0;
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      written += chunk.byteLength;
    }
    if (written !== header.bytes)
      throw new NonsenseError(`a piece of ${header.bytes} bytes ended after ${written}`);
    if ((await textAt(file, 0)) !== magic || (await textAt(file, written - magic.length)) !== magic)
      throw new NonsenseError('a piece is not a Parquet file');
  } finally {
    await file.close();
  }
}

async function textAt(file: FileHandle, position: number): Promise<string> {
  const buffer = Buffer.alloc(magic.length);
  await file.read(buffer, 0, magic.length, Math.max(0, position));
  return buffer.toString('latin1');
}
