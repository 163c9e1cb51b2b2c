/** The carry-over: a fixture of every version is read for ever, and its shape is pinned. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { assertSmall, fromCarryOver, jsonBytes, toCarryOver } from '../../../domain/supervisor/carry-over.ts';
import type { CarryOver } from '../../../domain/supervisor/carry-over.ts';
import { assertInvariants } from '../../../domain/supervisor/invariants.ts';
import { someSeen, someState } from './builders.ts';

const fixture = (version: number) =>
  JSON.parse(
    readFileSync(new URL(`../../fixtures/carry-over/v${version}.json`, import.meta.url), 'utf8'),
  ) as CarryOver;

test.each([1, 2])('version %i is read, one life later', (version) => {
  const state = fromCarryOver(fixture(version));
  assertInvariants(state);
  expect(state.counters.lives).toBe(fixture(version).state.counters.lives + 1);
  expect(state.inbox).toHaveLength(2);
});

test('what version 1 did not have is filled in: orders have inputs, nothing is idle', () => {
  const state = fromCarryOver(fixture(1));
  const order = state.inbox.find((item) => item.kind === 'command');
  expect(order).toMatchObject({ input: expect.any(Object) as unknown });
  expect(order).not.toHaveProperty('taskGroupIds');
  expect(state.known.idle).toBeNull();
});

/** A new field is a new version, unless every older carry-over is still read right: then upgrade it in `fromCarryOver`, and renew this list. */
test('the shape of version 2 is pinned', () => {
  const shape = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .sort()
            .map(([key, inner]) => [key, shape(inner)]),
        )
      : null;
  const { known, ...rest } = toCarryOver(someState()).state;
  expect(Object.keys(rest).sort()).toEqual([
    'counters',
    'health',
    'inbox',
    'lastPublish',
    'observation',
    'processed',
    'queues',
    'rolloverEvents',
    'status',
  ]);
  expect(Object.keys(known).sort()).toEqual(Object.keys(fixture(2).state.known).sort());
  expect(shape(rest.health)).toEqual(shape(fixture(2).state.health));
  expect(shape(rest.counters)).toEqual(shape(fixture(2).state.counters));
});

test('an unknown version is refused by name', () => {
  const future = { ...toCarryOver(someState()), version: 3 } as unknown as CarryOver;
  expect(() => fromCarryOver(future)).toThrow(
    'carry-over version 3 is unknown to this build; expected 1 or 2',
  );
});

test('the look is not carried, the children are found again', () => {
  const carried = toCarryOver({
    ...someState({ known: { children: [{ groupId: 0, generation: 1 }] } }),
    observation: someSeen(),
  });
  expect(carried.state.observation).toBeNull();
  expect(carried.state.known.children).toEqual([]);
});

test('bytes are those of UTF-8', () => {
  for (const text of ['', 'abc', 'é', '漢', '😀', 'a😀é漢'])
    expect(jsonBytes(text)).toBe(Buffer.byteLength(JSON.stringify(text)));
});

test('what is too large for a workflow is said with both numbers', () => {
  expect(() => assertSmall('spec', 'x'.repeat(70_000))).toThrow(
    'spec is 70002 bytes of JSON; at most 65536 may enter',
  );
});
