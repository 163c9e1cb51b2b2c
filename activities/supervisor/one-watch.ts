/**
 * One `watch` of a supervisor at a time in this process. A workflow that gives one up begins the next at once, but the old one
 * hears of it only with the answer to its next heartbeat; until then it would go on writing what it believes.
 */
import { CancelledFailure } from '@temporalio/activity';

const running = new Map<string, AbortController>();

/** Aborted when `cancelled` is, or when another watch of the supervisor begins here. Call `leave` at the end. */
export function beginWatch(
  supervisorId: string,
  cancelled: AbortSignal,
): { readonly signal: AbortSignal; readonly leave: () => void } {
  const own = new AbortController();
  // As if it had heard of its cancellation by now.
  running.get(supervisorId)?.abort(new CancelledFailure(`another watch of ${supervisorId} has begun`));
  running.set(supervisorId, own);
  return {
    signal: AbortSignal.any([cancelled, own.signal]),
    leave: () => {
      if (running.get(supervisorId) === own) running.delete(supervisorId);
    },
  };
}
