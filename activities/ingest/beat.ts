/**
 * The common beat of a thread: what looks once a second looks at the same moment in every task, for to be woken costs more
 * than to look, and a hundred quiet tasks must cost little.
 */

/** Milliseconds until the next multiple of `everyMs` that is not just about to come. */
export function untilBeat(everyMs: number, nowMs: number): number {
  const rest = everyMs - (nowMs % everyMs);
  return rest < everyMs / 4 ? rest + everyMs : rest;
}
