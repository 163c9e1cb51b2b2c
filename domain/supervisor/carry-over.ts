/**
 * What a supervisor hands to its next life at continue-as-new: the whole state, with a version of its shape.
 *
 * A fixture of every version is kept for ever; an older one is upgraded here, one function per version.
 */
import { assert } from '../assert.ts';
import type { Json } from '../json.ts';
import type { InboxItem, SupervisorState } from './state.ts';

/** Version 1 knew no IDLE, and of an order's input only the group numbers. */
export type CarryOver = { readonly version: 1 | 2; readonly state: SupervisorState };

/** Above 2 MiB the server terminates the workflow without a word to it; 64 KiB leaves room for every mistake. */
export const carryOverLimitBytes = 64 * 1024;

/** The newest look is not carried: the next life looks at once, and starts its children by id again (reconcile). */
export function toCarryOver(state: SupervisorState): CarryOver {
  return { version: 2, state: { ...state, observation: null, known: { ...state.known, children: [] } } };
}

export function fromCarryOver(carried: CarryOver): SupervisorState {
  assert(
    carried.version === 1 || carried.version === 2,
    `carry-over version ${String(carried.version)} is unknown to this build; expected 1 or 2`,
  );
  const state = carried.version === 1 ? upgraded(carried.state) : carried.state;
  return { ...state, counters: { ...state.counters, lives: state.counters.lives + 1 } };
}

function upgraded(first: SupervisorState): SupervisorState {
  return { ...first, known: { ...first.known, idle: null }, inbox: first.inbox.map(withInput) };
}

function withInput(item: InboxItem): InboxItem {
  if (item.kind !== 'command') return item;
  const { taskGroupIds, ...rest } = item as typeof item & { readonly taskGroupIds?: readonly number[] };
  return { ...rest, input: rest.verb === 'handoffTaskGroups' ? { taskGroupIds: taskGroupIds ?? [] } : {} };
}

export function assertSmall(what: string, value: unknown): void {
  const bytes = jsonBytes(value as Json);
  assert(
    bytes <= carryOverLimitBytes,
    `${what} is ${bytes} bytes of JSON; at most ${carryOverLimitBytes} may enter a workflow`,
  );
}

/** UTF-8 length of the JSON text. */
export function jsonBytes(value: unknown): number {
  const text = JSON.stringify(value) ?? '';
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A lone surrogate half is half of a four-byte character.
    if (unit > 0x7ff) bytes += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2;
    else if (unit > 0x7f) bytes += 1;
  }
  return bytes;
}
