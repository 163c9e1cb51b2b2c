/** When a heartbeat is sent, when it is withheld, and when the attempt is given up. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { zeroCounters } from '../../../domain/counters.ts';
import { HeadgateError } from '../../../domain/errors.ts';
import type { Json } from '../../../domain/json.ts';
import { Attempt } from '../../../activities/ingest/attempt.ts';
import type { Held } from '../../../activities/ingest/attempt.ts';
import type { IngestDeps } from '../../../activities/ingest/deps.ts';
import type { IdleReason, ProgressReport } from '../../../activities/ingest/protocol.ts';
import { Pulse } from '../../../activities/ingest/pulse.ts';
import type { GenerationRow } from '../../../storage/generations.ts';
import type { TaskChannel } from '../../../activities/ingest/task-channel.ts';

function aReport(ticks: number, idle: IdleReason | null = null): ProgressReport {
  return {
    positions: {},
    counters: zeroCounters,
    recordsRead: 0,
    atMs: ticks * 1_000,
    waitedMs: 0,
    rowsInMemory: 0,
    bytesInMemory: 0,
    largestSegmentRows: 0,
    totalRows: 0,
    ticks,
    idle,
    wantsSpill: false,
    parseProblems: [],
    parseReports: [],
  };
}

describe('the pulse of an attempt', () => {
  let attempt: Attempt;
  let beats: Json[];
  let pulse: Pulse;

  beforeEach(() => {
    vi.useFakeTimers();
    attempt = new Attempt({
      deps: {} as IngestDeps,
      input: { supervisorId: 's', groupId: 0, generation: 1, replica: 0, taskId: 't' },
      held: {
        lease: { taskId: 't', epoch: '7', token: 'x' },
        generation: { tasks: [] as GenerationRow['tasks'] },
        spec: { io: { deadLetters: null, taskCount: 1 }, tuning: { maxSavedParseExceptions: 0 } },
      } as Held,
      folder: '',
      openChannel: () => ({}) as TaskChannel,
    });
    beats = [];
    pulse = new Pulse(attempt, (details) => beats.push(details));
    attempt.report = aReport(1);
    pulse.beatIfAlive();
    beats.length = 0;
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  /** Heartbeats in so many seconds. */
  function seconds(count: number): number {
    const before = beats.length;
    for (let second = 0; second < count; second += 1) {
      vi.advanceTimersByTime(1_000);
      pulse.beatIfAlive();
    }
    return beats.length - before;
  }

  it('beats once for each progress, with details for people', () => {
    attempt.report = aReport(2);
    expect(seconds(1)).toBe(1);
    expect(beats[0]).toEqual({ taskId: 't', epoch: '7', checkpointId: null, positions: {}, records: 0 });
    attempt.report = aReport(3);
    expect(seconds(3)).toBe(1);
  });

  it('falls silent when the thread hangs, so that the server starts another attempt', () => {
    expect(seconds(20)).toBe(0);
  });

  it.each(['paused', 'full'] as const)('goes on while the task is %s: it waits for an order', (idle) => {
    attempt.report = aReport(1, idle);
    expect(seconds(60)).toBe(60);
  });

  it('bears an outside system that is away for 30 s, then gives the attempt up with its error', async () => {
    const away = new HeadgateError('METADATA_UNAVAILABLE', 'postgres: away');
    const call = attempt.meter.began('committing');
    call.error = away;
    expect(seconds(29)).toBe(29);
    expect(seconds(5)).toBe(0);
    expect(await attempt.over).toEqual({ kind: 'failed', error: away });
  });

  it('is not deceived by short calls that are always under way', () => {
    for (let second = 0; second < 20; second += 1) {
      const call = attempt.meter.began('reading the control row');
      pulse.beatIfAlive();
      attempt.meter.ended(call);
      vi.advanceTimersByTime(1_000);
    }
    expect(beats).toEqual([]);
  });

  it('bears it for ever while the task gets on beside it', () => {
    attempt.meter.began('uploading').error = new Error('away');
    for (let second = 0; second < 100; second += 1) {
      attempt.report = aReport(second + 10);
      expect(seconds(1)).toBe(1);
    }
  });

  it('starts counting anew after a progress', () => {
    attempt.meter.began('uploading').error = new Error('away');
    seconds(25);
    attempt.meter.mark();
    expect(seconds(25)).toBe(25);
  });

  it('gives up a task that gets no memory for 30 s', async () => {
    attempt.report = aReport(1, 'memory');
    expect(seconds(29)).toBe(29);
    seconds(2);
    expect(await attempt.over).toMatchObject({ kind: 'failed', error: { code: 'MEMORY_LIMIT' } });
  });
});
