/**
 * A record that a path or a program cannot be applied to: the record is unparseable.
 *
 * Where a value is only missing there is no failure, there is null. Never leaves `formats/`.
 */
export class FlattenFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FlattenFailure';
  }
}

/**
 * Steps one record may cost, over all its fields. The largest record has fewer values than this; only paths that go over
 * everything again for each value (`$..*..*`) come near it.
 */
export const maxSteps = 5_000_000;

export class StepBudget {
  #left = maxSteps;

  get isSpent(): boolean {
    return this.#left < 0;
  }

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0)
      throw new FlattenFailure(`flattenSpec: more than ${maxSteps} steps were needed for one record`);
  }
}
