/** When `watch` comes back, and what a look does to health. */
import { describe, expect, test } from 'vitest';
import { initialHealth } from '../../../domain/supervisor/health.ts';
import type { Health } from '../../../domain/supervisor/health.ts';
import { takeLook } from '../../../domain/supervisor/look.ts';
import type { Observation } from '../../../domain/supervisor/observation.ts';
import { healthy, now, someGeneration, someGroup, someKnown, someSeen } from './builders.ts';

const steadySeen = (atMs = now) => someSeen({ atMs, groups: [someGroup({ live: [someGeneration()] })] });
const known = someKnown({ children: [{ groupId: 0, generation: 1 }], everSeeded: true });
const down = (atMs: number): Observation => ({
  ...steadySeen(atMs),
  stream: { kind: 'failed', error: { code: 'STREAM_UNREACHABLE', message: 'down', streamException: true } },
});
const period = 30_000;

describe('takeLook', () => {
  test('a steady supervisor is no news, look after look', () => {
    let health: Health = healthy;
    for (let look = 0; look < 100; look++) {
      const taken = takeLook(known, health, steadySeen(now + look * period));
      expect(taken.isNews).toBe(false);
      health = taken.health;
    }
    expect(health.detailed).toBe('RUNNING');
  });

  test('something to do is news', () => {
    const taken = takeLook(known, healthy, someSeen({ groups: [someGroup({ newestGeneration: 1 })] }));
    expect(taken).toMatchObject({ isNews: true, actions: [{ kind: 'createGenerations' }] });
  });

  test('a lost stream is news at the threshold only, and again when it heals', () => {
    let health: Health = healthy;
    const news: string[] = [];
    for (let look = 1; look <= 12; look++) {
      const atMs = now + look * period;
      const taken = takeLook(known, health, look <= 5 ? down(atMs) : steadySeen(atMs));
      health = taken.health;
      if (taken.isNews) news.push(`${look} ${health.detailed}`);
    }
    expect(news).toEqual(['3 LOST_CONTACT_WITH_STREAM', '8 RUNNING']);
  });

  test('looks woken by notices do not count as runs: thresholds count in periods', () => {
    let health: Health = { ...healthy, ranAtMs: now };
    for (let look = 1; look <= 50; look++) health = takeLook(known, health, down(now + look * 100)).health;
    expect(health).toMatchObject({ failedRuns: 0, detailed: 'RUNNING' });
  });

  test('a trouble is unhealthy at once, and over when it is over', () => {
    const trouble = { code: 'X', groupId: 0, message: 'gone', remedy: 'reset', streamException: true };
    const troubled = takeLook(known, healthy, { ...steadySeen(), troubles: [trouble] });
    expect(troubled).toMatchObject({ isNews: true, health: { detailed: 'UNHEALTHY_SUPERVISOR' } });
    expect(takeLook(known, troubled.health, steadySeen(now + period)).health.detailed).toBe('RUNNING');
  });

  test('before startDelay nothing has begun', () => {
    const fresh = someKnown({ settings: null, timeline: null });
    const seen = { ...someSeen({ groups: [] }), settings: { ...someSeen().settings!, startDelayMs: 5_000 } };
    const first = takeLook(fresh, initialHealth, seen);
    expect(first).toMatchObject({
      actions: [],
      health: { detailed: 'PENDING' },
      known: { notBeforeMs: now + 5_000 },
    });
  });

  test('an unreachable stream from the start', () => {
    let health: Health = initialHealth;
    const states = [1, 2, 3].map((look) => {
      health = takeLook(someKnown(), health, {
        ...down(now + look * period),
        groups: [],
      } as Observation).health;
      return health.detailed;
    });
    expect(states).toEqual(['CONNECTING_TO_STREAM', 'CONNECTING_TO_STREAM', 'UNABLE_TO_CONNECT_TO_STREAM']);
  });

  test('while failed actions pause, good looks do not make them good', () => {
    const failing = someKnown({ ...known, failures: 2, notBeforeMs: now + 60_000 });
    const health = { ...healthy, failedRuns: 2, successRuns: 0 };
    expect(takeLook(failing, health, steadySeen()).health).toBe(health);
  });

  test('terminated is STOPPING; posted again it begins anew', () => {
    const stopping = takeLook(
      known,
      healthy,
      someSeen({ desired: 'terminated', settings: null, groups: [] }),
    );
    expect(stopping).toMatchObject({ health: { detailed: 'STOPPING' }, actions: [{ kind: 'complete' }] });
    const again = takeLook(stopping.known, stopping.health, someSeen({ version: 3 }));
    expect(again.health.detailed).toBe('CREATING_TASKS');
  });

  test('suspending shows at once although the period is not over', () => {
    const taken = takeLook(
      known,
      { ...healthy, ranAtMs: now },
      someSeen({ desired: 'suspended', version: 2, groups: [] }),
    );
    expect(taken).toMatchObject({ isNews: true, health: { detailed: 'SUSPENDED' } });
  });
});
