/**
 * What a group of rows holds per metric, and how two such states become one: `metrics/` has an operation for each aggregator.
 * A long sum that would leave int64 is refused, and the group goes on in a second row.
 *
 * States lie flat in one array of cells per row; null means no input was seen yet.
 */
import type { MetricInput } from '../domain/rows.ts';
import { defaultK, defaultLgK } from '../domain/spec/metric-defaults.ts';
import type { MetricSpec } from '../domain/spec/spec.ts';
import { cellAt, type Cell, type MetricValue } from './metrics/cell.ts';
import * as numbers from './metrics/numbers.ts';
import type { Operation } from './metrics/operation.ts';
import { hll, quantiles } from './metrics/sketches.ts';
import { any, first, last } from './metrics/timed.ts';

export type { Cell, MetricValue } from './metrics/cell.ts';

function operationOf(spec: MetricSpec): Operation {
  switch (spec.type) {
    case 'HLLSketchBuild':
      return hll(spec.lgK ?? defaultLgK);
    case 'quantilesDoublesSketch':
      return quantiles(spec.k ?? defaultK);
    default:
      return operations[spec.type];
  }
}

const operations: Record<
  Exclude<MetricSpec['type'], 'HLLSketchBuild' | 'quantilesDoublesSketch'>,
  Operation
> = {
  count: numbers.count,
  longSum: numbers.longSum,
  longMin: numbers.longMin,
  longMax: numbers.longMax,
  longFirst: first,
  longLast: last,
  longAny: any,
  floatSum: numbers.floatSum,
  floatMin: numbers.doubleMin,
  floatMax: numbers.doubleMax,
  floatFirst: first,
  floatLast: last,
  floatAny: any,
  doubleSum: numbers.doubleSum,
  doubleMin: numbers.doubleMin,
  doubleMax: numbers.doubleMax,
  doubleFirst: first,
  doubleLast: last,
  doubleAny: any,
  stringFirst: first,
  stringLast: last,
};

const none: readonly string[] = [];

/** A metric's operation, its first cell, and its input's number. */
type Part = { readonly operation: Operation; readonly at: number; readonly input: number };

export class MetricStates {
  readonly #parts: readonly Part[];
  /** Those whose sum must stay within int64, whose cells can grow, whose input may have a problem. */
  readonly #longSums: readonly Part[];
  readonly #growing: readonly Part[];
  readonly #doubtful: readonly Part[];
  #grown = 0;
  /** Cells of a row. */
  readonly width: number;

  constructor(metrics: readonly MetricSpec[]) {
    let next = 0;
    this.#parts = metrics.map((spec, input) => {
      const operation = operationOf(spec);
      next += operation.width;
      return { operation, at: next - operation.width, input };
    });
    this.width = next;
    this.#longSums = this.#parts.filter(({ operation }) => operation === numbers.longSum);
    this.#growing = this.#parts.filter(({ operation }) => operation.bytes !== undefined);
    this.#doubtful = this.#parts.filter(({ operation }) => operation.problem !== undefined);
  }

  /** The state of one row alone. */
  start(inputs: readonly MetricInput[]): Cell[] {
    const cells: Cell[] = [];
    for (const { operation, at, input } of this.#parts) operation.start(cells, at, inputs[input] ?? null);
    return cells;
  }

  /** Adds a row in place. False, and nothing changed: a long sum would leave int64. */
  add(cells: Cell[], inputs: readonly MetricInput[]): boolean {
    for (const { input, at } of this.#longSums)
      if (!numbers.fits(cellAt(cells, at), inputs[input] ?? null)) return false;
    const before = this.#growing.length === 0 ? 0 : this.bytesOf(cells);
    for (let metric = 0; metric < this.#parts.length; metric++) {
      const { operation, at } = this.#parts[metric] as Part;
      operation.add(cells, at, inputs[metric] ?? null);
    }
    if (this.#growing.length > 0) this.#grown += this.bytesOf(cells) - before;
    return true;
  }

  /** Bytes of the heap that texts and sketches of these cells take. */
  bytesOf(cells: readonly Cell[]): number {
    let bytes = 0;
    for (const { operation, at } of this.#growing) bytes += operation.bytes?.(cells, at) ?? 0;
    return bytes;
  }

  /** How much the cells of all groups have grown by `add` since the last call. */
  takeGrown(): number {
    const grown = this.#grown;
    this.#grown = 0;
    return grown;
  }

  /**
   * Why inputs of a row cannot be read, as far as they count: asked before the row is added. `cells` null: the row begins a
   * group.
   */
  problems(cells: readonly Cell[] | null, inputs: readonly MetricInput[]): readonly string[] {
    let found: string[] | null = null;
    for (const { operation, at, input } of this.#doubtful) {
      const problem = operation.problem?.(cells, at, inputs[input] ?? null) ?? null;
      if (problem !== null) (found ??= []).push(problem);
    }
    return found ?? none;
  }

  /** Adds another group's state, which comes after this one, in place. False, and nothing changed: a long sum would leave int64. */
  merge(cells: Cell[], other: readonly Cell[]): boolean {
    for (const { at } of this.#longSums)
      if (!numbers.fits(cellAt(cells, at), cellAt(other, at))) return false;
    for (const { operation, at } of this.#parts) operation.merge(cells, at, other);
    return true;
  }

  /** What is stored: the values of each metric's columns (metrics/columns.ts), one metric after another. */
  finish(cells: readonly Cell[]): MetricValue[] {
    const values: MetricValue[] = [];
    for (const { operation, at } of this.#parts) operation.finish(cells, at, values);
    return values;
  }
}
