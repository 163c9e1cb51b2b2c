/**
 * Ranges against a model: whatever the order of reading, freezing, cutting (also below what was read), sealing, dropping and
 * starting again, the rows of a sequence are those of its range that were read, each once.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toPosition } from '../../../../domain/positions.ts';
import type { LocalSpill, SealedSequence, SequenceSetup } from '../../../../activities/ingest/protocol.ts';
import { Ranges } from '../../../../activities/ingest/thread/ranges.ts';
import { toPositions } from '../../../../activities/ingest/thread/thread-sequence.ts';
import type { ThreadSequence } from '../../../../activities/ingest/thread/thread-sequence.ts';
import type { ParsedRow } from '../../../../domain/rows.ts';
import { aSequence, schema } from './bench.ts';

const seed = Number(process.env['SEED'] ?? 20260101);
const partitions = ['0', '1', '2'];

type Step =
  | { readonly kind: 'read'; readonly partition: string; readonly count: number }
  | { readonly kind: 'gap'; readonly partition: string; readonly count: number }
  | { readonly kind: 'cut'; readonly moves: readonly number[] }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'seal' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'restart' };

const partition = fc.constantFrom(...partitions);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      partition,
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('gap' as const),
      partition,
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      moves: fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 3, maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'freeze' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'seal' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'drop' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

/** Position x of partition p holds a record unless x ends in 7; its row is 10,000 p + x. */
class Reader {
  ranges: Ranges;
  readonly #files = new Map<string, readonly number[]>();
  #fileCount = 0;

  constructor(sequences: readonly SequenceSetup[]) {
    this.ranges = this.#begin(sequences);
  }

  #begin(sequences: readonly SequenceSetup[]): Ranges {
    return new Ranges({
      partitions,
      sequences,
      schema,
      lettersOf: () => null,
      onRead: () => undefined,
      onLeft: () => undefined,
    });
  }

  run(step: Step): void {
    switch (step.kind) {
      case 'read':
        for (let left = step.count; left > 0; left -= 1) this.#read(step.partition);
        return;
      case 'gap':
        return this.#gap(step.partition, BigInt(step.count));
      case 'cut':
        return this.#cut(step.moves);
      case 'freeze':
        for (const sequence of this.ranges.sequences) sequence.freeze(this.ranges.positionsIn(sequence));
        return;
      case 'seal':
        return this.#seal();
      case 'drop':
        return this.#drop();
      case 'restart':
        return this.#restart();
      default:
        step satisfies never;
    }
  }

  #read(partition: string): void {
    const cursor = this.ranges.cursor(partition);
    if (cursor.sequence === null) return;
    const at = cursor.position;
    if (at % 10n === 7n) return this.#gap(partition, 1n);
    this.ranges.moveOn(cursor);
    cursor.sequence?.index.add(rowOf(10_000 * Number(partition) + Number(at)));
    cursor.position = at + 1n;
    this.ranges.moveOn(cursor);
  }

  /** Positions without records. Only those that end in 7 are, so a jump is at most to the next record. */
  #gap(partition: string, count: bigint): void {
    const cursor = this.ranges.cursor(partition);
    for (
      let left = count;
      left > 0n && cursor.sequence !== null && cursor.position % 10n === 7n;
      left -= 1n
    ) {
      cursor.position += 1n;
      this.ranges.moveOn(cursor);
    }
  }

  #cut(moves: readonly number[]): void {
    const { last } = this.ranges;
    if (last === undefined || last.ends !== null) return;
    const at = this.ranges.positionsIn(last);
    const ends = partitions.map((name, index) => {
      const wanted = (at.get(name) ?? 0n) + BigInt(moves[index] ?? 0);
      const start = last.starts.get(name) ?? 0n;
      return [name, wanted < start ? start : wanted] as const;
    });
    const next = aSequence(last.setup.ordinal + 1, { starts: toPositions(ends) });
    this.ranges.cut(last, toPositions(ends), next);
  }

  #seal(): void {
    for (const sequence of this.ranges.sequences) {
      const sealing = sequence.seal(this.ranges.positionsIn(sequence));
      if (sealing === null) continue;
      this.#fileCount += 1;
      const localPath = String(this.#fileCount);
      const rows = sealing.indexes.flatMap((index) =>
        index.stored().map(({ dimensions }) => Number(dimensions[0])),
      );
      this.#files.set(localPath, rows);
      sealing.written({ localPath, size: 1, sha256: '', rows: rows.length, rowsByInterval: new Map() });
    }
  }

  #drop(): void {
    const [first] = this.ranges.sequences;
    if (first !== undefined && first.ends !== null) this.ranges.drop(first);
  }

  /** Everything not sealed is gone, as after a crash right after a checkpoint. */
  #restart(): void {
    this.#seal();
    this.ranges = this.#begin(
      this.ranges.sequences.map((sequence) => ({
        ...sequence.setup,
        ends: sequence.ends === null ? null : toPositions(sequence.ends),
        sealed: sequence.sealed() as SealedSequence,
      })),
    );
  }

  rowsOf(sequence: ThreadSequence): number[] {
    const sealed = sequence.files().flatMap(({ localPath }: LocalSpill) => this.#files.get(localPath) ?? []);
    const inMemory = sequence
      .inMemory()
      .flatMap((index) => index.stored().map(({ dimensions }) => Number(dimensions[0])));
    return [...sealed, ...inMemory].sort((left, right) => left - right);
  }

  expectedRows(sequence: ThreadSequence): number[] {
    const rows: number[] = [];
    for (const [name, position] of this.ranges.positionsIn(sequence))
      for (let at = sequence.starts.get(name) ?? 0n; at < position; at += 1n)
        if (at % 10n !== 7n) rows.push(10_000 * Number(name) + Number(at));
    return rows.sort((left, right) => left - right);
  }
}

function rowOf(id: number): ParsedRow {
  return { timestampMs: id, dimensions: [id], discovered: null, metrics: [], problems: [] };
}

describe('ranges', () => {
  it('give every read record to the sequence that covers it, once', () => {
    const starts = { '0': toPosition(0), '1': toPosition(3), '2': toPosition(0) };
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const reader = new Reader([aSequence(0, { starts })]);
        for (const each of steps) {
          reader.run(each);
          for (const sequence of reader.ranges.sequences) {
            expect(reader.rowsOf(sequence)).toEqual(reader.expectedRows(sequence));
            const isAtEnds = partitions.every(
              (name) => (reader.ranges.positions().get(name) ?? 0n) >= (sequence.ends?.get(name) ?? 0n),
            );
            if (sequence.ends !== null) expect(sequence.unread.size === 0).toBe(isAtEnds);
          }
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});
