/**
 * A number that is a double in Java's eyes, where `1.0` and `1` must not be the same: as JSON has it, and in columns whose
 * type is found from their values. Whole numbers are `number` (below 2^53) or `bigint`.
 */
export class JavaDouble {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}
