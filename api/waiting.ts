/** `?wait=true`: answers when what was ordered has happened, or 504 with what is missing after a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadgateError } from '../domain/errors.ts';
import type { Store, SupervisorRow } from './store.ts';

const patienceMs = 60_000;
const everyMs = 200;

export async function waitForRow(
  store: Store,
  supervisorId: string,
  what: string,
  isThere: (row: SupervisorRow | null) => boolean,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!isThere(await store.read(supervisorId))) {
    if (Date.now() > deadline)
      throw new HeadgateError(
        'TEMPORAL_UNAVAILABLE',
        `[${supervisorId}]: the order is stored, but ${what} was not reached in ${patienceMs / 1000} s; look at its status`,
        { details: { status: 504 } },
      );
    await sleep(everyMs);
  }
}
