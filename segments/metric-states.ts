/**
 * What a group of rows holds per metric, and how two such states become one. Exact where design.md 7 says so:
 * longs never wrap (a sum that would leave int64 is refused, and the group goes on in a second row), double sums are
 * compensated (Neumaier), so any order of rows, spills and replicas agrees within 1e-12.
 *
 * States lie flat in one array of cells per row; null means no input was seen yet.
 */
import type { MetricInput } from '../domain/rows.ts';
import type { MetricSpec, MetricType } from '../domain/spec/spec.ts';

/** A long beyond 2^53 is a bigint. */
export type Cell = number | bigint | null;

type Operation = {
  /** Cells used. */
  readonly width: 1 | 2;
  readonly start: (cells: Cell[], at: number, input: MetricInput) => void;
  readonly add: (cells: Cell[], at: number, input: MetricInput) => void;
  readonly merge: (cells: Cell[], at: number, other: readonly Cell[]) => void;
  readonly finish: (cells: readonly Cell[], at: number) => Cell;
};

const maxLong = 9_223_372_036_854_775_807n;
const minLong = -9_223_372_036_854_775_808n;

const first = (cells: readonly Cell[], at: number): Cell => cells[at] ?? null;

function choosing(choose: (left: number | bigint, right: number | bigint) => number | bigint): Operation {
  const add = (cells: Cell[], at: number, input: MetricInput): void => {
    if (input === null) return;
    const old = first(cells, at);
    cells[at] = old === null ? input : choose(old, input);
  };
  return {
    width: 1,
    start: (cells, at, input) => {
      cells[at] = input;
    },
    add,
    merge: (cells, at, other) => add(cells, at, first(other, at)),
    finish: first,
  };
}

const count: Operation = {
  width: 1,
  start: (cells, at) => {
    cells[at] = 1;
  },
  add: (cells, at) => {
    cells[at] = Number(first(cells, at)) + 1;
  },
  merge: (cells, at, other) => {
    cells[at] = Number(first(cells, at)) + Number(first(other, at));
  },
  finish: first,
};

const longSum = choosing(exactSum);

function exactSum(left: number | bigint, right: number | bigint): number | bigint {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(left) + BigInt(right);
  const plain = Number(sum);
  return Number.isSafeInteger(plain) ? plain : sum;
}

/** Two cells: the sum and what rounding has lost of it. A sum begins at 0, so that -0 alone gives 0 as in Druid. */
function doubleSum(finish: (sum: number) => number): Operation {
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
    if (first(cells, at) !== null) return;
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
      const sum = first(other, at);
      if (sum === null) return;
      begin(cells, at);
      addTo(cells, at, Number(sum));
      cells[at + 1] = Number(cells[at + 1]) + Number(other[at + 1]);
    },
    finish: (cells, at) => {
      const sum = first(cells, at);
      if (typeof sum !== 'number') return null;
      return finish(Number.isFinite(sum) ? sum + Number(cells[at + 1]) : sum);
    },
  };
}

const longMin = choosing((left, right) => (right < left ? right : left));
const longMax = choosing((left, right) => (right > left ? right : left));
/** `Math.min` and `Math.max` are Java's: NaN wins, -0 is below 0. */
const doubleMin = choosing((left, right) => Math.min(Number(left), Number(right)));
const doubleMax = choosing((left, right) => Math.max(Number(left), Number(right)));

const operations: Record<MetricType, Operation> = {
  count,
  longSum,
  longMin,
  longMax,
  floatSum: doubleSum(Math.fround),
  floatMin: doubleMin,
  floatMax: doubleMax,
  doubleSum: doubleSum((sum) => sum),
  doubleMin,
  doubleMax,
};

/** A metric's operation and its first cell. */
type Part = { readonly operation: Operation; readonly at: number };

export class MetricStates {
  readonly #parts: readonly Part[];
  /** Input number and cell of each longSum. */
  readonly #longSums: readonly { readonly input: number; readonly cell: number }[];
  /** Cells of a row. */
  readonly width: number;

  constructor(metrics: readonly MetricSpec[]) {
    let next = 0;
    this.#parts = metrics.map(({ type }) => {
      const operation = operations[type];
      next += operation.width;
      return { operation, at: next - operation.width };
    });
    this.width = next;
    this.#longSums = metrics.flatMap(({ type }, input) =>
      type === 'longSum' ? [{ input, cell: this.#parts[input]?.at ?? 0 }] : [],
    );
  }

  /** The state of one row alone. */
  start(inputs: readonly MetricInput[]): Cell[] {
    const cells: Cell[] = [];
    for (let metric = 0; metric < this.#parts.length; metric++) {
      const { operation, at } = this.#parts[metric] as Part;
      operation.start(cells, at, inputs[metric] ?? null);
    }
    return cells;
  }

  /** Adds a row in place. False, and nothing changed: a long sum would leave int64. */
  add(cells: Cell[], inputs: readonly MetricInput[]): boolean {
    for (const { input, cell } of this.#longSums)
      if (!fits(first(cells, cell), inputs[input] ?? null)) return false;
    for (let metric = 0; metric < this.#parts.length; metric++) {
      const { operation, at } = this.#parts[metric] as Part;
      operation.add(cells, at, inputs[metric] ?? null);
    }
    return true;
  }

  /** Adds another group's state in place. False, and nothing changed: a long sum would leave int64. */
  merge(cells: Cell[], other: readonly Cell[]): boolean {
    for (const { cell } of this.#longSums) if (!fits(first(cells, cell), first(other, cell))) return false;
    for (const { operation, at } of this.#parts) operation.merge(cells, at, other);
    return true;
  }

  /** What is stored, one value per metric. */
  finish(cells: readonly Cell[]): Cell[] {
    return this.#parts.map(({ operation, at }) => operation.finish(cells, at));
  }
}

function fits(left: Cell, right: Cell): boolean {
  if (left === null || right === null) return true;
  if (typeof left === 'number' && typeof right === 'number') return true;
  const sum = BigInt(left) + BigInt(right);
  return sum >= minLong && sum <= maxLong;
}
