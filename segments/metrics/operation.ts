/** How the state of one metric begins, takes a row, joins another state, and what of it is stored. */
import type { MetricInput } from '../../domain/rows.ts';
import type { Cell, MetricValue } from './cell.ts';

export type Operation = {
  /** Cells used. */
  readonly width: number;
  readonly start: (cells: Cell[], at: number, input: MetricInput) => void;
  readonly add: (cells: Cell[], at: number, input: MetricInput) => void;
  /** The other state comes after this one, and stays as it is. What the cells refer to is not changed, only the cells. */
  readonly merge: (cells: Cell[], at: number, other: readonly Cell[]) => void;
  /** One value per column (columns.ts). */
  readonly finish: (cells: readonly Cell[], at: number, values: MetricValue[]) => void;
  /** Bytes of the heap beyond the cells themselves; absent: none to speak of. */
  readonly bytes?: (cells: readonly Cell[], at: number) => number;
  /** Why a row could not be read, if its value would count. `cells` null: the group begins with it. */
  readonly problem?: (cells: readonly Cell[] | null, at: number, input: MetricInput) => string | null;
};
