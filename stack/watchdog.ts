/**
 * A process of its own that outlives its parent by exactly one job: when the pipe from the parent closes, however the
 * parent ended, it stops every process the parent had registered, stage by stage, and ends.
 *
 * Runs as plain JavaScript from dist/. Input lines are JSON messages (stack/guard.ts writes them).
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { isSameProcess, signal } from './processes.ts';
import type { ProcessIdentity } from './processes.ts';

/** How one process is stopped. Lower stages go first; a stage begins when the one before is gone. */
export type Ward = ProcessIdentity & {
  readonly stage: number;
  readonly stopSignal: NodeJS.Signals;
  /** After this long comes SIGKILL, to the whole group. */
  readonly boundMs: number;
};

export type WatchdogMessage =
  { readonly kind: 'add'; readonly ward: Ward } | { readonly kind: 'remove'; readonly pid: number };

async function watch(): Promise<void> {
  // Ctrl-C and a closed terminal reach the parent; the watchdog acts when the parent is gone, not before.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  const wards = new Map<number, Ward>();
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as WatchdogMessage;
    if (message.kind === 'add') wards.set(message.ward.pid, message.ward);
    else wards.delete(message.pid);
  }
  const stages = [...new Set([...wards.values()].map(({ stage }) => stage))].sort((a, b) => a - b);
  for (const stage of stages) {
    await Promise.all([...wards.values()].filter((ward) => ward.stage === stage).map(stopWard));
  }
}

async function stopWard(ward: Ward): Promise<void> {
  if (!isSameProcess(ward)) return;
  signal(ward.pid, ward.stopSignal);
  // A frozen process must thaw to hear the first signal.
  signal(ward.pid, 'SIGCONT');
  const deadline = Date.now() + ward.boundMs;
  while (Date.now() < deadline) {
    await delay(50);
    if (!isSameProcess(ward)) return;
  }
  signal(ward.pid, 'SIGKILL', 'group');
}

await watch();
