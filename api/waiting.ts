/** `?wait=true`: answers when what was ordered has happened, or 504 with what is missing after a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadgateError } from '../domain/errors.ts';
import { readScene } from './order-effects.ts';
import type { Effect } from './order-effects.ts';
import type { Store } from './store.ts';

const patienceMs = 60_000;
const everyMs = 200;

export async function waitForEffect(
  store: Store,
  supervisorId: string,
  effect: Effect,
  options: { readonly commandId?: string; readonly patienceMs?: number } = {},
): Promise<void> {
  const patience = options.patienceMs ?? patienceMs;
  const deadline = Date.now() + patience;
  for (;;) {
    const scene = await readScene(store, supervisorId);
    const missing = effect(scene);
    if (missing === null) return;
    if (Date.now() + everyMs > deadline) {
      const status = scene.row?.status;
      const state = status ? ` It is ${status.detailedState}: ${status.reason}.` : '';
      throw new HeadgateError(
        'ORDER_PENDING',
        `[${supervisorId}]: the order is taken and goes on, but ${missing} did not come about within ${patience / 1000} s.${state}`,
        {
          details: {
            supervisorId,
            missing,
            ...(options.commandId === undefined ? {} : { commandId: options.commandId }),
          },
        },
      );
    }
    await sleep(everyMs);
  }
}
