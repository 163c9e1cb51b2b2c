/** When a role process should stop: SIGTERM, SIGINT, or the end of the parent that supervises it. */

export function stopOrder(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    process.once('disconnect', () => resolve('the parent is gone'));
  });
}

/** However the stop goes, the process is gone after this long. What it held is fenced and taken over by others. */
export function exitAfter(boundMs: number, code = 0): void {
  setTimeout(() => process.exit(code), boundMs).unref();
}
