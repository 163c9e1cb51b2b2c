/** First contact with a server that may come up after us: tried again with plain log lines, for as long as it takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isHeadgateError, messageOf } from '../domain/errors.ts';

const firstPauseMs = 200;
const mostPauseMs = 5_000;

/** Gives up only on what no waiting mends: a code of ours that is not retryable. */
export async function untilReached<T>(
  what: string,
  logger: Pick<Logger, 'warn' | 'info'>,
  attempt: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (let pauseMs = firstPauseMs, tries = 1; ; tries++) {
    try {
      const reached = await attempt();
      if (tries > 1) logger.info(`${what} answers now`);
      return reached;
    } catch (error) {
      if (isHeadgateError(error) && !error.retryable) throw error;
      logger.warn(`${what} does not answer yet: ${messageOf(error)}; trying again in ${pauseMs} ms`);
      await sleep(pauseMs, undefined, signal ? { signal } : {});
      pauseMs = Math.min(mostPauseMs, pauseMs * 2);
    }
  }
}
