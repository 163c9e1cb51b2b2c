/** Runs startDev over the fake roles: data folder argv[2], port argv[3]. Tells stack.json's content, then waits. */
import { terminalLog } from '../../stack/progress.ts';
import { fakeDev } from './fake-dev.ts';

const dev = await fakeDev({
  dataDir: process.argv[2] ?? '',
  port: Number(process.argv[3]),
  log: terminalLog(),
});
console.log(JSON.stringify(dev.describe()));
