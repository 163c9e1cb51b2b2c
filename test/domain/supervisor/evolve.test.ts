/** What happened, folded: single rules, then generated histories under the invariants. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandItem, enqueue } from '../../../domain/supervisor/commands.ts';
import type { SupervisorEvent } from '../../../domain/supervisor/events.ts';
import { evolve, learned, needsLook } from '../../../domain/supervisor/evolve.ts';
import { assertInvariants, assertPlan } from '../../../domain/supervisor/invariants.ts';
import { takeLook } from '../../../domain/supervisor/look.ts';
import { plan } from '../../../domain/supervisor/plan.ts';
import type { InboxItem, SupervisorState } from '../../../domain/supervisor/state.ts';
import {
  carryOverLimitBytes,
  fromCarryOver,
  jsonBytes,
  toCarryOver,
} from '../../../domain/supervisor/carry-over.ts';
import { healthy, now, someGeneration, someGroup, someSeen, someState } from './builders.ts';

const error = { code: 'METADATA_UNAVAILABLE', message: 'down', streamException: false };
const report = (
  kind: 'readingFinished' | 'done' | 'discarded' | 'taskFailed',
  counted = true,
): InboxItem => ({
  kind: 'report',
  groupId: 0,
  generation: 1,
  report: kind,
  detail: '',
  counted,
  atMs: now,
});
const take = (state: SupervisorState, ...items: InboxItem[]) =>
  evolve(items.reduce(enqueue, state), { kind: 'inboxTaken', items });

describe('evolve', () => {
  test('failed actions back off, doubling to a minute, and an order ends the pause', () => {
    let state = someState();
    const pauses = Array.from({ length: 8 }, (_, index) => {
      const atMs = now + index * 100_000;
      state = evolve(state, { kind: 'runFinished', errors: [error], actions: 1, atMs });
      return state.known.notBeforeMs - atMs;
    });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    const woken = take(state, commandItem('runNotice', undefined, 'x'));
    expect(woken.known).toMatchObject({ failures: 0, notBeforeMs: 0 });
  });

  test('runs cannot chase each other: twenty within ten seconds are followed by a pause', () => {
    let state = someState();
    for (let run = 0; run < 20; run++) {
      expect(state.known.notBeforeMs).toBe(0);
      state = evolve(state, { kind: 'runFinished', errors: [], actions: 1, atMs: now + run * 100 });
    }
    expect(state.known.notBeforeMs).toBe(now + 1_900 + 5_000);
  });

  test('three counted task failures make it UNHEALTHY_TASKS at the next look', () => {
    const state = take({ ...someState(), health: healthy }, ...[1, 2, 3].map(() => report('taskFailed')));
    expect(state.health.failedTasks).toBe(3);
    const seen = someSeen({ groups: [] });
    expect(takeLook(state.known, state.health, seen).health.detailed).toBe('UNHEALTHY_TASKS');
  });

  test('failures that do not count (a reset fenced the task) do not', () => {
    const state = take(
      { ...someState(), health: healthy },
      ...[1, 2, 3].map(() => report('taskFailed', false)),
    );
    expect(state.health.failedTasks).toBe(0);
    expect(state.counters.tasksFailed).toBe(3);
  });

  test('reports counted during a look survive its answer', () => {
    const state = take({ ...someState(), health: healthy }, report('taskFailed'));
    const looked = evolve(state, { kind: 'looked', observation: someSeen(), health: healthy });
    expect(looked.health.failedTasks).toBe(1);
  });

  test('what concerns generations that are gone is forgotten', () => {
    const ref = { groupId: 0, generation: 1 };
    const state = someState({
      known: {
        children: [ref],
        handOffs: [{ ...ref, atMs: 0, times: 1 }],
        handOffWanted: [{ ...ref, why: '' }],
      },
    });
    const { known } = evolve(state, { kind: 'looked', observation: someSeen(), health: healthy });
    expect(known).toMatchObject({ children: [], handOffs: [], handOffWanted: [] });
  });

  test('a fall of commit_seq is remembered, not learned', () => {
    const state = someState({ known: { commitSeq: '7' } });
    const { known } = evolve(state, {
      kind: 'looked',
      observation: someSeen({ commitSeq: '3' }),
      health: healthy,
    });
    expect(known.commitSeq).toBe('7');
    const other = evolve(state, {
      kind: 'looked',
      observation: someSeen({ commitSeq: '3', timeline: 'u' }),
      health: healthy,
    });
    expect(other.known).toMatchObject({ commitSeq: '3', timeline: 'u' });
  });

  test('troubles outlive the run that acted beside them', () => {
    const trouble = { code: 'X', groupId: 0, message: 'gone', remedy: '', streamException: true };
    const looked = evolve(someState(), {
      kind: 'looked',
      observation: someSeen({ troubles: [trouble] }),
      health: healthy,
    });
    const finished = evolve(looked, { kind: 'runFinished', errors: [], actions: 1, atMs: now });
    expect(finished.health).toMatchObject({ detailed: 'UNHEALTHY_SUPERVISOR', failedRuns: 1 });
  });

  test('a hand-off is for the generation that reads at the next look, and over when that one has finished', () => {
    const seenWith = (...live: ReturnType<typeof someGeneration>[]) =>
      someSeen({ groups: [someGroup({ live })] });
    const ordered = take(
      someState(),
      commandItem('handoffTaskGroups', { taskGroupIds: [0, 0, 5], by: 'ops' }, 'x'),
    );
    const four = learned(ordered.known, seenWith(someGeneration({ generation: 4 })));
    expect(four.handOffWanted).toEqual([{ groupId: 0, generation: 4, why: 'handed off by ops' }]);
    const next = [someGeneration({ generation: 4, phase: 'publishing' }), someGeneration({ generation: 5 })];
    expect(learned(four, seenWith(...next)).handOffWanted).toEqual([]);
  });

  test('the page is ahead of the next look: created, reading finished, published', () => {
    const looked = evolve(someState(), { kind: 'looked', observation: someSeen(), health: healthy });
    const lives = (state: SupervisorState) =>
      state.observation?.kind === 'seen' &&
      state.observation.groups[0]!.live.map((live) => `${live.generation} ${live.phase}`).join();
    const created = evolve(looked, { kind: 'generationCreated', groupId: 0, generation: 1 });
    expect(lives(created)).toBe('1 reading');
    const finished = take(created, report('readingFinished'));
    expect(lives(finished)).toBe('1 publishing');
    expect(lives(take(finished, report('done')))).toBe('');
  });

  test('the last 200 command ids are kept', () => {
    let state = someState();
    for (let index = 0; index < 250; index++)
      state = take(state, commandItem('suspend', undefined, `c${index}`));
    expect(state.processed).toHaveLength(200);
    expect(state.processed.at(-1)).toBe('c249');
  });

  test('a publish report lets the running look be; the others ask for a new one', () => {
    const state = someState({ status: { ...someState().status, healthy: true } });
    expect(
      [report('done'), report('readingFinished'), report('taskFailed')].map((item) => needsLook(state, item)),
    ).toEqual([false, true, true]);
  });
});

describe('generated histories', () => {
  const ref = fc.record({ groupId: fc.nat(3), generation: fc.integer({ min: 1, max: 4 }) });
  const group = fc
    .record({
      groupId: fc.nat(3),
      live: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      reads: fc.boolean(),
      partitions: fc.nat(2),
    })
    .map(({ groupId, live, reads, partitions }) =>
      someGroup({
        groupId,
        partitions,
        live: live.sort().map((generation, index) =>
          someGeneration({
            generation,
            phase: reads && index === live.length - 1 ? 'reading' : 'publishing',
          }),
        ),
      }),
    );
  const observation = fc
    .record({
      groups: fc.uniqueArray(group, { maxLength: 3, selector: (entry) => entry.groupId }),
      desired: fc.constantFrom('running' as const, 'suspended' as const, 'terminated' as const),
      version: fc.integer({ min: 1, max: 3 }),
      unseeded: fc.nat(1),
      halted: fc.option(fc.constant('I17'), { freq: 20 }),
      later: fc.nat(100_000),
    })
    .map(({ later, ...changes }) => someSeen({ ...changes, atMs: now + later }));
  const event: fc.Arbitrary<SupervisorEvent | InboxItem> = fc.oneof(
    observation.map((seen) => ({ kind: 'looked' as const, observation: seen, health: healthy })),
    ref.map((of) => ({ kind: 'generationCreated' as const, ...of })),
    ref.map((of) => ({ kind: 'generationRefused' as const, groupId: of.groupId, why: 'x', atMs: now })),
    ref.map((of) => ({ kind: 'childEnsured' as const, ...of })),
    ref.map((of) => ({ kind: 'childGone' as const, ...of })),
    ref.map((of) => ({ kind: 'handOffAsked' as const, ...of, atMs: now })),
    fc.boolean().map((fails) => ({
      kind: 'runFinished' as const,
      errors: fails ? [error] : [],
      actions: 1,
      atMs: now,
    })),
    fc.nat(30).map((id) => commandItem('suspend', undefined, `c${id}`)),
    ref.map((of) => commandItem('handoffTaskGroups', { taskGroupIds: [of.groupId] }, `h${of.groupId}`)),
    fc.constantFrom(report('done'), report('taskFailed')),
  );

  test('invariants hold, plans are lawful, the carry-over is small and comes back equal', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (happened) => {
        let state: SupervisorState = someState();
        for (const next of happened) {
          if (next.kind === 'command' || next.kind === 'report') state = enqueue(state, next);
          else state = evolve(state, next);
          if (state.inbox.length > 5) state = evolve(state, { kind: 'inboxTaken', items: state.inbox });
          assertInvariants(state);
          const seen = state.observation;
          if (next.kind === 'looked' && seen) assertPlan(state, plan(state.known, seen, seen.atMs));
        }
        const carried = toCarryOver(state);
        expect(jsonBytes(carried)).toBeLessThan(carryOverLimitBytes);
        const back = fromCarryOver(JSON.parse(JSON.stringify(carried)) as typeof carried);
        expect(back.inbox).toEqual(state.inbox);
        expect(back.processed).toEqual(state.processed);
        expect(back.known).toEqual({ ...state.known, children: [] });
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  test('the same look twice gives the same plan, in the same order', () => {
    fc.assert(
      fc.property(observation, (seen) => {
        const { known } = someState();
        expect(plan(known, seen, seen.atMs)).toEqual(
          plan(structuredClone(known), structuredClone(seen), seen.atMs),
        );
      }),
      { seed: 12 },
    );
  });
});
