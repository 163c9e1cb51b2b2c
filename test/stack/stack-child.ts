/** Starts Postgres in argv[2], tells its pid and URL, and waits to be killed. */
import { silentLog } from '../../stack/progress.ts';
import { startStack } from '../../stack/stack.ts';

const stack = await startStack({
  dataDir: process.argv[2] ?? '',
  with: ['postgres'],
  env: { ...process.env, HEADGATE_POSTGRES_URL: undefined },
  log: silentLog,
});
console.log(JSON.stringify({ pid: stack.pids().postgres, url: stack.addresses.postgres }));
