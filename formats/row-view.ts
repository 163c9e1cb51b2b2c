/** A row between its reader and its columns, as transforms, filters and columns see it. */
import type { JsonValue } from './json-text.ts';

export interface RowView {
  /** Undefined or null: there is no value. `__time` is the row's time, a whole number, whatever the record holds there. */
  get(name: string): JsonValue | undefined;
  readonly timeMs: number;
}
