/** The decision table of a supervisor, row by row. */
import { describe, expect, test } from 'vitest';
import { plan, reasonToFinish } from '../../../domain/supervisor/plan.ts';
import type { Action } from '../../../domain/supervisor/plan.ts';
import type { Observation, Trouble } from '../../../domain/supervisor/observation.ts';
import type { Known } from '../../../domain/supervisor/state.ts';
import { now, someGeneration, someGroup, someKnown, someSeen, someSettings } from './builders.ts';

const reading = someGroup({ live: [someGeneration()] });
const publishing = someGroup({ live: [someGeneration({ phase: 'publishing' })] });
const both = someGroup({
  live: [someGeneration({ phase: 'publishing' }), someGeneration({ generation: 2 })],
});
const full = someGroup({
  live: [1, 2, 3].map((generation) => someGeneration({ generation, phase: 'publishing' })),
});
const knows = (...generations: number[]): Partial<Known> => ({
  children: generations.map((generation) => ({ groupId: 0, generation })),
});
const trouble = (groupId: number | null): Trouble => ({
  code: 'STREAM_OFFSET_OUT_OF_RANGE',
  groupId,
  message: 'gone',
  remedy: 'reset',
  streamException: true,
});
const create = (groupId: number, expectedGeneration: number): Action => ({
  kind: 'createGenerations',
  groups: [{ groupId, expectedGeneration }],
});
const handOff = (why: string, generation = 1): Action => ({ kind: 'handOff', groupId: 0, generation, why });
const ensure = (generation: number): Action => ({ kind: 'ensureChild', groupId: 0, generation });
const streamDown = {
  kind: 'failed',
  error: { code: 'STREAM_UNREACHABLE', message: 'down', streamException: true },
} as const;

type Row = readonly [
  what: string,
  known: Partial<Known>,
  seen: Parameters<typeof someSeen>[0],
  actions: readonly Action[],
];

