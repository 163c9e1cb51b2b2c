/**
 * Druid's state machine, every cell: each state, each proposal, each side of each threshold, against the six rules of
 * druid.md 3.3 as they are written there; and the scenarios of its tests.
 */
import { describe, expect, test } from 'vitest';
import {
  finishRun,
  initialHealth,
  propose,
  recordError,
  taskEnded,
  thresholds,
} from '../../../domain/supervisor/health.ts';
import type { Health, SteadyState } from '../../../domain/supervisor/health.ts';
import { takeLook } from '../../../domain/supervisor/look.ts';
import { plan } from '../../../domain/supervisor/plan.ts';
import { detailedStateFacts, detailedStates } from '../../../domain/supervisor/status.ts';
import type { DetailedState, RecentError } from '../../../domain/supervisor/status.ts';
import { healthy, now, someGeneration, someGroup, someKnown, someSeen } from './builders.ts';

const error = (streamException: boolean): RecentError => ({
  timestamp: new Date(now).toISOString(),
  exceptionClass: streamException ? 'STREAM_UNREACHABLE' : 'METADATA_UNAVAILABLE',
  message: 'down',
  streamException,
});

const both = [false, true] as const;
const steadyStates: readonly SteadyState[] = ['RUNNING', 'IDLE', 'SUSPENDED', 'COMPLETED'];

/** Every state a supervisor can be in when a state is proposed, on either side of every threshold. */
function* everyHealth(): Generator<Health> {
  for (const detailed of detailedStates)
    for (const everSucceeded of both)
      for (const failedRuns of [0, 2, 3])
        for (const failedTasks of [0, 2, 3])
          for (const good of [2, 3])
            for (const hitRuns of both)
              for (const hitTasks of both)
                for (const streamException of both)
                  yield {
                    ...initialHealth,
                    detailed,
                    everSucceeded,
                    failedRuns,
                    failedTasks,
                    successRuns: failedRuns > 0 ? 0 : good,
                    successTasks: failedTasks > 0 ? 0 : good,
                    hitRuns,
                    hitTasks,
                    errors: [error(streamException)],
                  };
}

/** druid.md 3.3, read aloud. */
function byTheBook(health: Health, proposed: DetailedState, steady: SteadyState): DetailedState {
  let state = health.detailed;
  let { hitRuns, hitTasks } = health;
  if (state === 'STOPPING' || proposed === 'STOPPING') return 'STOPPING';
  if (health.failedRuns >= thresholds.unhealthiness) {
    hitRuns = true;
    if (!health.errors.at(-1)!.streamException) state = 'UNHEALTHY_SUPERVISOR';
    else state = health.everSucceeded ? 'LOST_CONTACT_WITH_STREAM' : 'UNABLE_TO_CONNECT_TO_STREAM';
  }
  if (health.failedTasks >= thresholds.taskUnhealthiness) {
    // Supervisor errors outrank task errors.
    if (health.failedRuns < thresholds.unhealthiness) state = 'UNHEALTHY_TASKS';
    hitTasks = true;
  }
  const isUnhealthy = !detailedStateFacts[state].healthy;
  const waitsForRuns = hitRuns && health.successRuns < thresholds.healthiness;
  const waitsForTasks = hitTasks && health.successTasks < thresholds.taskHealthiness;
  if (isUnhealthy && (waitsForRuns || waitsForTasks)) return state;
  if (proposed === steady && !health.everSucceeded) return state;
  if (detailedStateFacts[proposed].firstRunOnly && health.everSucceeded) return state;
  return proposed;
}

test('every cell of the table is as the rules say', () => {
  let cells = 0;
  for (const health of everyHealth())
    for (const proposed of detailedStates)
      for (const steady of steadyStates) {
        const accepted = propose(health, proposed, steady).detailed;
        if (accepted !== byTheBook(health, proposed, steady))
          expect({ health, proposed, steady, accepted }).toEqual(byTheBook(health, proposed, steady));
        cells += 1;
      }
  expect(cells).toBe(detailedStates.length ** 2 * steadyStates.length * 2 * 3 * 3 * 2 * 8);
});

test('the facts of each state are those of druid.md 3.1', () => {
  const healthyStates = detailedStates.filter((state) => detailedStateFacts[state].healthy);
  expect(healthyStates).toEqual([
    'PENDING',
    'CONNECTING_TO_STREAM',
    'DISCOVERING_INITIAL_TASKS',
    'CREATING_TASKS',
    'RUNNING',
    'IDLE',
    'SUSPENDED',
    'STOPPING',
    'COMPLETED',
  ]);
  expect(detailedStates.filter((state) => detailedStateFacts[state].firstRunOnly)).toEqual([
    'PENDING',
    'CONNECTING_TO_STREAM',
    'DISCOVERING_INITIAL_TASKS',
    'CREATING_TASKS',
    'UNABLE_TO_CONNECT_TO_STREAM',
  ]);
});

