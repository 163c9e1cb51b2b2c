/** What is waited for, on stderr and only on a terminal: one line that is rewritten, with the state as it is now. */
import { setTimeout as sleep } from 'node:timers/promises';
import { terminalLog } from '../stack/progress.ts';
import type { ApiClient } from './client.ts';
import { supervisorPath } from './client.ts';
import { printable } from './sql/display-width.ts';

const lookEveryMs = 2_000;

/** `work` is the request that answers when it has happened. */
export async function waitingFor<T>(
  client: ApiClient,
  supervisorId: string,
  what: string,
  work: Promise<T>,
): Promise<T> {
  if (process.stderr.isTTY !== true) return work;
  const step = terminalLog().step(`Waiting for ${what} of ${supervisorId}`);
  const over = new AbortController();
  void describeUntil(over.signal, client, supervisorId, (text) => step.detail(text));
  try {
    const result = await work;
    step.done();
    return result;
  } catch (error) {
    step.failed();
    throw error;
  } finally {
    over.abort();
  }
}

type Status = {
  readonly payload: { readonly detailedState: string; readonly headgate: { readonly reason: string } };
};

async function describeUntil(
  signal: AbortSignal,
  client: ApiClient,
  supervisorId: string,
  tell: (text: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    // A look that fails says nothing; the request that is waited for says what is wrong.
    const status = await client.get<Status>(supervisorPath(supervisorId, 'status')).catch(() => null);
    if (status !== null)
      tell(printable(`${status.payload.detailedState}: ${status.payload.headgate.reason}`));
    await sleep(lookEveryMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
