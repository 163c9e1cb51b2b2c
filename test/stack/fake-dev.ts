/** The whole development system over real servers of its own, with roles that only pretend. */
import { fileURLToPath } from 'node:url';
import { startDev } from '../../stack/dev-stack.ts';
import type { DevOptions, DevStack } from '../../stack/dev-stack.ts';
import { silentLog } from '../../stack/progress.ts';

export function fakeDev(options: Partial<DevOptions> & { dataDir: string; port: number }): Promise<DevStack> {
  return startDev({
    ingestWorkers: 2,
    capacity: 5,
    env: envWithoutServers(),
    log: silentLog,
    main: fileURLToPath(new URL('../fixtures/stack/fake-main.mjs', import.meta.url)),
    ...options,
  });
}

/** Servers that this test run was given are not those under test. */
export function envWithoutServers(): Record<string, string | undefined> {
  const absent = { HEADGATE_POSTGRES_URL: undefined, HEADGATE_KAFKA_BOOTSTRAP: undefined };
  return { ...process.env, ...absent, HEADGATE_TEMPORAL_ADDRESS: undefined };
}
