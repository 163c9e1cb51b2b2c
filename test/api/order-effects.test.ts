/** When an order's effect is there, and what is said to be missing until then. */
import { describe, expect, it } from 'vitest';
import {
  checkpointed,
  ended,
  handedOff,
  readAgain,
  resumed,
  scaled,
  suspended,
  takenOn,
} from '../../api/order-effects.ts';
import type { Scene } from '../../api/order-effects.ts';
import type { GenerationRow } from '../../api/store.ts';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';
import { aRow, aStatus } from './fakes.ts';
import { aGeneration, aPartition } from './supervisor-rows.ts';

function group(
  groupId: number,
  generation: number,
  partitions: string[],
  more: Partial<GenerationRow> = {},
): GenerationRow {
  return aGeneration({ key: { supervisorId: 'clicks', groupId, generation }, partitions, ...more });
}

function scene(generations: readonly GenerationRow[], more: Partial<Scene> = {}): Scene {
  return {
    row: aRow('clicks', { status: aStatus() }),
    generations,
    partitions: [aPartition('0', '5'), aPartition('1', '5')],
    ...more,
  };
}

const waiting = (generation: GenerationRow): GenerationRow => ({
  ...generation,
  tasks: generation.tasks.map((task) => ({ ...task, attempts: 0 })),
});
const idle = aRow('clicks', { status: aStatus({ state: 'IDLE', detailedState: 'IDLE' }) });

describe('handed off', () => {
  const [zero, one] = [group(0, 1, ['0']), group(1, 4, ['1'])];
  const effect = handedOff(scene([zero, one]), [0, 77]);

  it.each([
    ['it still reads', scene([zero, one]), 'the end of reading of group 0'],
    [
      'it stopped and nobody reads on',
      scene([{ ...zero, state: 'publishing' }, one]),
      'a task that reads partition 0',
    ],
    [
      'its successor waits for a slot',
      scene([waiting(group(0, 2, ['0'])), one]),
      'a task that reads partition 0',
    ],
    ['its successor reads', scene([group(0, 2, ['0']), one]), null],
    ['nothing is left to be read', scene([one], { row: idle }), null],
    ['it was suspended meanwhile', scene([], { row: aRow('clicks', { desired: 'suspended' }) }), null],
  ])('when %s', (_what, now, missing) => {
    expect(effect(now)).toBe(missing);
  });
});

describe('read again', () => {
  it.each([
    ['no position', scene([], { partitions: [aPartition('0', null)] }), 'a start position of partition 0'],
    ['no task', scene([group(0, 2, ['0'])]), 'a task that reads partition 1'],
    ['a task for each', scene([group(0, 2, ['0', '1'])]), null],
    ['no look at the stream yet', scene([], { partitions: [] }), 'the partitions of the stream'],
    ['a closed partition', scene([], { partitions: [{ ...aPartition('0', null), state: 'closed' }] }), null],
  ])('with %s', (_what, now, missing) => {
    expect(readAgain(now)).toBe(missing);
  });
});

describe('scaled', () => {
  const row = (taskCount: number) =>
    aRow('clicks', {
      status: aStatus(),
      specText: JSON.stringify(changed(aRawSpec(), 'spec.ioConfig.taskCount', taskCount)),
    });

  it.each([
    ['one group reads both', scene([group(0, 1, ['0', '1'])], { row: row(2) }), 'groups 0, 1 of 2 to read'],
    ['each reads one', scene([group(0, 2, ['0']), group(1, 1, ['1'])], { row: row(2) }), null],
    [
      'more groups than partitions are wanted',
      scene([group(0, 2, ['0']), group(1, 1, ['1'])], { row: row(9) }),
      null,
    ],
    [
      'two read what one is to read',
      scene([group(0, 2, ['0']), group(1, 1, ['1'])], { row: row(1) }),
      'group 0 of 1 to read',
    ],
  ])('when %s', (_what, now, missing) => {
    expect(scaled(now)).toBe(missing);
  });
});

describe('checkpointed', () => {
  const before = group(0, 1, ['0', '1']);
  const sequence = before.sequences[0]!;
  const closed = {
    ...before,
    sequences: [
      { ...sequence, state: 'ended' as const },
      { ...sequence, sequenceId: 's1' },
    ],
  };

  it('is there once what was open is closed, whatever is open by then', () => {
    expect(checkpointed(scene([before]), null)(scene([before]))).toBe('the checkpoint of group 0');
    expect(checkpointed(scene([before]), null)(scene([closed]))).toBeNull();
    expect(checkpointed(scene([before]), null)(scene([]))).toBeNull();
    expect(checkpointed(scene([before]), [5])(scene([before]))).toBeNull();
  });
});

describe('a new spec', () => {
  it('is taken on when no group reads under an older one', () => {
    const row = aRow('clicks', { status: aStatus(), version: 3 });
    expect(takenOn(scene([group(0, 1, ['0', '1'], { specVersion: 2 })], { row }))).toBe(
      'the end of reading under an older spec of group 0',
    );
    expect(takenOn(scene([], { row }))).toBe('a task that reads partitions 0, 1');
    expect(takenOn(scene([group(0, 2, ['0', '1'], { specVersion: 3 })], { row }))).toBeNull();
  });
});

describe('states', () => {
  const at = (state: 'RUNNING' | 'SUSPENDED', more: object = {}) =>
    scene([], { row: aRow('clicks', { status: aStatus({ state }), ...more }) });

  it('SUSPENDED from before says nothing of groups that were made since', () => {
    const row = aRow('clicks', { status: aStatus({ state: 'SUSPENDED' }), desired: 'suspended' });
    expect(suspended(scene([group(0, 2, ['0'])], { row }))).toBe('the end of reading of group 0');
    expect(suspended(scene([group(0, 2, ['0'], { state: 'publishing' })], { row }))).toBeNull();
  });

  it('are what the supervisor itself has written', () => {
    expect([suspended(at('RUNNING')), suspended(at('SUSPENDED'))]).toEqual(['state SUSPENDED', null]);
    expect([resumed(at('SUSPENDED')), resumed(at('RUNNING')), resumed(scene([], { row: idle }))]).toEqual([
      'state RUNNING',
      'a task that reads partitions 0, 1',
      null,
    ]);
    expect(resumed(scene([group(0, 2, ['0', '1'])]))).toBeNull();
    expect([ended(at('RUNNING')), ended(at('RUNNING', { terminatedDone: true }))]).toEqual([
      'the end of its task groups',
      null,
    ]);
  });
});
