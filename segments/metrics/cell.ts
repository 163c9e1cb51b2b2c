/** What lies in memory and in spills for a group: one cell or several in a row for each metric. */
import type { HllSketch } from '../../domain/sketches/hll.ts';
import type { QuantilesSketch } from '../../domain/sketches/quantiles.ts';

/** As read back from a spill; opened when it is needed. */
export type SketchBytes = Uint8Array;

/** A long beyond 2^53 is a bigint. Null: no input was seen yet. */
export type Cell = number | bigint | string | HllSketch | QuantilesSketch | SketchBytes | null;

/** What a column holds. */
export type MetricValue = number | bigint | string | SketchBytes | null;

export function cellAt(cells: readonly Cell[], at: number): Cell {
  return cells[at] ?? null;
}
