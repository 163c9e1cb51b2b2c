/**
 * Starts three children under guard: `late` (stage 2), `early` (stage 1), and one that is deaf to SIGTERM (stage 1).
 * Each appends its name to argv[2] when it is told to stop. Then waits to be killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { guard, watchdogPid } from '../../stack/guard.ts';

const journal = process.argv[2] ?? '';

async function start(name: string, stage: number, then: string): Promise<number> {
  const program = `
    process.on('SIGTERM', () => { require('fs').appendFileSync(${JSON.stringify(journal)}, '${name} '); ${then} });
    setInterval(() => {}, 1000);
    console.log('up');
  `;
  const child = spawn(process.execPath, ['-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error(`${name} did not start`);
  guard(child.pid, { stage, stopSignal: 'SIGTERM', boundMs: 300 });
  return child.pid;
}

const late = await start('late', 2, 'process.exit()');
const early = await start('early', 1, 'process.exit()');
const deaf = await start('deaf', 1, '');
console.log(JSON.stringify({ late, early, deaf, watchdog: watchdogPid() }));

// Each later watchdog is told as well.
let told = watchdogPid();
setInterval(() => {
  const now = watchdogPid();
  if (now !== null && now !== told) console.log(JSON.stringify({ watchdog: now }));
  told = now;
}, 20);