const rows: readonly Row[] = [
  [
    'nothing seeded yet: seed',
    {},
    { groups: [], unseeded: 2, firstDiscovery: true },
    [{ kind: 'seedPartitions' }],
  ],
  ['seeded, nothing live: the first generation', {}, {}, [create(0, 0)]],
  ['after others: the next number', {}, { groups: [someGroup({ newestGeneration: 7 })] }, [create(0, 7)]],
  [
    'two groups are created by one action',
    {},
    { groups: [someGroup(), someGroup({ groupId: 1, newestGeneration: 3 })] },
    [
      {
        kind: 'createGenerations',
        groups: [
          { groupId: 0, expectedGeneration: 0 },
          { groupId: 1, expectedGeneration: 3 },
        ],
      },
    ],
  ],
  ['reading and known: nothing', knows(1), { groups: [reading] }, []],
  ['a new run does not know its children: start them by id', {}, { groups: [reading] }, [ensure(1)]],
  ['reading is finished: the next generation at once', knows(1), { groups: [publishing] }, [create(0, 1)]],
  ['one publishes, one reads: nothing', knows(1, 2), { groups: [both] }, []],
  ['three unpublished: wait', knows(1, 2, 3), { groups: [full] }, []],
  [
    'partitions held by another group that reads: wait',
    {},
    { groups: [someGroup({ heldByReading: true })] },
    [],
  ],
  ['a group without partitions gets no generation', {}, { groups: [someGroup({ partitions: 0 })] }, []],
  ['refused a moment ago: wait', { blocked: [{ groupId: 0, why: 'x', untilMs: now + 1 }] }, {}, []],
  ['the refusal is over', { blocked: [{ groupId: 0, why: 'x', untilMs: now }] }, {}, [create(0, 0)]],
  ['failed actions pause everything', { notBeforeMs: now + 1, failures: 1 }, {}, []],
  ['stream down: nothing is created', knows(1), { groups: [publishing], stream: streamDown }, []],
  [
    'stream down: children are started all the same',
    {},
    { groups: [publishing], stream: streamDown },
    [ensure(1)],
  ],
  ['trouble of the group: nothing is created', {}, { troubles: [trouble(0)] }, []],
  ['trouble of another group', {}, { troubles: [trouble(1)] }, [create(0, 0)]],
  ['trouble of all: nothing', {}, { troubles: [trouble(null)], unseeded: 3 }, []],
  [
    'suspended: reading groups are handed off, none created',
    knows(1),
    { desired: 'suspended', groups: [reading] },
    [handOff('the supervisor is suspended')],
  ],
  ['suspended: publishing groups are followed', knows(1), { desired: 'suspended', groups: [publishing] }, []],
  ['suspended: nothing is seeded', {}, { desired: 'suspended', groups: [], unseeded: 2 }, []],
  [
    'terminated: reading groups are handed off',
    knows(1),
    { desired: 'terminated', settings: null, groups: [reading] },
    [handOff('the supervisor is being terminated')],
  ],
  [
    'terminated, something publishes: wait',
    knows(1),
    { desired: 'terminated', settings: null, groups: [publishing] },
    [],
  ],
  [
    'terminated, nothing lives: complete',
    {},
    { desired: 'terminated', settings: null, groups: [] },
    [{ kind: 'complete' }],
  ],
  [
    'a new spec version hands off what reads under the old one',
    knows(1),
    { version: 2, settings: someSettings({ specVersion: 2 }), groups: [reading] },
    [handOff('spec version 2 replaces 1')],
  ],
  [
    'added partitions hand their group off',
    knows(1),
    { groups: [someGroup({ live: [someGeneration({ matchesWanted: false })] })] },
    [handOff('partitions were added to this group or moved to another')],
  ],
  [
    'asked a moment ago: not again',
    { ...knows(1), handOffs: [{ groupId: 0, generation: 1, atMs: now - 59_999, times: 1 }] },
    { desired: 'suspended', groups: [reading] },
    [],
  ],
  [
    'asked a minute ago: again',
    { ...knows(1), handOffs: [{ groupId: 0, generation: 1, atMs: now - 60_000, times: 1 }] },
    { desired: 'suspended', groups: [reading] },
    [handOff('the supervisor is suspended')],
  ],
  [
    'asked twice: the pause doubles',
    { ...knows(1), handOffs: [{ groupId: 0, generation: 1, atMs: now - 119_999, times: 2 }] },
    { desired: 'suspended', groups: [reading] },
    [],
  ],
  [
    'an operator hands off what reads now',
    { ...knows(1), handOffWanted: [{ groupId: 0, generation: 1, why: 'handed off by ops' }] },
    { groups: [reading] },
    [handOff('handed off by ops')],
  ],
  [
    'but not the generation after it',
    { ...knows(1, 2), handOffWanted: [{ groupId: 0, generation: 1, why: 'handed off by ops' }] },
    { groups: [both] },
    [],
  ],
  [
    'a child is started before it is told to finish',
    {},
    { desired: 'suspended', groups: [reading] },
    [ensure(1), handOff('the supervisor is suspended')],
  ],
  [
    'Postgres went back in time: halt',
    { commitSeq: '7' },
    { commitSeq: '6' },
    [{ kind: 'halt', why: 'Postgres went back in time: commit 7 was seen before, now the newest is 6' }],
  ],
  [
    'another timeline was accepted by the operator',
    { commitSeq: '7', timeline: 'before' },
    { commitSeq: '6' },
    [create(0, 0)],
  ],
  [
    'halted: what lives is discarded',
    knows(1),
    { halted: 'I17', groups: [reading] },
    [{ kind: 'halt', why: 'I17' }],
  ],
  ['halted, nothing lives: nothing is created', {}, { halted: 'I17' }, []],
  [
    'halted can be terminated',
    {},
    { halted: 'I17', desired: 'terminated', settings: null, groups: [] },
    [{ kind: 'complete' }],
  ],
];

describe('plan', () => {
  test.each(rows)('%s', (_what, known, seen, actions) => {
    expect(plan(someKnown(known), someSeen(seen), now)).toEqual(actions);
  });

  test('blind: nothing may be done', () => {
    const blind: Observation = {
      kind: 'blind',
      atMs: now,
      error: { code: 'METADATA_UNAVAILABLE', message: 'down', streamException: false },
    };
    expect(plan(someKnown(), blind, now)).toEqual([]);
  });

  test('a group finishes for the first of its reasons', () => {
    const seen = someSeen({ desired: 'suspended', version: 2, groups: [reading] });
    expect(reasonToFinish(someKnown(), seen, reading, someGeneration())).toBe('the supervisor is suspended');
  });
});
