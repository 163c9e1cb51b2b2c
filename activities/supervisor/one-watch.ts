/**
 * One `watch` of a supervisor at a time in this process. A workflow that gives one up begins the next at once, but the old one
 * hears of it only with the answer to its next heartbeat; until then it would go on writing what it believes.
 */
const running = new Map<string, AbortController>();

/** Aborted when `cancelled` is, or when another watch of the supervisor begins here. Call `leave` at the end. */
export function beginWatch(
  supervisorId: string,
  cancelled: AbortSignal,
): { readonly signal: AbortSignal; readonly leave: () => void } {
  const own = new AbortController();
  running.get(supervisorId)?.abort(new Error(`another watch of supervisor ${supervisorId} has begun`));
  running.set(supervisorId, own);
  return {
    signal: AbortSignal.any([cancelled, own.signal]),
    leave: () => {
      if (running.get(supervisorId) === own) running.delete(supervisorId);
    },
  };
}
