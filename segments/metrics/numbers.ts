/**
 * Counts, sums, minima and maxima. Exact where design.md 7 says so: longs never wrap (the index asks `fits` first), double
 * sums are compensated (Neumaier), so any order of rows, spills and replicas agrees within 1e-12.
 */
import type { MetricInput } from '../../domain/rows.ts';
import { cellAt, type Cell } from './cell.ts';
import type { Operation } from './operation.ts';

type Numeric = number | bigint;

const maxLong = 9_223_372_036_854_775_807n;
const minLong = -9_223_372_036_854_775_808n;

function choosing(choose: (left: Numeric, right: Numeric) => Numeric): Operation {
  const add = (cells: Cell[], at: number, input: Cell): void => {
    if (input === null) return;
    const old = cellAt(cells, at);
    cells[at] = old === null ? input : choose(old as Numeric, input as Numeric);
  };
  return {
    width: 1,
    start: (cells, at, input) => {
      cells[at] = input as Cell;
    },
    add: (cells, at, input) => add(cells, at, input as Cell),
    merge: (cells, at, other) => add(cells, at, cellAt(other, at)),
    finish: (cells, at, values) => values.push(cellAt(cells, at) as Numeric | null),
  };
}

/** A row counts unless its filter says 0. */
function counted(input: MetricInput): number {
  return input === 0 ? 0 : 1;
}

export const count: Operation = {
  width: 1,
  start: (cells, at, input) => {
    cells[at] = counted(input);
  },
  add: (cells, at, input) => {
    cells[at] = Number(cellAt(cells, at)) + counted(input);
  },
  merge: (cells, at, other) => {
    cells[at] = Number(cellAt(cells, at)) + Number(cellAt(other, at));
  },
  finish: (cells, at, values) => values.push(Number(cellAt(cells, at))),
};

export const longSum = choosing((left, right) => {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(left) + BigInt(right);
  const plain = Number(sum);
  return Number.isSafeInteger(plain) ? plain : sum;
});

/** Whether a sum of longs stays within int64. */
export function fits(left: Cell, right: Cell | MetricInput): boolean {
  if (left === null || right === null) return true;
  if (typeof left === 'number' && typeof right === 'number') return true;
  const sum = BigInt(left as Numeric) + BigInt(right as Numeric);
  return sum >= minLong && sum <= maxLong;
}

/** Two cells: the sum and what rounding has lost of it. A sum begins at 0, so that -0 alone gives 0 as in Druid. */
function doubleSumTo(finish: (sum: number) => number): Operation {
  const addTo = (cells: Cell[], at: number, input: number): void => {
    const old = Number(cells[at]);
    const sum = old + input;
    if (Number.isFinite(sum)) {
      const lost = Math.abs(old) >= Math.abs(input) ? old - sum + input : input - sum + old;
      cells[at + 1] = Number(cells[at + 1]) + lost;
    }
    cells[at] = sum;
  };
  const begin = (cells: Cell[], at: number): void => {
    if (cellAt(cells, at) !== null) return;
    cells[at] = 0;
    cells[at + 1] = 0;
  };
  return {
    width: 2,
    start: (cells, at, input) => {
      cells[at] = input === null ? null : Number(input) + 0;
      cells[at + 1] = input === null ? null : 0;
    },
    add: (cells, at, input) => {
      if (input === null) return;
      begin(cells, at);
      addTo(cells, at, Number(input));
    },
    merge: (cells, at, other) => {
      const sum = cellAt(other, at);
      if (sum === null) return;
      begin(cells, at);
      addTo(cells, at, Number(sum));
      cells[at + 1] = Number(cells[at + 1]) + Number(other[at + 1]);
    },
    finish: (cells, at, values) => {
      const sum = cellAt(cells, at);
      if (typeof sum !== 'number') values.push(null);
      else values.push(finish(Number.isFinite(sum) ? sum + Number(cells[at + 1]) : sum));
    },
  };
}

export const doubleSum = doubleSumTo((sum) => sum);
export const floatSum = doubleSumTo(Math.fround);
export const longMin = choosing((left, right) => (right < left ? right : left));
export const longMax = choosing((left, right) => (right > left ? right : left));
/** `Math.min` and `Math.max` are Java's: NaN wins, -0 is below 0. */
export const doubleMin = choosing((left, right) => Math.min(Number(left), Number(right)));
export const doubleMax = choosing((left, right) => Math.max(Number(left), Number(right)));
