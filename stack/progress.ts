/**
 * What the stack says while it works: single lines, and steps that may take minutes.
 *
 * On a terminal a running step rewrites its line every second; elsewhere it says when it begins, now and then, and when
 * it ends. Everything goes to stderr: stdout belongs to results.
 */
import type { Writable } from 'node:stream';

export type Step = {
  /** What it is doing now, e.g. the module being fetched. */
  detail(text: string): void;
  done(): void;
  failed(): void;
};

export type StackLog = {
  line(text: string): void;
  /** `everyMs`: how often a running step says so where lines cannot be rewritten. */
  step(text: string, options?: { readonly everyMs?: number }): Step;
};

export const silentLog: StackLog = {
  line() {},
  step: () => ({ detail() {}, done() {}, failed() {} }),
};

/** The step ends as the work ends. */
export async function inStep<T>(
  log: StackLog,
  text: string,
  work: (detail: (text: string) => void) => Promise<T>,
): Promise<T> {
  const step = log.step(text);
  try {
    const result = await work(step.detail);
    step.done();
    return result;
  } catch (error) {
    step.failed();
    throw error;
  }
}

type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export function terminalLog(out: Terminal = process.stderr): StackLog {
  const running = new Set<() => void>();
  const redraw = () => {
    for (const draw of [...running].slice(-1)) draw();
  };
  const clear = () => {
    if (out.isTTY && running.size > 0) out.write('\r\u001b[K');
  };
  const line = (text: string) => {
    clear();
    out.write(`${text}\n`);
    redraw();
  };
  const screen = { running, line, redraw, clear };
  return { line, step: (text, options = {}) => beginStep(out, text, screen, options.everyMs ?? 30_000) };
}

type Screen = { running: Set<() => void>; line(text: string): void; redraw(): void; clear(): void };

function beginStep(out: Terminal, text: string, screen: Screen, everyMs: number): Step {
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1000);
  let detail = '';
  const shownNow = () => `${text} ... ${seconds()} s${detail && `  ${detail}`}`;
  const draw = () => {
    const shown = shownNow();
    out.write(`\r\u001b[K${shown.slice(0, (out.columns ?? 80) - 1)}`);
  };
  if (out.isTTY) screen.running.add(draw);
  else screen.line(`${text} ...`);
  screen.redraw();
  const timer = setInterval(
    () => (out.isTTY ? screen.redraw() : screen.line(shownNow())),
    out.isTTY ? 1_000 : everyMs,
  );
  timer.unref();
  const end = (result: string) => {
    clearInterval(timer);
    screen.clear();
    screen.running.delete(draw);
    screen.line(`${text}: ${result} after ${seconds()} s`);
  };
  return {
    detail: (now) => {
      detail = now;
    },
    done: () => end('done'),
    failed: () => end('failed'),
  };
}
