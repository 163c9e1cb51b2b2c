/** What the kernel says about processes of a test. Only where /proc exists. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';

export const hasProc = existsSync('/proc/self/status');

/** Processes that this one started, and that still live. */
export function childPids(): number[] {
  const tasks = readdirSync('/proc/self/task');
  return tasks.flatMap((task) => {
    const text = readOrEmpty(`/proc/self/task/${task}/children`);
    return text.trim().split(' ').filter(Boolean).map(Number);
  });
}

/** The lowest priority among the threads of a process, as `nice` counts: 0 is usual, more gives way. */
export function nicenessOf(pid: number): number[] {
  const tasks = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  return tasks.flatMap((task) => {
    // The name in brackets may hold blanks; 19 fields in, 16 after the bracket.
    const after = readOrEmpty(`/proc/${pid}/task/${task}/stat`).split(') ')[1];
    return after === undefined ? [] : [Number(after.split(' ')[16])];
  });
}

/** The soft limit by its name in /proc: bytes, or Infinity. */
export function kernelLimit(pid: number, name: string): number {
  const line = readOrEmpty(`/proc/${pid}/limits`)
    .split('\n')
    .find((one) => one.startsWith(name));
  const value = line?.slice(name.length).trim().split(/\s+/)[0] ?? 'absent';
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
