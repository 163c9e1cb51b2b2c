/**
 * One `watch` of a supervisor at a time in this process. A workflow that gives one up begins the next at once, but the old one
 * hears of it only with the answer to its next heartbeat; until then it would go on writing what it believes.
 */
const running = new Map<string, AbortController>();

export type WatchTurn = {
  /** Aborted when the watch is cancelled, or overtaken by another one of the supervisor. */
  readonly signal: AbortSignal;
  readonly isOvertaken: () => boolean;
  /** To be called at the end. */
  readonly leave: () => void;
};

export function beginWatch(supervisorId: string, cancelled: AbortSignal): WatchTurn {
  const own = new AbortController();
  running.get(supervisorId)?.abort(new Error(`another watch of supervisor ${supervisorId} has begun`));
  running.set(supervisorId, own);
  return {
    signal: AbortSignal.any([cancelled, own.signal]),
    isOvertaken: () => own.signal.aborted,
    leave: () => {
      if (running.get(supervisorId) === own) running.delete(supervisorId);
    },
  };
}
