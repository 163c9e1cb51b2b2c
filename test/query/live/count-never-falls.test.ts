/**
 * Segments and live rows together, under random lives of a supervisor: a complete count never falls behind one that
 * was known when its query began, never exceeds what was produced, and equals it at rest. Without the memory of what
 * was served it does fall, so the schedules reach the places that matter.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { AskWorker, LiveQuestion, WorkerAnswer } from '../../../query/live/ask-worker.ts';
import { scopeOf } from '../../../query/live/ask-worker.ts';
import type { LiveClock } from '../../../query/live/clock.ts';
import { LiveRows } from '../../../query/live/live-rows.ts';
import { PieceStore, type Pin, type StoredPiece } from '../../../query/live/piece-store.ts';
import { ServedPositions } from '../../../query/live/served.ts';
import { World } from './world.ts';

const seed = Number(process.env['SEED'] ?? 20261004);
const runs = Number(process.env['SCHEDULES'] ?? 1_500);

const folder = mkdtempSync(join(tmpdir(), 'headgate-live-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Nothing is ever required of a replica: what a system without this memory does. */
class Forgetful extends ServedPositions {
  override required(): null {
    return null;
  }

  override uncovered(): string[] {
    return [];
  }
}

/** Pieces without files; what was answered under a name stays what it was. */
class PiecesInMemory extends PieceStore {
  readonly #known = new Map<string, StoredPiece>();

  keep(scope: string, pieces: readonly StoredPiece[]): void {
    for (const piece of pieces) this.#known.set(`${scope}/${piece.id}`, piece);
  }

  override pin(scope: string, ids: readonly string[]): Pin | null {
    const pieces = ids.flatMap((id) => this.#known.get(`${scope}/${id}`) ?? []);
    return { pieces, release: () => undefined };
  }
}

class VirtualTime implements LiveClock {
  #nowMs = 1_000_000;
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];
  readonly now = (): number => this.#nowMs;

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      this.#sleepers.push({ untilMs: this.#nowMs + ms, wake: resolve });
      signal.addEventListener('abort', () => resolve());
      if (signal.aborted) resolve();
    });

  pass(ms: number): void {
    this.#nowMs += ms;
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.#nowMs);
    for (const { wake } of due) wake();
  }
}

type Asked = { readonly question: LiveQuestion; readonly answer: (answer: WorkerAnswer) => void };

type Tally = { complete: number; incomplete: number; stale: number; fallen: string[]; tooMany: string[] };

class Run {
  readonly #tape: Uint8Array;
  #read = 0;
  readonly #world: World;
  readonly #time = new VirtualTime();
  readonly #store = new PiecesInMemory({ folder, bytesMax: 1e9, now: () => 0 });
  readonly #live: LiveRows;
  readonly #tally: Tally;
  #asked: Asked[] = [];
  #held: (() => void)[] = [];
  #running = 0;
  /** The most any complete query has answered so far. */
  #known = 0;

