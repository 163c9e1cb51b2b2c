/** Which pieces are merged: few stay, each row is merged seldom, what cannot be merged is left alone. */
import { describe, expect, it } from 'vitest';
import type { Part } from '../../../../activities/ingest/thread/live-coverage.ts';
import { manyPieces, partsToMerge } from '../../../../activities/ingest/thread/piece-compaction.ts';

const nowMs = 1_000;

function part(rows: number, changes: Partial<Part> & { wide?: boolean } = {}): Part {
  const { wide = false, ...rest } = changes;
  const piece = { id: 'p', localPath: 'p', rows, bytes: rows, wide, columns: [] };
  return { end: new Map(), firstMark: 0, lastMark: 0, source: null, piece, aloneUntilMs: 0, ...rest };
}

describe('the choice of pieces to merge', () => {
  it('is none while there are few', () => {
    expect(
      partsToMerge(
        Array.from({ length: manyPieces }, () => part(1)),
        { isAtRest: false, nowMs },
      ),
    ).toEqual([]);
  });

  it('leaves a large old piece alone', () => {
    const parts = [part(1_000_000), ...Array.from({ length: manyPieces }, () => part(10))];
    expect(partsToMerge(parts, { isAtRest: false, nowMs })).toEqual(parts.slice(1));
  });

  it('is everything at rest, but never one alone', () => {
    const parts = [part(1_000_000), part(3)];
    expect(partsToMerge(parts, { isAtRest: true, nowMs })).toEqual(parts);
    expect(partsToMerge(parts.slice(1), { isAtRest: true, nowMs })).toEqual([]);
  });

  it('is not what failed to merge a moment ago, or what is no piece yet', () => {
    const parts = [part(1), part(1, { aloneUntilMs: nowMs + 1 }), part(1, { piece: null }), part(2)];
    expect(partsToMerge(parts, { isAtRest: true, nowMs })).toEqual([parts[0], parts[3]]);
    const later = { isAtRest: true, nowMs: nowMs + 1 };
    expect(partsToMerge(parts, later)).toEqual([parts[0], parts[1], parts[3]]);
  });

  it('is what is wide, after all else and never together with it', () => {
    const wide = [part(1, { wide: true }), part(2, { wide: true })];
    const narrow = [part(3), part(4)];
    const mixed = [wide[0]!, ...narrow, wide[1]!];
    expect(partsToMerge(mixed, { isAtRest: true, nowMs })).toEqual(narrow);
    expect(partsToMerge([part(7), ...wide], { isAtRest: true, nowMs })).toEqual(wide);
    expect(partsToMerge([part(7), ...wide], { isAtRest: false, nowMs })).toEqual([]);
  });

  it('makes few of 1,001 wide pieces that are there at once', () => {
    let parts = Array.from({ length: 1_001 }, () => part(10, { wide: true }));
    for (;;) {
      const merged = partsToMerge(parts, { isAtRest: false, nowMs });
      if (merged.length === 0) break;
      parts = [...parts.filter((one) => !merged.includes(one)), part(10 * merged.length, { wide: true })];
    }
    expect(parts.length).toBeLessThanOrEqual(manyPieces);
  });

  it.each([false, true])('keeps few pieces and writes each row few times, wide or not (%s)', (wide) => {
    let parts: Part[] = [];
    let written = 0;
    for (let round = 0; round < 2_000; round += 1) {
      parts.push(part(100, { wide }));
      const merged = partsToMerge(parts, { isAtRest: false, nowMs });
      const rows = merged.reduce((sum, { piece }) => sum + (piece?.rows ?? 0), 0);
      written += rows;
      if (rows > 0) parts = [...parts.filter((one) => !merged.includes(one)), part(rows, { wide })];
      expect(parts.length).toBeLessThanOrEqual(manyPieces);
    }
    expect(written / (2_000 * 100)).toBeLessThan(8);
  });
});
