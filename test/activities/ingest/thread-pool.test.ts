/** Threads that die or hang lose their tasks, loudly, and are replaced; answers never hang. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FromThread, ToThread } from '../../../activities/ingest/protocol.ts';
import type { TaskEvents } from '../../../activities/ingest/task-channel.ts';
import { ThreadPool } from '../../../activities/ingest/thread-pool.ts';
import type { ThreadHandlers } from '../../../activities/ingest/thread-pool.ts';

class FakeThread {
  readonly got: ToThread[] = [];
  readonly handlers: ThreadHandlers;
  terminated = 0;

  constructor(handlers: ThreadHandlers) {
    this.handlers = handlers;
  }

  post(message: ToThread): void {
    this.got.push(message);
    if (message.kind === 'stop') this.say({ kind: 'stopped', taskKey: message.taskKey });
  }

  async terminate(): Promise<void> {
    this.terminated += 1;
  }

  say(message: FromThread): void {
    this.handlers.onMessage(message);
  }
}

function events(): TaskEvents & { readonly lost: Error[] } {
  const lost: Error[] = [];
  return {
    lost,
    onProgress: () => undefined,
    onSequenceRead: () => undefined,
    onRewound: () => undefined,
    onLetters: () => undefined,
    onStreamFailed: () => undefined,
    onLost: (error) => lost.push(error),
  };
}

describe('the thread pool', () => {
  let threads: FakeThread[];
  let pool: ThreadPool;

  beforeEach(() => {
    vi.useFakeTimers();
    threads = [];
    pool = new ThreadPool({
      threads: 2,
      log: () => undefined,
      spawn: (handlers) => {
        const thread = new FakeThread(handlers);
        threads.push(thread);
        return thread;
      },
    });
  });

  afterEach(async () => {
    await pool.close();
    vi.useRealTimers();
  });

  it('pins a task to the thread with the fewest', async () => {
    const channels = [pool.open(events()), pool.open(events()), pool.open(events())];
    for (const channel of channels) channel.resume();
    expect(threads.map(({ got }) => got.length)).toEqual([2, 1]);
    await pool.release(channels[0]!);
    await pool.release(channels[2]!);
    pool.open(events()).resume();
    expect(threads.map(({ got }) => got.filter(({ kind }) => kind === 'resume').length)).toEqual([3, 1]);
  });

  it('fails every task and every open answer of a thread that died, and starts another one for the next task', async () => {
    const told = events();
    const channel = pool.open(told);
    const answer = channel.spill();
    threads[0]!.handlers.onExit('out of memory (exit code 1)');
    await expect(answer).rejects.toThrow(/thread of this task ended: out of memory/);
    await expect(channel.pause(1)).rejects.toThrow(/thread of this task ended/);
    expect(told.lost).toHaveLength(1);
    await pool.release(channel);
    pool.open(events());
    pool.open(events());
    expect(threads).toHaveLength(3);
  });

  it('ends a thread that says nothing for 20 s although it has tasks', async () => {
    const told = events();
    pool.open(told);
    vi.advanceTimersByTime(19_000);
    threads[0]!.say({ kind: 'sequenceRead', taskKey: 1, sequenceId: 's' });
    vi.advanceTimersByTime(19_000);
    expect(told.lost).toEqual([]);
    vi.advanceTimersByTime(2_000);
    expect(told.lost[0]?.message).toMatch(/said nothing for 20 s/);
    expect(threads[0]!.terminated).toBe(1);
  });

  it('does not mind the silence of a thread without tasks', async () => {
    const told = events();
    const channel = pool.open(told);
    await pool.release(channel);
    vi.advanceTimersByTime(60_000);
    expect(threads[0]!.terminated).toBe(0);
  });

  it('hears nothing more of a released task, and its open answers end', async () => {
    const told = events();
    const channel = pool.open(told);
    const answer = channel.build('s', {});
    await Promise.all([pool.release(channel), expect(answer).rejects.toThrow(/stopped/)]);
    threads[0]!.say({
      kind: 'failed',
      taskKey: channel.taskKey,
      error: { code: null, message: 'late', details: {}, stack: '' },
      rowsKept: false,
    });
    expect(told.lost).toEqual([]);
  });

  it('answers a merge that is no longer wanted', async () => {
    const channel = pool.open(events());
    const built = channel.build('s', {});
    channel.drop('s');
    expect(await built).toBeNull();
  });

  it('keeps code and details of a failure', async () => {
    const told = events();
    const channel = pool.open(told);
    threads[0]!.say({
      kind: 'failed',
      taskKey: channel.taskKey,
      error: { code: 'PARSE_LIMIT_EXCEEDED', message: 'too many', details: { found: 3 }, stack: 'there' },
      rowsKept: false,
    });
    expect(told.lost[0]).toMatchObject({
      code: 'PARSE_LIMIT_EXCEEDED',
      message: 'too many',
      details: { found: 3 },
      stack: 'there',
    });
  });
});
