/** The sentence people read, and what they are told to do. */
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../domain/supervisor/describe.ts';
import { summarize } from '../../../domain/supervisor/summarize.ts';
import { healthy, now, someGeneration, someGroup, someKnown, someSeen, someSettings } from './builders.ts';

const unhealthyTasks = { ...healthy, detailed: 'UNHEALTHY_TASKS', failedTasks: 3 } as const;

describe('the status of a stream that cannot be read', () => {
  it.each([
    ['STREAM_AUTH_FAILED', /sasl\.jaas\.config/],
    ['STREAM_TLS_FAILED', /security\.protocol/],
    ['STREAM_SECRET_MISSING', /environment variable/],
    ['STREAM_UNREACHABLE', /broker is up/],
  ])('tells what to do about %s', (code, words) => {
    const error = { code, message: `what ${code} means`, streamException: true };
    const seen = someSeen({ stream: { kind: 'failed', error } });
    const status = statusOf(someKnown(), healthy, seen, now);
    expect(status.reason).toBe(error.message);
    expect(status.remedy).toMatch(words);
  });
});

describe('the status of tasks that fail', () => {
  it.each([
    ['STREAM_SECRET_MISSING: sasl.jaas.config is to be read from KAFKA_X', /set the environment variable/],
    ['PARSE_LIMIT_EXCEEDED: too many', /sys\.tasks/],
  ])('says why: %s', (lastError, remedy) => {
    const live = [someGeneration(), someGeneration({ generation: 2, lastError })];
    const seen = someSeen({ groups: [someGroup({ live })] });
    const status = statusOf(someKnown(), unhealthyTasks, seen, now);
    expect(status.reason).toBe(`3 tasks in a row failed: ${lastError}`);
    expect(status.remedy).toMatch(remedy);
  });

  it('has the newest failure of its task rows', () => {
    const task = { replica: 0, attempts: 1, positions: null };
    const seen = summarize({
      atMs: now,
      version: 1,
      desired: 'running',
      settings: someSettings(),
      commitSeq: '0',
      timeline: 't',
      halted: null,
      stream: { kind: 'ok', identity: 'i', partitions: [], earliest: {}, latest: {} },
      partitions: [],
      generations: [
        {
          groupId: 0,
          generation: 1,
          specVersion: 1,
          stream: 'clicks',
          partitions: ['0'],
          createdAtMs: now,
          sequences: [{ state: 'open', final: false, starts: {}, ends: null }],
          tasks: [
            { ...task, state: 'FAILED', error: 'first' },
            { ...task, state: 'FAILED', error: `second ${'x'.repeat(3_000)}` },
            { ...task, state: 'RUNNING', error: null },
          ],
        },
      ],
      newestGenerations: { 0: 1 },
      lastPublishAtMs: null,
    });
    const [error] = seen.groups.flatMap((group) => group.live.map((live) => live.lastError));
    expect(error).toMatch(/^second x+$/);
    expect(error).toHaveLength(500);
  });
});
