/** What live queries see of a sequence: which part is next, what stays in memory for it, what a rewind and a merge leave. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { HeldPiece } from '../../../../activities/ingest/protocol.ts';
import { LiveCoverage } from '../../../../activities/ingest/thread/live-coverage.ts';
import { RowIndex } from '../../../../segments/row-index.ts';
import { schema } from './bench.ts';

const at = (position: number): ReadonlyMap<string, bigint> => new Map([['0', BigInt(position)]]);

function rows(count: number): RowIndex {
  const index = new RowIndex(schema);
  for (let id = 0; id < count; id += 1)
    index.add({ timestampMs: id, dimensions: [id], discovered: null, metrics: [], problems: [] });
  return index;
}

function piece(id: string): HeldPiece {
  return { id, localPath: `/${id}`, rows: 1, bytes: 1, wide: false, columns: [] };
}

describe('the live coverage of a sequence', () => {
  let coverage: LiveCoverage;

  beforeEach(() => {
    coverage = new LiveCoverage();
  });

  function make(id: string): void {
    coverage.made(coverage.next!.part, piece(id));
  }

  it('notes nothing while it is off', () => {
    coverage.sealed(0, { index: rows(3), end: at(3), hasRuns: false });
    expect(coverage.parts).toEqual([]);
  });

  it('begins with what is sealed and frozen already', () => {
    const marks = [
      { positions: at(5), rows: 5, files: [{ localPath: '/a' }, { localPath: '/b' }] },
      { positions: at(9), rows: 4, files: [] },
    ];
    coverage.turnOn({ starts: at(0), marks, runs: [{ index: rows(2), end: at(11) }] });
    expect(coverage.parts.map(({ end, firstMark }) => [Number(end.get('0')), firstMark])).toEqual([
      [0, 0],
      [5, 0],
      [9, 1],
      [11, 2],
    ]);
    make('1');
    expect(coverage.pieced.positions).toEqual(at(0));
    make('2');
    expect(coverage.pieced.positions).toEqual(at(5));
    // The spill of the second mark is still being written.
    expect(coverage.next).toBeNull();
    coverage.written(1, '/c');
    expect(coverage.next?.source).toEqual({ spill: '/c' });
  });

  it('counts rows that only a part keeps in memory', () => {
    coverage.turnOn({ starts: at(0), marks: [], runs: [] });
    coverage.frozen({ index: rows(3), end: at(3) }, 0);
    coverage.sealed(0, { index: rows(2), end: at(5), hasRuns: true });
    expect([coverage.holdsRows, coverage.heldAlone.rows]).toEqual([true, 0]);
    coverage.written(0, '/spill');
    expect(coverage.heldAlone.rows).toBe(5);
    expect(coverage.heldAlone.bytes).toBeGreaterThan(5 * 200);
    make('1');
    expect(coverage.heldAlone.rows).toBe(2);
    make('2');
    expect([coverage.holdsRows, coverage.heldAlone]).toEqual([false, { rows: 0, bytes: 0 }]);
  });

  it('needs no memory for rows that are in a spill of their own', () => {
    coverage.turnOn({ starts: at(0), marks: [], runs: [] });
    coverage.sealed(0, { index: rows(2), end: at(2), hasRuns: false });
    expect(coverage.holdsRows).toBe(false);
    coverage.written(0, '/spill');
    expect(coverage.next?.source).toEqual({ spill: '/spill' });
  });

  it('keeps what lies before the mark it goes back to', () => {
    coverage.turnOn({ starts: at(0), marks: [], runs: [] });
    coverage.frozen({ index: rows(1), end: at(1) }, 0);
    make('1');
    coverage.sealed(0, { index: rows(0), end: at(2), hasRuns: true });
    coverage.frozen({ index: rows(1), end: at(4) }, 1);
    make('2');
    coverage.rewound(1, at(2));
    expect(coverage.pieced).toEqual({ positions: at(2), pieces: [piece('1')] });
    expect(coverage.takeRetired()).toEqual(['/2']);
  });

  it('begins anew when a merged piece holds rows of both sides of that mark', () => {
    coverage.turnOn({ starts: at(0), marks: [], runs: [] });
    for (const mark of [0, 1]) {
      coverage.frozen({ index: rows(1), end: at(mark + 1) }, mark);
      make(String(mark));
    }
    expect(coverage.merged(coverage.parts, piece('both'))).toBe(true);
    expect(coverage.pieced).toEqual({ positions: at(2), pieces: [piece('both')] });
    expect(coverage.takeRetired()).toEqual(['/0', '/1']);
    coverage.rewound(1, at(1));
    expect([coverage.isOn, coverage.parts, coverage.takeRetired()]).toEqual([false, [], ['/both']]);
  });

  it('does not want a piece of a part that is gone', () => {
    coverage.turnOn({ starts: at(0), marks: [], runs: [] });
    coverage.frozen({ index: rows(1), end: at(1) }, 0);
    const { part } = coverage.next!;
    coverage.rewound(0, at(0));
    expect(coverage.made(part, piece('late'))).toBe(false);
    expect(coverage.merged([part], piece('late'))).toBe(false);
  });
});