  constructor(tape: Uint8Array, tally: Tally, served: ServedPositions) {
    this.#tape = tape;
    this.#tally = tally;
    this.#world = new World((below) => this.#choose(below));
    const ask: AskWorker = (question) => new Promise((answer) => this.#asked.push({ question, answer }));
    const refresh = async (): Promise<ReturnType<World['live']>> => this.#world.live();
    const log = { warn: () => undefined, info: () => undefined };
    const deps = { folder, refresh, log, clock: this.#time };
    this.#live = new LiveRows(deps, { ask, store: this.#store, served });
  }

  async all(): Promise<void> {
    while (this.#read < this.#tape.length) {
      const what = this.#choose(16);
      if (what < 6) this.#world.step();
      else if (what < 8 && this.#running < 3) void this.#query();
      else if (what < 11) this.#deliver(this.#choose(this.#asked.length));
      else if (what < 12) for (let asked = this.#asked.length; asked > 0; asked--) this.#deliver(0);
      else if (what < 15) this.#held.splice(this.#choose(this.#held.length), 1)[0]?.();
      else this.#time.pass(20 + this.#choose(256) * 8);
      await settled();
    }
    await this.#drain();
    // Answers are shared for a moment; what they said before does not count any more then.
    this.#time.pass(1_000);
    const rest = this.#query();
    await this.#drain();
    expect(await rest).toEqual({ count: this.#world.total, incomplete: [] });
  }

  async #drain(): Promise<void> {
    for (let turn = 0; this.#running > 0; turn++) {
      if (turn > 5_000) throw new Error('a query never ends');
      this.#world.rest();
      for (const open of this.#held.splice(0)) open();
      for (let asked = this.#asked.length; asked > 0; asked--) this.#deliver(0);
      this.#time.pass(100);
      await settled();
    }
    this.#world.rest();
  }

  async #query(): Promise<{ count: number; incomplete: readonly string[] }> {
    this.#running++;
    const known = this.#known;
    for (let turn = 0; ; turn++) {
      const snapshot = this.#world.snapshot();
      await this.#pause();
      const answer = await this.#live.gather(snapshot, {
        deadlineMs: this.#time.now() + 3_600_000,
        final: turn === 3,
      });
      if (answer.kind === 'stale') {
        this.#tally.stale++;
        continue;
      }
      const rows = answer.sequences.flatMap(({ pieces }) => pieces.map((piece) => piece.rows));
      const count = rows.reduce((sum, some) => sum + some, this.#world.segmentRows(snapshot));
      answer.release();
      this.#judge(count, known, answer.incomplete.length === 0);
      this.#running--;
      return { count, incomplete: answer.incomplete };
    }
  }

  #judge(count: number, known: number, isComplete: boolean): void {
    if (count > this.#world.total) this.#tally.tooMany.push(`${count} of ${this.#world.total}`);
    this.#tally[isComplete ? 'complete' : 'incomplete']++;
    if (!isComplete) return;
    if (count < known) this.#tally.fallen.push(`from ${known} to ${count}`);
    this.#known = Math.max(this.#known, count);
  }

  #deliver(index: number): void {
    const [asked] = this.#asked.splice(index, 1);
    if (asked === undefined) return;
    const answer = this.#world.answer(asked.question);
    if (answer === 'wait') {
      this.#asked.push(asked);
      return;
    }
    if (answer.kind === 'held') this.#store.keep(scopeOf(asked.question), answer.pieces);
    asked.answer(answer);
  }

  /** Between a snapshot and its use anything may happen. */
  #pause(): Promise<void> {
    return new Promise((resolve) => this.#held.push(resolve));
  }

  #choose(below: number): number {
    const byte = this.#tape[this.#read++] ?? 255;
    return below === 0 ? 0 : byte % below;
  }
}

/** Everything that can go on without time or the world has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function schedules(memory: () => ServedPositions, numRuns: number): Promise<Tally> {
  const tally: Tally = { complete: 0, incomplete: 0, stale: 0, fallen: [], tooMany: [] };
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 200, maxLength: 900 }), async (tape) => {
      await new Run(tape, tally, memory()).all();
      if (memory() instanceof Forgetful) return;
      expect(tally.fallen).toEqual([]);
      expect(tally.tooMany).toEqual([]);
    }),
    { seed, numRuns },
  );
  return tally;
}

describe('segments and live rows', () => {
  it('are counted without ever falling, exceeding what was produced, or missing anything at rest', async () => {
    const tally = await schedules(() => new ServedPositions(), runs);
    expect(tally.complete).toBeGreaterThan(3 * runs);
    expect(tally.stale).toBeGreaterThan(runs / 10);
    expect(tally.complete).toBeGreaterThan(4 * tally.incomplete);
  }, 300_000);

  it('fall when what was served is not remembered', async () => {
    const tally = await schedules(() => new Forgetful(), Math.ceil(runs / 10));
    expect(tally.tooMany).toEqual([]);
    expect(tally.fallen.length).toBeGreaterThan(0);
  }, 300_000);
});
