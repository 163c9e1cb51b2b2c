/** How long a failed task's replacement waits: 1 s, doubling to a minute (design 6). Never below the server's floor of 1 s. */

const leastMs = 1_000;
const mostMs = 60_000;

export function replacementDelayMs(failuresInARow: number): number {
  return Math.min(mostMs, leastMs * 2 ** Math.min(Math.max(0, failuresInARow - 1), 10));
}