const ok = { errors: [], steady: 'RUNNING', atMs: now } as const;
const streamError = { code: 'STREAM_UNREACHABLE', message: 'down', streamException: true };
const otherError = { code: 'METADATA_UNAVAILABLE', message: 'down', streamException: false };
const good = (health: Health) => finishRun(health, ok);
const bad = (health: Health, kind = otherError) => finishRun(health, { ...ok, errors: [kind] });
const run = (health: Health, steps: readonly ((health: Health) => Health)[]) =>
  steps.reduce((folded, step) => step(folded), health);
const failTask = (health: Health) => good(taskEnded(health, 'failed'));
const passTask = (health: Health) => good(taskEnded(health, 'succeeded'));

describe('scenarios', () => {
  test('druid 6.54 testTransientUnhealthiness: two failures, then a success, stay healthy', () => {
    const seen = run(good(initialHealth), [bad, bad]);
    expect(seen.detailed).toBe('RUNNING');
    expect(good(seen).detailed).toBe('RUNNING');
    expect(bad(good(seen)).detailed).toBe('RUNNING');
  });

  test('druid 6.54 testSupervisorRecoveryWithHealthinessThreshold: recovers after three successes only', () => {
    const down = run(good(initialHealth), [bad, bad, bad]);
    expect(down.detailed).toBe('UNHEALTHY_SUPERVISOR');
    expect(run(down, [good, good]).detailed).toBe('UNHEALTHY_SUPERVISOR');
    expect(run(down, [good, good, good]).detailed).toBe('RUNNING');
    expect(run(down, [good, good, bad, good, good]).detailed).toBe('UNHEALTHY_SUPERVISOR');
  });

  test('druid 6.56 testTwoUnhealthyStates: supervisor errors take precedence over task errors and give way again', () => {
    const tasks = run(good(initialHealth), [failTask, failTask, failTask]);
    expect(tasks.detailed).toBe('UNHEALTHY_TASKS');
    const worse = run(tasks, [bad, bad, bad]);
    expect(worse.detailed).toBe('UNHEALTHY_SUPERVISOR');
    const better = run(worse, [good, good, good]);
    expect(better.detailed).toBe('UNHEALTHY_TASKS');
    expect(run(better, [passTask, passTask, passTask]).detailed).toBe('RUNNING');
  });

  test('druid 6.57 testGetThrowableEvents: the ring keeps only the newest errors', () => {
    const kept = Array.from({ length: 5 }).reduce<Health>(
      (health, _, index) => recordError(health, { ...streamError, message: `error ${index}` }, now + index),
      initialHealth,
    );
    expect(kept.errors.map(({ message }) => message)).toEqual(['error 2', 'error 3', 'error 4']);
    expect(kept.errors).toHaveLength(thresholds.errors);
  });

  test('the very first runs all fail: from CONNECTING_TO_STREAM to UNABLE_TO_CONNECT_TO_STREAM', () => {
    const connecting = propose(initialHealth, 'CONNECTING_TO_STREAM', 'RUNNING');
    const failing = (health: Health) => bad(health, streamError);
    expect(run(connecting, [failing, failing]).detailed).toBe('CONNECTING_TO_STREAM');
    expect(run(connecting, [failing, failing, failing]).detailed).toBe('UNABLE_TO_CONNECT_TO_STREAM');
  });

  test('druid 6.61 testStopping: STOPPING is final', () => {
    const stopping = propose({ ...initialHealth, ...healthy }, 'STOPPING', 'RUNNING');
    for (const proposed of detailedStates)
      expect(propose(stopping, proposed, 'RUNNING').detailed).toBe('STOPPING');
    const terminated = { desired: 'terminated', settings: null } as const;
    const reading = someGroup({ live: [someGeneration()] });
    const look = takeLook(
      someKnown(),
      { ...initialHealth, ...healthy },
      someSeen({ ...terminated, groups: [reading] }),
    );
    expect(look.health.detailed).toBe('STOPPING');
  });

  test('druid 6.61 testSuspended: a suspended supervisor creates nothing', () => {
    const suspended = someSeen({ desired: 'suspended', groups: [someGroup()] });
    expect(plan(someKnown({ desired: 'suspended' }), suspended, now)).toEqual([]);
    const running = someSeen({ groups: [someGroup()] });
    expect(plan(someKnown(), running, now).map(({ kind }) => kind)).toEqual(['createGenerations']);
  });

  test('a task whose attempts get nowhere is UNHEALTHY_TASKS at once, and healthy when it gets on', () => {
    const stuck = someGroup({
      live: [someGeneration({ stuck: '4 attempts of replica 0 got nowhere: boom' })],
    });
    const seen = someSeen({ groups: [stuck] });
    const known = someKnown({ children: [{ groupId: 0, generation: 1 }] });
    const look = takeLook(known, { ...initialHealth, ...healthy }, seen);
    expect(look).toMatchObject({ health: { detailed: 'UNHEALTHY_TASKS' }, isNews: true });
    const after = takeLook(
      look.known,
      look.health,
      someSeen({ atMs: now + 30_000, groups: [someGroup({ live: [someGeneration()] })] }),
    );
    expect(after.health.detailed).toBe('RUNNING');
  });
});
