/** An ingest process as far as queries see it: the real HTTP server of one, over sequences that a test makes up. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LiveReply, LiveRequest, LiveState } from '../../../activities/ingest/live-board.ts';
import { toPosition } from '../../../domain/positions.ts';
import { type LiveServer, startLiveServer } from '../../../workers/live-server.ts';

export const token = 'f'.repeat(64);

type Piece = { readonly id: string; readonly bytes: Buffer };

export type Held = {
  position: number;
  end?: number;
  pieces: Piece[];
};

/** Bytes that begin and end as a Parquet file does. */
export function pieceOf(id: string, size = 100): Piece {
  const bytes = Buffer.alloc(size, id);
  bytes.write('PAR1', 0);
  bytes.write('PAR1', size - 4);
  return { id, bytes };
}

export class WorkerStandIn {
  readonly requests: LiveRequest[] = [];
  readonly sequences = new Map<string, Held | 'published' | 'unknown' | 'epoch' | 'silent'>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'headgate-worker-'));
  #server: LiveServer | null = null;
  /** Called when a question comes, before it is answered. */
  onAsk: () => void | Promise<void> = () => undefined;

  static async started(): Promise<WorkerStandIn> {
    const worker = new WorkerStandIn();
    worker.#server = await startLiveServer({
      host: '127.0.0.1',
      token,
      registry: { ask: (request) => worker.#ask(request) },
      log: { warn: () => undefined },
    });
    return worker;
  }

  get address(): string {
    return this.#server?.url ?? '';
  }

  async close(): Promise<void> {
    await this.#server?.close();
    rmSync(this.#folder, { recursive: true });
  }

  async #ask(request: LiveRequest): Promise<LiveReply> {
    this.requests.push(request);
    await this.onAsk();
    const files: LiveReply['files'][number][] = [];
    const sequences = request.sequences.map(async ({ sequenceId, have }): Promise<LiveState> => {
      const known = this.sequences.get(sequenceId) ?? 'unknown';
      if (known === 'published') return { sequenceId, state: 'published' };
      if (known === 'epoch' || known === 'unknown') return { sequenceId, state: 'refused', reason: known };
      if (known === 'silent') return new Promise<never>(() => undefined);
      const missing = known.pieces.filter(({ id }) => !have.includes(id));
      let bytes = 0;
      const sent = missing.filter((piece, at) => {
        if (at > 0 && bytes + piece.bytes.length > request.maxBytes) return false;
        bytes += piece.bytes.length;
        const localPath = join(this.#folder, piece.id);
        writeFileSync(localPath, piece.bytes);
        files.push({ localPath, bytes: piece.bytes.length });
        return true;
      });
      return {
        sequenceId,
        state: 'held',
        positions: { 0: toPosition(known.position) },
        ends: known.end === undefined ? null : { 0: toPosition(known.end) },
        rollup: true,
        pieces: known.pieces.map(({ id, bytes: all }) => ({
          id,
          rows: 1,
          bytes: all.length,
          wide: false,
          columns: [
            {
              name: '__time',
              field: '__time',
              type: 'TIMESTAMP WITH TIME ZONE' as const,
              role: 'time' as const,
              merge: null,
            },
          ],
        })),
        sent: sent.map(({ id }) => id),
      };
    });
    return { sequences: await Promise.all(sequences), files, release: () => undefined };
  }
}
