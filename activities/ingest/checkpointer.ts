/**
 * Persists: what is read becomes files in deep storage and a checkpoint row that lists all of them (protocol.md 4).
 *
 * Order: seal and spill in the thread, intents, bytes, row, heartbeat. One round at a time; reading goes on beside it until
 * memory is full, so a deep storage that is away stops the reading in the end and loses nothing.
 */
import { randomUUID } from 'node:crypto';
import { assert, unreachable } from '../../domain/assert.ts';
import { spillPath } from '../../domain/ids.ts';
import { insertCheckpoint, insertIntents } from '../../storage/checkpoints.ts';
import type { CheckpointSequence } from '../../storage/checkpoints.ts';
import type { Attempt } from './attempt.ts';
import { untilBeat } from './beat.ts';
import { Bell } from './bell.ts';
import { reportLeaseLost } from './lease-lost.ts';
import type { LocalSpill, SealedSequence } from './protocol.ts';
import type { BookedSequence } from './sequence-book.ts';

/** Rows that arrived are sealed at least this often, whatever the spec says (design.md 7). */
const sealAtLeastEveryMs = 60_000;
const lookEveryMs = 1_000;

type Upload = { readonly booked: BookedSequence; readonly file: LocalSpill; readonly path: string };

export class Checkpointer {
  readonly #attempt: Attempt;
  readonly #everyMs: number;
  /** Rings when something asks for a round now. */
  readonly #wanted = new Bell();
  readonly #onCheckpoint: () => void;
  #running: Promise<void> | null = null;
  #lastAtMs = Date.now();
  #lastPositions = '';

  /** `onCheckpoint`: a heartbeat may point at it. */
  constructor(attempt: Attempt, onCheckpoint: () => void) {
    this.#attempt = attempt;
    this.#onCheckpoint = onCheckpoint;
    this.#everyMs = Math.min(attempt.held.spec.tuning.intermediatePersistPeriodMs, sealAtLeastEveryMs);
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** A limit is reached; the loop starts a round unless one is running. */
  want(): void {
    this.#wanted.ring();
  }

  /** The loop: a round when it is wanted or due. */
  async run(): Promise<void> {
    const { signal } = this.#attempt;
    while (!signal.aborted) {
      const seen = this.#wanted.count;
      // What was wanted during a round is not forgotten: memory may be full again before its files are uploaded.
      if (!this.#isFull) await this.#wanted.wait(seen, this.#untilLook(), signal);
      if (signal.aborted) return;
      if (this.#wanted.count !== seen || this.#isFull || this.#isDue()) await this.persist();
    }
  }

  /** A round that begins now or later than now: everything read before the call is in it. */
  async persist(): Promise<void> {
    while (this.#running !== null) await this.#running;
    this.#running = this.#round().finally(() => (this.#running = null));
    await this.#running;
  }

  get #isFull(): boolean {
    return this.#attempt.report?.wantsSpill === true;
  }

  #untilLook(): number {
    return untilBeat(Math.min(lookEveryMs, this.#everyMs), Date.now());
  }

  #isDue(): boolean {
    if (Date.now() - this.#lastAtMs < this.#everyMs) return false;
    return this.#positions() !== this.#lastPositions;
  }

  #positions(): string {
    return JSON.stringify(this.#attempt.report?.positions ?? {});
  }

  async #round(): Promise<void> {
    const { book, channel, deps, meter } = this.#attempt;
    this.#lastAtMs = Date.now();
    this.#lastPositions = this.#positions();
    deps.failpoints.pass('F3');
    const sealed = (await channel.spill()).filter(
      ({ sequenceId }) => book.find(sequenceId)?.state === 'live',
    );
    meter.mark();
    const checkpointId = randomUUID();
    const uploaded = await this.#upload(this.#planUploads(sealed, checkpointId));
    // What is sealed is not read again, so what could not be read of it must be where it belongs.
    if (uploaded === 'done') await this.#attempt.office?.settled();
    if (uploaded === 'done') await this.#insert(checkpointId, sealed);
  }

  #planUploads(sealed: readonly SealedSequence[], checkpointId: string): Upload[] {
    const { supervisorId, taskId } = this.#attempt.input;
    const uploads: Upload[] = [];
    for (const { sequenceId, files } of sealed) {
      const booked = this.#attempt.book.find(sequenceId);
      for (const file of files) {
        if (booked === undefined || booked.uploaded.has(file.localPath)) continue;
        const path = spillPath({ supervisorId, taskId, checkpointId, number: uploads.length });
        uploads.push({ booked, file, path });
      }
    }
    return uploads;
  }

  async #upload(uploads: readonly Upload[]): Promise<'done' | 'fenced'> {
    if (uploads.length === 0) return 'done';
    const { deps, held, meter } = this.#attempt;
    const paths = uploads.map(({ path }) => path);
    const answer = await this.#attempt.persistently('announcing spills', () =>
      insertIntents(deps.pool, held.lease, { kind: 'checkpoint', paths }),
    );
    if (answer === 'fenced') {
      await reportLeaseLost(this.#attempt, 'lease');
      return 'fenced';
    }
    for (const { booked, file, path } of uploads) {
      await this.#attempt.persistently('uploading a spill', () => deps.deepStorage.put(path, file.localPath));
      booked.uploaded.set(file.localPath, { path, size: file.size, sha256: file.sha256, rows: file.rows });
      meter.mark();
    }
    return 'done';
  }

  async #insert(checkpointId: string, sealed: readonly SealedSequence[]): Promise<void> {
    const { bell, deps, held, meter } = this.#attempt;
    const sequences = sealed.map((sequence) => this.#listed(sequence));
    if (sequences.length === 0) return;
    const answer = await this.#attempt.persistently('inserting a checkpoint', () =>
      insertCheckpoint(deps.pool, held.lease, { checkpointId, sequences }),
    );
    switch (answer) {
      case 'ok':
        meter.mark();
        this.#attempt.checkpointId = checkpointId;
        return this.#onCheckpoint();
      case 'beyondEnd':
        // Ends were written below what was read; the control loop sends the thread back, a later round is right again.
        this.#lastPositions = '';
        return bell.ring();
      case 'fenced':
        return await reportLeaseLost(this.#attempt, 'lease');
      default:
        unreachable(answer);
    }
  }

  #listed({ sequenceId, positions, counters, files }: SealedSequence): CheckpointSequence {
    const uploaded = this.#attempt.book.find(sequenceId)?.uploaded;
    return {
      sequenceId,
      positions,
      counters,
      // A checkpoint that misses a file would lose its rows at the next adoption.
      files: files.map(({ localPath }) => {
        const file = uploaded?.get(localPath);
        assert(file !== undefined, `spill ${localPath} of sequence ${sequenceId} is not in deep storage`);
        return file;
      }),
    };
  }
}
