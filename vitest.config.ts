/** The suffix of a test file says what it needs; each suffix is a project here. `npm test` runs them all. */
import { defineConfig } from 'vitest/config';

const servers = './test/support/servers.ts';

function project(
  name: string,
  include: string[],
  options: { globalSetup?: string[]; timeoutMs?: number } = {},
) {
  const timeout = options.timeoutMs ?? 20_000;
  return {
    test: {
      name,
      include,
      pool: 'forks' as const,
      testTimeout: timeout,
      hookTimeout: Math.max(timeout, 60_000),
      ...(options.globalSetup ? { globalSetup: options.globalSetup } : {}),
    },
  };
}

const serverSuffixes = ['pg', 'kafka', 'temporal', 'e2e'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...project('unit', ['test/**/*.test.ts']).test,
          exclude: serverSuffixes.map((suffix) => `test/**/*.${suffix}.test.ts`),
        },
      },
      project('pg', ['test/**/*.pg.test.ts'], { globalSetup: [servers], timeoutMs: 60_000 }),
      project('kafka', ['test/**/*.kafka.test.ts'], { globalSetup: [servers], timeoutMs: 60_000 }),
      project('temporal', ['test/**/*.temporal.test.ts'], { globalSetup: [servers], timeoutMs: 120_000 }),
      project('e2e', ['test/**/*.e2e.test.ts'], { timeoutMs: 600_000 }),
    ],
  },
});
