/** Druid's rules for accepting a proposed state, rule by rule (druid.md 3.3), and the counters behind them. */
import { describe, expect, test } from 'vitest';
import {
  finishRun,
  initialHealth,
  propose,
  taskEnded,
  thresholds,
} from '../../../domain/supervisor/health.ts';
import type { Health } from '../../../domain/supervisor/health.ts';
import type { DetailedState } from '../../../domain/supervisor/status.ts';
import { now } from './builders.ts';

const streamError = { code: 'STREAM_UNREACHABLE', message: 'down', streamException: true };
const otherError = { code: 'METADATA_UNAVAILABLE', message: 'down', streamException: false };
const ok = { errors: [], steady: 'RUNNING', atMs: now } as const;
const run = (health: Health, errors: readonly (typeof streamError)[] = []) =>
  finishRun(health, { ...ok, errors });
const times = (count: number, step: (health: Health) => Health, from: Health) =>
  Array.from({ length: count }).reduce<Health>((health) => step(health), from);

const running: Health = run(initialHealth);
const recorded: Health['errors'][number] = {
  timestamp: new Date(now).toISOString(),
  exceptionClass: 'STREAM_UNREACHABLE',
  message: 'down',
  streamException: true,
};

type Row = readonly [rule: string, health: Partial<Health>, proposed: DetailedState, accepted: DetailedState];

const table: readonly Row[] = [
  ['1 STOPPING stays for ever', { detailed: 'STOPPING' }, 'RUNNING', 'STOPPING'],
  ['1 STOPPING is always accepted', { detailed: 'UNHEALTHY_TASKS', failedTasks: 9 }, 'STOPPING', 'STOPPING'],
  [
    '2 run threshold, not the stream',
    { failedRuns: 3, everSucceeded: true },
    'RUNNING',
    'UNHEALTHY_SUPERVISOR',
  ],
  [
    '2 run threshold, the stream, never succeeded',
    { failedRuns: 3, errors: [recorded] },
    'CONNECTING_TO_STREAM',
    'UNABLE_TO_CONNECT_TO_STREAM',
  ],
  [
    '2 run threshold, the stream, succeeded before',
    { failedRuns: 3, everSucceeded: true, errors: [recorded] },
    'RUNNING',
    'LOST_CONTACT_WITH_STREAM',
  ],
  [
    '3 task threshold',
    { failedTasks: 3, everSucceeded: true, detailed: 'RUNNING' },
    'RUNNING',
    'UNHEALTHY_TASKS',
  ],
  [
    '2 before 3: runs outrank tasks',
    { failedRuns: 3, failedTasks: 3, everSucceeded: true },
    'RUNNING',
    'UNHEALTHY_SUPERVISOR',
  ],
  [
    '4 unhealthy by runs stays until enough good runs',
    { detailed: 'UNHEALTHY_SUPERVISOR', hitRuns: true, successRuns: 2, everSucceeded: true },
    'RUNNING',
    'UNHEALTHY_SUPERVISOR',
  ],
  [
    '4 and recovers with them',
    { detailed: 'UNHEALTHY_SUPERVISOR', hitRuns: true, successRuns: 3, everSucceeded: true },
    'RUNNING',
    'RUNNING',
  ],
  [
    '4 unhealthy by tasks stays until enough good tasks',
    { detailed: 'UNHEALTHY_TASKS', hitTasks: true, successTasks: 2, everSucceeded: true },
    'RUNNING',
    'UNHEALTHY_TASKS',
  ],
  [
    '4 and recovers with them',
    { detailed: 'UNHEALTHY_TASKS', hitTasks: true, successTasks: 3, everSucceeded: true },
    'RUNNING',
    'RUNNING',
  ],
  [
    '5 no run ever succeeded: the step stays visible',
    { detailed: 'CREATING_TASKS' },
    'RUNNING',
    'CREATING_TASKS',
  ],
  [
    '6 first-run states are accepted before',
    { detailed: 'PENDING' },
    'CONNECTING_TO_STREAM',
    'CONNECTING_TO_STREAM',
  ],
  [
    '6 and not after a good run',
    { detailed: 'RUNNING', everSucceeded: true },
    'CONNECTING_TO_STREAM',
    'RUNNING',
  ],
];

describe('propose', () => {
  test.each(table)('%s', (_rule, health, proposed, accepted) => {
    expect(propose({ ...initialHealth, ...health }, proposed, 'RUNNING').detailed).toBe(accepted);
  });

  test('a suspended supervisor is steady as SUSPENDED', () => {
    expect(finishRun(running, { ...ok, steady: 'SUSPENDED' }).detailed).toBe('SUSPENDED');
  });
});

describe('runs', () => {
  test('the first good run makes it RUNNING', () => {
    expect(running).toMatchObject({
      detailed: 'RUNNING',
      everSucceeded: true,
      successRuns: 1,
      failedRuns: 0,
    });
  });

  test('two failed runs are borne, the third is unhealthy, three good ones heal', () => {
    const twice = times(2, (health) => run(health, [streamError]), running);
    expect(twice.detailed).toBe('RUNNING');
    const lost = run(twice, [streamError]);
    expect(lost.detailed).toBe('LOST_CONTACT_WITH_STREAM');
    expect(times(2, run, lost).detailed).toBe('LOST_CONTACT_WITH_STREAM');
    expect(times(3, run, lost).detailed).toBe('RUNNING');
  });

  test('a good run in between begins the count anew', () => {
    const health = [[streamError], [streamError], [], [streamError], [streamError]].reduce(run, running);
    expect(health.detailed).toBe('RUNNING');
  });

  test('the last error decides which unhealthy state it is', () => {
    const failed = times(2, (health) => run(health, [streamError]), running);
    expect(run(failed, [otherError]).detailed).toBe('UNHEALTHY_SUPERVISOR');
  });

  test('healing clears what was hit: a later trouble asks for nothing of the past', () => {
    const unhealthyTasks = run(times(3, (health) => taskEnded(health, 'failed'), running));
    expect(unhealthyTasks.detailed).toBe('UNHEALTHY_TASKS');
    const healed = run(times(3, (health) => taskEnded(health, 'succeeded'), unhealthyTasks));
    expect(healed).toMatchObject({ detailed: 'RUNNING', hitTasks: false });
    const lost = times(3, (health) => run(health, [streamError]), taskEnded(healed, 'failed'));
    expect(times(3, run, lost).detailed).toBe('RUNNING');
  });

  test('errors are a ring of the newest, and messages have a bound', () => {
    const long = { ...otherError, message: 'x'.repeat(5_000) };
    const health = times(5, (before) => run(before, [long]), running);
    expect(health.errors).toHaveLength(thresholds.errors);
    expect(health.errors[0]!.message.length).toBeLessThan(1_100);
  });
});
