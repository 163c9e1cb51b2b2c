/** Sketches as states: one cell, null while nothing was seen. What came from a spill is opened when it is joined. */
import { HllSketch } from '../../domain/sketches/hll.ts';
import { QuantilesSketch } from '../../domain/sketches/quantiles.ts';
import type { MetricInput } from '../../domain/rows.ts';
import { cellAt, type Cell } from './cell.ts';
import type { Operation } from './operation.ts';

type Kind<S extends HllSketch | QuantilesSketch> = {
  readonly make: () => S;
  readonly open: (bytes: Uint8Array) => S;
  readonly take: (sketch: S, input: NonNullable<MetricInput>) => void;
  readonly union: (sketches: readonly S[]) => S;
};

function sketch<S extends HllSketch | QuantilesSketch>({ make, open, take, union }: Kind<S>): Operation {
  const opened = (cell: Cell): S => (cell instanceof Uint8Array ? open(cell) : (cell as S));
  const add = (cells: Cell[], at: number, input: MetricInput): void => {
    if (input === null) return;
    const cell = cellAt(cells, at);
    const own = cell === null ? make() : opened(cell);
    take(own, input);
    cells[at] = own;
  };
  return {
    width: 1,
    start: (cells, at, input) => {
      cells[at] = null;
      add(cells, at, input);
    },
    add,
    merge: (cells, at, other) => {
      const theirs = cellAt(other, at);
      if (theirs === null) return;
      const ours = cellAt(cells, at);
      cells[at] = ours === null ? theirs : union([opened(ours), opened(theirs)]);
    },
    finish: (cells, at, values) => {
      const cell = cellAt(cells, at);
      values.push(cell === null || cell instanceof Uint8Array ? cell : (cell as S).toBytes());
    },
    bytes: (cells, at) => {
      const cell = cellAt(cells, at);
      if (cell === null) return 0;
      return cell instanceof Uint8Array ? cell.length : (cell as S).bytes;
    },
  };
}

export function hll(lgK: number): Operation {
  return sketch<HllSketch>({
    make: () => new HllSketch(lgK),
    open: (bytes) => HllSketch.fromBytes(bytes),
    take: (own, input) => {
      for (const coupon of input as readonly number[]) own.addCoupon(coupon);
    },
    union: (sketches) => HllSketch.union(sketches, lgK),
  });
}

export function quantiles(k: number): Operation {
  return sketch<QuantilesSketch>({
    make: () => new QuantilesSketch(k),
    open: (bytes) => QuantilesSketch.fromBytes(bytes),
    take: (own, input) => own.addValue(Number(input)),
    union: (sketches) => QuantilesSketch.union(sketches, k),
  });
}
