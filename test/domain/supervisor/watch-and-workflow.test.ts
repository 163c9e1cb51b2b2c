/**
 * `watch` folds many looks and hands over the last; the workflow must then plan what `watch` would have planned. What only
 * an earlier look has shown (the start of the delay, a fall of the commit sequence) may not get lost on the way.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandItem, enqueue, ownNotice } from '../../../domain/supervisor/commands.ts';
import { evolve } from '../../../domain/supervisor/evolve.ts';
import type { Health } from '../../../domain/supervisor/health.ts';
import { takeLook } from '../../../domain/supervisor/look.ts';
import type { Seen } from '../../../domain/supervisor/observation.ts';
import { plan } from '../../../domain/supervisor/plan.ts';
import type { Known, SupervisorState } from '../../../domain/supervisor/state.ts';
import { healthy, now, someGeneration, someGroup, someKnown, someSeen, someState } from './builders.ts';

const reading = [someGroup({ live: [someGeneration()] })];

/** As activities/supervisor/watch.ts does it: until there is news, or the looks are used up. */
function watched(state: SupervisorState, looks: readonly Seen[]) {
  let known: Known = state.known;
  let health: Health = state.health;
  for (const observation of looks) {
    const look = takeLook(known, health, observation);
    ({ known, health } = look);
    if (look.isNews || observation === looks.at(-1)) {
      const { commitSeq, timeline, settings, notBeforeMs } = known;
      return {
        observation,
        health,
        actions: look.actions,
        learned: { commitSeq, timeline, settings, notBeforeMs },
      };
    }
  }
  throw new Error('a watch takes one look at least');
}

function plannedByWorkflow(state: SupervisorState, result: ReturnType<typeof watched>) {
  const { observation, health, learned } = result;
  const next = evolve(state, { kind: 'looked', observation, health, learned });
  return plan(next.known, observation, observation.atMs);
}

describe('what watch saw and the workflow did not', () => {
  test('a commit sequence that rose and fell inside one watch halts the supervisor', () => {
    const known = someKnown({ commitSeq: '9', children: [{ groupId: 0, generation: 1 }], everSeeded: true });
    const state = someState({ known, health: healthy });
    const looks = ['9', '10', '9'].map((commitSeq, index) =>
      someSeen({ commitSeq, atMs: now + index * 30_000, groups: reading }),
    );
    const result = watched(state, looks);
    expect(result.actions).toMatchObject([{ kind: 'halt' }]);
    expect(plannedByWorkflow(state, result)).toEqual(result.actions);
  });

  test('the start delay is served once', () => {
    const state = someState({ known: someKnown({ settings: null, timeline: null }), health: healthy });
    const settings = { ...someSeen().settings!, startDelayMs: 5_000 };
    const looks = [now, now + 6_000].map((atMs) => someSeen({ atMs, settings, unseeded: 3, groups: [] }));
    const result = watched(state, looks);
    expect(result.actions).toMatchObject([{ kind: 'seedPartitions' }]);
    expect(plannedByWorkflow(state, result)).toEqual(result.actions);
  });

  test('any looks: the workflow plans what watch planned', () => {
    const look = fc.record({
      commitSeq: fc.integer({ min: 7, max: 12 }).map(String),
      unseeded: fc.integer({ min: 0, max: 1 }),
      gapMs: fc.integer({ min: 100, max: 40_000 }),
      startDelayMs: fc.constantFrom(0, 5_000),
    });
    fc.assert(
      // A generation that is gone does not come back, so `live` is the same in all looks of a watch.
      fc.property(
        fc.array(look, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.boolean(),
        (shapes, isFirst, live) => {
          const known = isFirst
            ? someKnown({ settings: null, timeline: null })
            : someKnown({ commitSeq: '9', children: [{ groupId: 0, generation: 1 }], everSeeded: true });
          let atMs = now;
          const looks = shapes.map(({ commitSeq, unseeded, gapMs, startDelayMs }) =>
            someSeen({
              commitSeq,
              unseeded,
              atMs: (atMs += gapMs),
              groups: live ? reading : [],
              settings: { ...someSeen().settings!, startDelayMs },
            }),
          );
          const state = someState({ known, health: healthy });
          const result = watched(state, looks);
          expect(plannedByWorkflow(state, result)).toEqual(result.actions);
        },
      ),
      { seed: 20_261_121, numRuns: 2_000 },
    );
  });
});

test('a notice of the workflow to itself ends no pause; one of somebody else does', () => {
  const paused = someState({ known: someKnown({ failures: 4, notBeforeMs: now + 60_000 }) });
  const take = (by: string) => {
    const waiting = enqueue(paused, commandItem('runNotice', { by }, `notice by ${by}`));
    return evolve(waiting, { kind: 'inboxTaken', items: waiting.inbox }).known;
  };
  expect(take(ownNotice)).toMatchObject({ failures: 4, notBeforeMs: now + 60_000 });
  expect(take('operator')).toMatchObject({ failures: 0, notBeforeMs: 0 });
});
