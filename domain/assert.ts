/** Checks that must hold whatever the input; a failure is a bug of ours, never of the caller. */

/** Throws a plain `Error` on purpose: in workflow code Temporal then retries the workflow task instead of ending the supervisor. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Closes a discriminated union: a new member that is not handled is a compile error. */
export function unreachable(value: never): never {
  throw new Error(`unreachable value: ${JSON.stringify(value)}`);
}
