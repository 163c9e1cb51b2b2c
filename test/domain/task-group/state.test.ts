/** What a task group does next, as a table, and over generated events. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replacementDelayMs } from '../../../domain/task-group/back-off.ts';
import { apply, checkpointReasons, initialGroup, next } from '../../../domain/task-group/state.ts';
import type {
  CheckpointReason,
  GroupEvent,
  GroupState,
  GroupStep,
} from '../../../domain/task-group/state.ts';

const settings = { taskDurationMs: 10_000, completionTimeoutMs: 60_000 };
const fresh = initialGroup(settings, { startedAtMs: null, endedOrdinal: -1, readEndedAtMs: null });
const after = (...events: GroupEvent[]) => events.reduce(apply, fresh);

const started: GroupEvent = { kind: 'replicaStarted', atMs: 1_000 };
const wants = (ordinal: number, reason: CheckpointReason = 'rows'): GroupEvent => ({
  kind: 'checkpointRequested',
  ordinal,
  reason,
});
const ended = (ordinal: number, final: boolean, atMs = 11_000): GroupEvent => ({
  kind: 'sequenceEnded',
  ordinal,
  final,
  atMs,
});
const finish: GroupEvent = { kind: 'finishRequested', why: 'suspended' };
const expired = (atMs: number): GroupEvent => ({ kind: 'completionExpired', atMs });

type Row = readonly [what: string, events: readonly GroupEvent[], nowMs: number, step: GroupStep];

const rows: readonly Row[] = [
  ['nothing started: wait without end', [], 0, { kind: 'wait', untilMs: null }],
  ['started: until taskDuration', [started], 1_000, { kind: 'wait', untilMs: 11_000 }],
  [
    'the second replica does not start it again',
    [started, { kind: 'replicaStarted', atMs: 9_000 }],
    9_000,
    { kind: 'wait', untilMs: 11_000 },
  ],
  [
    'taskDuration is over',
    [started],
    11_000,
    { kind: 'checkpoint', final: true, why: 'taskDuration of 10 s is over' },
  ],
  [
    'a limit is reached',
    [started, wants(0)],
    2_000,
    { kind: 'checkpoint', final: false, why: checkpointReasons.rows },
  ],
  [
    'a repeated request is one',
    [started, wants(0), wants(0), ended(0, false), wants(0)],
    2_000,
    { kind: 'wait', untilMs: 11_000 },
  ],
  [
    'the next sequence may ask again',
    [started, wants(0), ended(0, false), wants(1)],
    2_000,
    { kind: 'checkpoint', final: false, why: checkpointReasons.rows },
  ],
  [
    'told to finish, before anything started',
    [finish],
    0,
    { kind: 'checkpoint', final: true, why: 'suspended' },
  ],
  [
    'to finish goes before a limit',
    [started, wants(0), finish],
    2_000,
    { kind: 'checkpoint', final: true, why: 'suspended' },
  ],
  [
    'an operator may ask for it as well',
    [started, wants(0, 'operator'), wants(0)],
    2_000,
    { kind: 'checkpoint', final: false, why: checkpointReasons.operator },
  ],
  [
    'the bound is reached: nothing follows, also when a checkpoint was asked for before',
    [started, wants(0), wants(0, 'bound')],
    2_000,
    { kind: 'checkpoint', final: true, why: checkpointReasons.bound },
  ],
  [
    'the bound of a sequence that has ended is late; it is asked for again',
    [started, wants(0), ended(0, false), wants(0, 'bound')],
    2_000,
    { kind: 'wait', untilMs: 11_000 },
  ],
  [
    'read: completionTimeout from the end of reading',
    [started, ended(0, true)],
    11_000,
    { kind: 'wait', untilMs: 71_000 },
  ],
  [
    'or from the end of its predecessor',
    [started, ended(0, true), { kind: 'predecessorSettled', atMs: 50_000 }],
    71_000,
    { kind: 'wait', untilMs: 110_000 },
  ],
  ['over: ask Postgres first', [started, ended(0, true)], 71_000, { kind: 'askStanding' }],
  [
    'once over: a new attempt has the same time again',
    [started, ended(0, true), expired(71_000)],
    71_000,
    { kind: 'wait', untilMs: 131_000 },
  ],
  [
    'twice over: discard',
    [started, ended(0, true), expired(71_000), expired(131_000)],
    131_000,
    { kind: 'discard', why: 'completionTimeout of 60 s passed twice without a publish' },
  ],
  [
    'hopeless: discard at once',
    [started, { kind: 'publishHopeless', why: 'stale' }],
    2_000,
    { kind: 'discard', why: 'stale' },
  ],
  [
    'settled: end, whatever else',
    [
      started,
      ended(0, true),
      expired(1),
      expired(2),
      { kind: 'settled', outcome: { kind: 'published', why: 'p' } },
    ],
    200_000,
    { kind: 'end', outcome: { kind: 'published', why: 'p' } },
  ],
  [
    'the first outcome counts',
    [
      { kind: 'settled', outcome: { kind: 'published', why: 'p' } },
      { kind: 'settled', outcome: { kind: 'discarded', why: 'd' } },
    ],
    0,
    { kind: 'end', outcome: { kind: 'published', why: 'p' } },
  ],
  [
    'requests after the end of reading change nothing',
    [started, ended(0, true), wants(1), finish],
    11_000,
    { kind: 'wait', untilMs: 71_000 },
  ],
];

describe('next', () => {
  test.each(rows)('%s', (_what, events, nowMs, step) => {
    expect(next(after(...events), nowMs)).toEqual(step);
  });
});

describe('a group that does not stop by itself (stopTaskCount)', () => {
  const patient = initialGroup(
    { ...settings, stopsItself: false },
    { startedAtMs: 1_000, endedOrdinal: -1, readEndedAtMs: null },
  );

  test('reads on when taskDuration is over', () => {
    expect(next(patient, 1_000_000)).toEqual({ kind: 'wait', untilMs: null });
  });

  test('stops when it is told to, publishes and is bounded by completionTimeout as others', () => {
    const told = apply(patient, finish);
    expect(next(told, 1_000_000)).toEqual({ kind: 'checkpoint', final: true, why: 'suspended' });
    expect(next(apply(told, ended(0, true)), 11_000)).toEqual({ kind: 'wait', untilMs: 71_000 });
  });
});

test('the replacement of a failed task waits 1 s, doubling to a minute', () => {
  expect([0, 1, 2, 3, 6, 7, 50].map(replacementDelayMs)).toEqual([
    1_000, 1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
  ]);
});

test('over any events: no wait in the past, no step backwards from publishing, ends stay ended', () => {
  const event: fc.Arbitrary<GroupEvent> = fc.oneof(
    fc.nat(100_000).map((atMs) => ({ kind: 'replicaStarted' as const, atMs })),
    fc.nat(5).map((ordinal) => wants(ordinal)),
    fc.nat(5).map((ordinal) => wants(ordinal, 'bound')),
    fc.constant(finish),
    fc
      .tuple(fc.nat(5), fc.boolean(), fc.nat(100_000))
      .map(([ordinal, final, atMs]) => ended(ordinal, final, atMs)),
    fc.nat(100_000).map((atMs) => ({ kind: 'predecessorSettled' as const, atMs })),
    fc.nat(100_000).map(expired),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.nat(300_000), (events, nowMs) => {
      let state: GroupState = fresh;
      for (const happened of events) {
        const before = state;
        state = apply(state, happened);
        expect(state.endedOrdinal).toBeGreaterThanOrEqual(before.endedOrdinal);
        if (before.readEndedAtMs !== null) expect(state.readEndedAtMs).toBe(before.readEndedAtMs);
        const step = next(state, nowMs);
        if (step.kind === 'wait' && step.untilMs !== null) expect(step.untilMs).toBeGreaterThan(nowMs);
        if (state.readEndedAtMs !== null) expect(step.kind).not.toBe('checkpoint');
      }
    }),
    { seed: 5, numRuns: 500 },
  );
});
