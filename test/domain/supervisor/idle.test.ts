/** IDLE: all that there is has been read, and nothing arrives (druid.md 4.15). */
import { describe, expect, test } from 'vitest';
import { fromCarryOver, toCarryOver } from '../../../domain/supervisor/carry-over.ts';
import { evolve } from '../../../domain/supervisor/evolve.ts';
import { initialHealth } from '../../../domain/supervisor/health.ts';
import type { Health } from '../../../domain/supervisor/health.ts';
import { takeLook } from '../../../domain/supervisor/look.ts';
import type { Look } from '../../../domain/supervisor/look.ts';
import type { Seen } from '../../../domain/supervisor/observation.ts';
import { plan } from '../../../domain/supervisor/plan.ts';
import type { Known } from '../../../domain/supervisor/state.ts';
import {
  healthy,
  now,
  someGeneration,
  someGroup,
  someKnown,
  someSeen,
  someSettings,
  someState,
} from './builders.ts';

const limitMs = 200;
const settings = someSettings({ idleAfterMs: limitMs, periodMs: 100 });
const look = (
  known: Known,
  changes: Partial<Seen>,
  health: Health = { ...initialHealth, ...healthy },
): Look => takeLook(known, health, someSeen({ settings, latestTotal: '100', ...changes }));
const reading = someGroup({ live: [someGeneration()] });
const at = (ms: number, changes: Partial<Seen> = {}) => ({ atMs: now + ms, groups: [reading], ...changes });

describe('lag that is not known', () => {
  const idle = { latestTotal: '100', activeAtMs: now - 1_000, isIdle: true };

  test('a partition without a leader does not keep the others asleep: what arrives there wakes it up', () => {
    const asleep = someKnown({ settings, idle });
    const silent = look(asleep, at(0, { lag: null, latestTotal: '60', groups: [someGroup({ lag: null })] }));
    expect(silent.known.idle?.isIdle).toBe(true);
    const arrived = look(
      silent.known,
      at(100, { lag: null, latestTotal: '61', groups: [someGroup({ lag: null })] }),
    );
    expect(arrived.known.idle?.isIdle).toBe(false);
    expect(arrived.actions.map(({ kind }) => kind)).toEqual(['createGenerations']);
  });

  test('nobody falls asleep on it', () => {
    const awake = someKnown({
      settings,
      idle: { ...idle, isIdle: false },
      children: [{ groupId: 0, generation: 1 }],
    });
    expect(look(awake, at(10_000, { lag: null })).known.idle?.isIdle).toBe(false);
  });
});

describe('scenarios', () => {
  test('druid 6.59 testIdleStateTransition: IDLE after enough quiet runs; new data: RUNNING', () => {
    const known = someKnown({
      settings,
      idle: { latestTotal: '90', activeAtMs: now - 1_000, isIdle: false },
      children: [{ groupId: 0, generation: 1 }],
    });
    const arrived = look(known, at(0));
    expect(arrived.health.detailed).toBe('RUNNING');
    const quiet = look(arrived.known, at(200), arrived.health);
    expect(quiet.health.detailed).toBe('RUNNING');
    const idle = look(quiet.known, at(300), quiet.health);
    expect(idle).toMatchObject({ health: { detailed: 'IDLE' }, isNews: true });
    const still = look(idle.known, at(10_000, { groups: [someGroup()] }), idle.health);
    expect(still).toMatchObject({ actions: [], isNews: false });
    const news = look(
      still.known,
      at(10_100, { latestTotal: '101', lag: 1, groups: [someGroup()] }),
      still.health,
    );
    expect(news.health.detailed).not.toBe('IDLE');
    expect(news.actions.map(({ kind }) => kind)).toEqual(['createGenerations']);
  });

  test('druid 6.59 testIdleOnStartUpAndTurnsToRunningAfterLagUpdates: quiet at the start is IDLE at once', () => {
    const first = look(
      someKnown({ settings: null, timeline: null }),
      { groups: [someGroup()] },
      initialHealth,
    );
    expect(first).toMatchObject({ actions: [], health: { detailed: 'IDLE' } });
    const later = look(
      first.known,
      { atMs: now + 100, lag: 5, latestTotal: '105', groups: [someGroup()] },
      first.health,
    );
    expect(later.actions.map(({ kind }) => kind)).toEqual(['createGenerations']);
    const run = evolve(
      {
        ...someState({ known: later.known }),
        health: later.health,
        observation: someSeen({ settings, lag: 5 }),
      },
      { kind: 'runFinished', errors: [], actions: 1, atMs: now + 100 },
    );
    expect(run.health.detailed).toBe('RUNNING');
  });
});

test('with lag, with partitions not seeded, or with an unknown lag nobody becomes idle', () => {
  const idle = { latestTotal: '100', activeAtMs: 0, isIdle: false };
  const known = someKnown({ settings, idle });
  expect(look(known, at(0, { lag: 1 })).known.idle?.isIdle).toBe(false);
  expect(look(known, at(0, { unseeded: 1 })).known.idle?.isIdle).toBe(false);
  expect(look(known, at(0, { lag: null })).known.idle).toEqual(idle);
  const { latestTotal: _, ...noTotal } = someSeen({ settings, ...at(0) });
  expect(takeLook(known, { ...initialHealth, ...healthy }, noTotal as Seen).known.idle).toEqual(idle);
  expect(look(known, at(0)).known.idle?.isIdle).toBe(true);
});

test('a suspended supervisor, and one without idleConfig, is never idle', () => {
  const known = someKnown({ settings, idle: { latestTotal: '100', activeAtMs: 0, isIdle: true } });
  expect(look(known, at(0, { desired: 'suspended' })).known.idle).toBeNull();
  expect(look(known, at(0, { settings: someSettings() })).known.idle).toBeNull();
});

test('idle survives continue-as-new, and what watch learned reaches the workflow', () => {
  const idle = { latestTotal: '100', activeAtMs: now - 5_000, isIdle: false };
  const state = someState({ known: { settings, idle } });
  expect(fromCarryOver(toCarryOver(state)).known.idle).toEqual(idle);
  const observation = someSeen({ settings, latestTotal: '100', ...at(0) });
  const { known, health } = takeLook(state.known, { ...initialHealth, ...healthy }, observation);
  const { commitSeq, timeline, notBeforeMs } = known;
  const learned = { commitSeq, timeline, notBeforeMs, settings: known.settings, idle: known.idle };
  const evolved = evolve(state, { kind: 'looked', observation, health, learned });
  expect(evolved.known.idle).toEqual(known.idle);
  expect(plan(evolved.known, someSeen({ settings, groups: [someGroup()] }), now)).toEqual([]);
});
