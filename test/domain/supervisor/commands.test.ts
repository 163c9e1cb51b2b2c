/** Orders: what is taken, refused, collapsed, bounded. */
import { describe, expect, test } from 'vitest';
import {
  commandItem,
  enqueue,
  inboxLimit,
  isDuplicate,
  refusalNow,
  verbs,
} from '../../../domain/supervisor/commands.ts';
import type { Verb } from '../../../domain/supervisor/commands.ts';
import { someState } from './builders.ts';

describe('commandItem', () => {
  test.each([
    ['a text', 'suspend', 'x'],
    ['a list', 'resume', []],
    ['an empty command id', 'terminate', { commandId: '' }],
    ['a huge command id', 'terminate', { commandId: 'x'.repeat(201) }],
    ['no groups', 'handoffTaskGroups', {}],
    ['an empty list of groups', 'handoffTaskGroups', { taskGroupIds: [] }],
    ['a negative group', 'handoffTaskGroups', { taskGroupIds: [-1] }],
    ['a group that is a text', 'handoffTaskGroups', { taskGroupIds: ['0'] }],
    ['too many groups', 'handoffTaskGroups', { taskGroupIds: Array.from({ length: 1_001 }, () => 0) }],
    ['a NUL', 'autoscale', { taskCount: 2, reason: 'a\0b' }],
    ['half a character', 'autoscale', { taskCount: 2, reason: 'a\ud83d' }],
    ['the other half', 'shutdownTask', { taskId: '\ude00' }],
    ['a NUL in a key', 'resetOffsets', { type: 'timestamp', timestamp: 1, partitions: ['a\0:0'] }],
    ['a NUL in the command id', 'suspend', { commandId: 'a\0' }],
  ] as [string, Verb, unknown][])('%s is refused as malformed', (_what, verb, payload) => {
    expect(commandItem(verb, payload, 'id').refusal?.code).toBe('REQUEST_INVALID');
  });

  test('nothing a client can send makes it throw', () => {
    const odd = [undefined, null, 0, true, 'x', [], {}, { commandId: 7 }, { taskGroupIds: null }, { by: {} }];
    for (const verb of verbs)
      for (const payload of odd) expect(() => commandItem(verb, payload, 'id')).not.toThrow();
  });

  test('whatever is kept of an order can be stored', () => {
    const item = commandItem('suspend', { commandId: 'a\0', by: 'b\0' }, 'id');
    expect(item).toMatchObject({ commandId: 'id', by: 'temporal' });
    // The message is cut where a character of two halves stands.
    const cut = commandItem(
      'autoscale',
      { taskCount: 2, reason: `${'x'.repeat(78)}😀${'x'.repeat(300)}` },
      'id',
    );
    expect(cut.refusal?.message).toMatch(/x…/);
    const plain = { taskCount: 2, reason: 'a \\u0000 that is none 😀' };
    expect(commandItem('autoscale', plain, 'id').refusal).toBeNull();
  });

  test('the id is the caller’s, else the one given', () => {
    expect(commandItem('suspend', { commandId: 'mine' }, 'id').commandId).toBe('mine');
    expect(commandItem('suspend', undefined, 'id').commandId).toBe('id');
  });
});

describe('enqueue', () => {
  const suspend = (id: string) => commandItem('suspend', { commandId: id }, id);

  test('the same id twice is one order, before and after it is processed', () => {
    const once = enqueue(someState(), suspend('a'));
    expect(enqueue(once, suspend('a'))).toBe(once);
    const processed = { ...someState(), processed: ['a'] };
    expect(enqueue(processed, suspend('a'))).toBe(processed);
    expect(isDuplicate(processed, 'a')).toBe(true);
  });

  test('bare run notices collapse; one that asks for more stays', () => {
    const notice = (id: string, reconcile = false) =>
      commandItem('runNotice', { commandId: id, reconcile }, id);
    const state = [notice('a'), notice('b'), notice('c', true), notice('d', true)].reduce(
      enqueue,
      someState(),
    );
    expect(state.inbox.map((item) => item.kind === 'command' && item.commandId)).toEqual(['a', 'c']);
  });

  test('the inbox has a bound, which an update is told and a report ignores', () => {
    const full = Array.from({ length: inboxLimit }, (_, index) => suspend(String(index))).reduce(
      enqueue,
      someState(),
    );
    expect(enqueue(full, suspend('more'))).toBe(full);
    expect(refusalNow(full, suspend('more'))?.message).toMatch(/200 orders are waiting/);
    const report = {
      kind: 'report',
      groupId: 0,
      generation: 1,
      report: 'done',
      detail: '',
      counted: false,
      atMs: 0,
    } as const;
    expect(enqueue(full, report).inbox).toHaveLength(inboxLimit + 1);
  });
});
