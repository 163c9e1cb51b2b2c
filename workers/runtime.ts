/** Temporal's native runtime, once per process: its log goes into ours, and it leaves signals to us. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

export function installRuntime(logger: Logger): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) =>
      logger[levels[level]](meta ?? {}, message),
    ),
    // We decide when and how to stop.
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}
