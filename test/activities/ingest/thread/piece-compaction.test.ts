/** Which pieces are merged: few stay, each row is merged seldom, what cannot be merged is left alone. */
import { describe, expect, it } from 'vitest';
import type { Part } from '../../../../activities/ingest/thread/live-coverage.ts';
import { manyPieces, partsToMerge } from '../../../../activities/ingest/thread/piece-compaction.ts';

function part(rows: number, changes: Partial<Part> & { wide?: boolean } = {}): Part {
  const { wide = false, ...rest } = changes;
  const piece = { id: 'p', localPath: 'p', rows, bytes: rows, wide, columns: [] };
  return { end: new Map(), firstMark: 0, lastMark: 0, source: null, piece, staysAlone: false, ...rest };
}

describe('the choice of pieces to merge', () => {
  it('is none while there are few', () => {
    expect(
      partsToMerge(
        Array.from({ length: manyPieces }, () => part(1)),
        { isAtRest: false },
      ),
    ).toEqual([]);
  });

  it('leaves a large old piece alone', () => {
    const parts = [part(1_000_000), ...Array.from({ length: manyPieces }, () => part(10))];
    expect(partsToMerge(parts, { isAtRest: false })).toEqual(parts.slice(1));
  });

  it('is everything at rest, but never one alone', () => {
    const parts = [part(1_000_000), part(3)];
    expect(partsToMerge(parts, { isAtRest: true })).toEqual(parts);
    expect(partsToMerge(parts.slice(1), { isAtRest: true })).toEqual([]);
  });

  it('is never what failed to merge, or what is no piece yet', () => {
    const parts = [part(1), part(1, { staysAlone: true }), part(1, { piece: null }), part(2)];
    expect(partsToMerge(parts, { isAtRest: true })).toEqual([parts[0], parts[3]]);
  });

  it('is what is wide, after all else and never together with it', () => {
    const wide = [part(1, { wide: true }), part(2, { wide: true })];
    const narrow = [part(3), part(4)];
    const mixed = [wide[0]!, ...narrow, wide[1]!];
    expect(partsToMerge(mixed, { isAtRest: true })).toEqual(narrow);
    expect(partsToMerge([part(7), ...wide], { isAtRest: true })).toEqual(wide);
    expect(partsToMerge([part(7), ...wide], { isAtRest: false })).toEqual([]);
  });

  it('makes few of 1,001 wide pieces that are there at once', () => {
    let parts = Array.from({ length: 1_001 }, () => part(10, { wide: true }));
    for (;;) {
      const merged = partsToMerge(parts, { isAtRest: false });
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
      const merged = partsToMerge(parts, { isAtRest: false });
      const rows = merged.reduce((sum, { piece }) => sum + (piece?.rows ?? 0), 0);
      written += rows;
      if (rows > 0) parts = [...parts.filter((one) => !merged.includes(one)), part(rows, { wide })];
      expect(parts.length).toBeLessThanOrEqual(manyPieces);
    }
    expect(written / (2_000 * 100)).toBeLessThan(8);
  });
});
