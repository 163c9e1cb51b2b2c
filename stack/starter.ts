/**
 * `npm run dev` puts a shell between npm and us. A signal to npm ends npm and the shell, and never reaches us; we would
 * go on for ever with nobody to stop us. So whoever was started by npm watches npm.
 */
import { ancestry, identify, isSameProcess } from './processes.ts';
import type { ProcessIdentity } from './processes.ts';
import type { Env } from './tools.ts';

const lookEveryMs = 500;
const generationsMax = 4;

/** Resolves when npm, or a shell it put in between, is gone. Never when npm did not start us. */
export function starterGone(env: Env, pid = process.pid): Promise<void> {
  const watched = env['npm_lifecycle_event'] === undefined ? [] : upToNpm(pid);
  if (watched.length === 0) return new Promise(() => undefined);
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (watched.every(isSameProcess)) return;
      clearInterval(timer);
      resolve();
    }, lookEveryMs);
    timer.unref();
  });
}

/** Our ancestors up to the first npm; nobody when there is none (npm may have gone already, or be called otherwise). */
export function upToNpm(pid: number): ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  let current = ancestry(pid)?.parent;
  for (let generation = 0; generation < generationsMax && current !== undefined; generation++) {
    const facts = ancestry(current);
    const identity = identify(current);
    if (facts === null || identity === null) return [];
    found.push(identity);
    if (/(^|[\s/])npm(-cli\.js)?(\s|$)/.test(facts.command)) return found;
    current = facts.parent;
  }
  return [];
}
