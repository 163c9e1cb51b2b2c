/**
 * IDLE (druid.md 4.15): all that there is has been read, and nothing has arrived for inactiveAfterMillis.
 *
 * Lag counts in positions the reader has passed, so the control record of a transaction keeps nobody awake. What is not
 * known puts nobody to sleep, and keeps nobody asleep to whom something arrives elsewhere.
 */
import type { Seen } from './observation.ts';
import type { IdleWatch } from './state.ts';

export function watchIdle(before: IdleWatch | null, seen: Seen): IdleWatch | null {
  const limitMs = seen.settings?.idleAfterMs ?? null;
  if (limitMs === null || seen.desired !== 'running') return null;
  const { latestTotal, lag, atMs } = seen;
  if (seen.stream.kind !== 'ok' || latestTotal === undefined) return before;
  if (lag === null) return whileUnknown(before, latestTotal, atMs);
  const hasNews = lag > 0 || seen.unseeded > 0 || (before !== null && before.latestTotal !== latestTotal);
  // Nothing new at the very first look: idle at once, as in Druid, whose last activity is then the beginning of time.
  const activeAtMs = hasNews ? atMs : (before?.activeAtMs ?? 0);
  return { latestTotal, activeAtMs, isIdle: !hasNews && atMs - activeAtMs > limitMs };
}

/** Some partition does not say where it ends (it has no leader): what the others grow by is news all the same. */
function whileUnknown(before: IdleWatch | null, latestTotal: string, atMs: number): IdleWatch | null {
  if (before?.isIdle !== true) return before;
  const hasGrown = BigInt(latestTotal) > BigInt(before.latestTotal);
  return hasGrown ? { latestTotal, activeAtMs: atMs, isIdle: false } : { ...before, latestTotal };
}
