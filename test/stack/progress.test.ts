import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { terminalLog } from '../../stack/progress.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => vi.useRealTimers());

function output(terminal: boolean) {
  const out = Object.assign(new PassThrough(), { isTTY: terminal, columns: 40 });
  return { log: terminalLog(out), text: () => String(out.read() ?? '') };
}

test('in a file: a line at the start, one every 30 s, one at the end', () => {
  const { log, text } = output(false);
  const step = log.step('Building');
  vi.advanceTimersByTime(61_000);
  step.done();
  vi.advanceTimersByTime(61_000);
  expect(text()).toBe('Building ...\nBuilding ... 30 s\nBuilding ... 60 s\nBuilding: done after 61 s\n');
});

test('on a terminal: one line that is rewritten, never wider than the screen', () => {
  const { log, text } = output(true);
  const step = log.step('Building');
  step.detail('a module with a name much too long for this line');
  vi.advanceTimersByTime(2_000);
  const frames = text().split('\r\u001b[K');
  expect(frames).toHaveLength(4);
  expect(frames[3]).toBe('Building ... 2 s  a module with a name ');
  log.line('Something else.');
  expect(text()).toBe('\r\u001b[KSomething else.\n\r\u001b[KBuilding ... 2 s  a module with a name ');
  step.failed();
  expect(text()).toBe('\r\u001b[KBuilding: failed after 2 s\n');
});
