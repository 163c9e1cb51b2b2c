/** What an expression sees and may spend while it is evaluated over one row. */
import type { RowView } from '../row-view.ts';
import { ExpressionFailure } from './failure.ts';
import type { Value } from './values.ts';

export type Scope = {
  readonly row: RowView;
  /** Fields of the row that were looked up already, by the number the compiler gave each name. */
  readonly inputs: (Value | undefined)[];
  /** Arguments of the lambdas that are running, by the number the compiler gave each. */
  readonly slots: Value[];
  /** Characters and items read and made so far. */
  spent: number;
};

export function newScope(row: RowView): Scope {
  return { row, inputs: [], slots: [], spent: 0 };
}

/**
 * Characters and items one expression may work on for one row, all steps together: a record holds 8 MB at most, so what
 * goes beyond is a lambda over large arrays within one another, or a text that is made longer and longer.
 */
export const maxWork = 64 * 1024 * 1024;

/** No value is larger than this, whatever it is made of. */
export const maxSize = 16 * 1024 * 1024;

/** Before the work is done: a step that would go too far is not begun. */
export function spend(scope: Scope, units: number): void {
  scope.spent += units;
  if (scope.spent > maxWork || units > maxSize)
    throw new ExpressionFailure(
      `the expression works on more than ${maxWork} characters and items for one row, or makes a value of more than ${maxSize}`,
    );
}

/** An item of an array is several times the work of a character. */
export const itemCost = 8;

/** What reading a value costs. */
export function sizeOf({ value }: Value): number {
  if (typeof value === 'string') return value.length + 1;
  return Array.isArray(value) ? value.length * itemCost + 1 : 1;
}
