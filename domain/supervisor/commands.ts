/**
 * Orders to a supervisor, from a signal or an update, as inbox items: checked once, here, without ever throwing.
 *
 * A signal handler that throws would stop the workflow, so a malformed order becomes an item that can only be
 * refused; an update's validator looks at the same item and refuses at once.
 */
import type { ErrorCode } from '../errors.ts';
import { readHandoffOrder } from './handoff-order.ts';
import { readBackfillOrder, readResetOffsetsOrder, readResetOrder } from './reset-order.ts';
import { describe, isStorable } from './order-reading.ts';
import type { OrderReading } from './order-reading.ts';
import { readScaleOrder } from './scale-order.ts';
import { readCheckpointOrder, readShutdownTaskOrder } from './task-orders.ts';
import type { InboxItem, SupervisorState } from './state.ts';

export const verbs = [
  'runNotice',
  'suspend',
  'resume',
  'reset',
  'resetOffsets',
  'resetToLatestAndBackfill',
  'autoscale',
  'handoffTaskGroups',
  'checkpoint',
  'shutdownTask',
  'terminate',
] as const;
export type Verb = (typeof verbs)[number];

export type CommandItem = Extract<InboxItem, { readonly kind: 'command' }>;
export type Refusal = { readonly code: ErrorCode; readonly message: string };

const noInput = (): OrderReading => ({ kind: 'ok', input: {} });

/** One reader per verb: total, and pure. The API calls the same ones before it sends anything. */
export const orderReaders: Readonly<
  Record<Verb, (fields: Readonly<Record<string, unknown>>) => OrderReading>
> = {
  runNotice: noInput,
  suspend: noInput,
  resume: noInput,
  terminate: noInput,
  reset: readResetOrder,
  resetOffsets: readResetOffsetsOrder,
  resetToLatestAndBackfill: readBackfillOrder,
  autoscale: readScaleOrder,
  handoffTaskGroups: readHandoffOrder,
  checkpoint: readCheckpointOrder,
  shutdownTask: readShutdownTaskOrder,
};

const idLimit = 200;
/** Of one order's input, in characters of JSON: the carried state has a bound. */
export const inputLimit = 16 * 1024;
/** More unworked orders than this are refused: the carried state has a bound. */
export const inboxLimit = 200;
export const processedLimit = 200;

/** The workflow's notices to itself. Nobody waits for them, so they end no pause. */
export const ownNotice = 'the supervisor itself';

export function commandItem(verb: Verb, payload: unknown, fallbackId: string): CommandItem {
  const fields = isObject(payload) ? payload : {};
  const reading = readOrder(verb, payload, fields);
  return {
    kind: 'command',
    verb,
    commandId: isShortText(fields['commandId']) ? fields['commandId'] : fallbackId,
    by: isShortText(fields['by']) ? fields['by'] : 'temporal',
    reconcile: fields['reconcile'] === true,
    input: reading.kind === 'ok' ? reading.input : {},
    refusal: reading.kind === 'ok' ? null : invalid(`${verb}: ${reading.message}`),
  };
}

function readOrder(verb: Verb, payload: unknown, fields: Readonly<Record<string, unknown>>): OrderReading {
  if (payload !== undefined && payload !== null && !isObject(payload))
    return { kind: 'invalid', message: `the input is ${describe(payload)}, expected an object` };
  const commandId = fields['commandId'];
  if (commandId !== undefined && !isShortText(commandId))
    return {
      kind: 'invalid',
      message: `commandId is ${describe(commandId)}, expected a text of 1 to ${idLimit} characters without NUL`,
    };
  const { commandId: _id, by: _by, reconcile: _reconcile, ...rest } = fields;
  const reading = orderReaders[verb](rest);
  if (reading.kind === 'ok' && !isStorable(reading.input))
    return {
      kind: 'invalid',
      message:
        'a text of the input holds a NUL character or half of a surrogate pair, which cannot be stored; leave it out',
    };
  if (reading.kind === 'ok' && JSON.stringify(reading.input).length > inputLimit)
    return {
      kind: 'invalid',
      message: `the input is longer than ${inputLimit} characters of JSON; give fewer partitions or groups at a time`,
    };
  return reading;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const reportKinds = ['readingFinished', 'done', 'discarded', 'taskFailed'] as const;
const detailLimit = 300;

/** Null when it is not a report. */
export function reportItem(payload: unknown): InboxItem | null {
  const fields = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  const report = reportKinds.find((kind) => kind === fields['kind']);
  const { groupId, generation, atMs } = fields as { groupId?: number; generation?: number; atMs?: number };
  const isWhole = [groupId, generation, atMs].every((value) => Number.isSafeInteger(value));
  if (!report || !isWhole) return null;
  return {
    kind: 'report',
    groupId: groupId!,
    generation: generation!,
    report,
    detail: String(fields['detail'] ?? '').slice(0, detailLimit),
    counted: fields['counted'] === true,
    atMs: atMs!,
  };
}

function invalid(message: string): Refusal {
  return { code: 'REQUEST_INVALID', message };
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= idLimit && isStorable(value);
}

/** Why an update must be refused before it leaves a trace; null: take it. */
export function refusalNow(state: SupervisorState, item: CommandItem): Refusal | null {
  if (item.refusal) return item.refusal;
  if (isFull(state, item))
    return { code: 'REQUEST_INVALID', message: `${state.inbox.length} orders are waiting; try again later` };
  return null;
}

/** Long orders fill it sooner than many: together they stay within what may travel. */
function isFull(state: SupervisorState, item: CommandItem): boolean {
  if (state.inbox.length >= inboxLimit) return true;
  const waiting = state.inbox.reduce((sum, other) => sum + inputLength(other), 0);
  return waiting > 0 && waiting + inputLength(item) > inputLimit;
}

function inputLength(item: InboxItem): number {
  return item.kind === 'command' && Object.keys(item.input).length > 0
    ? JSON.stringify(item.input).length
    : 0;
}

export function isDuplicate(state: SupervisorState, commandId: string): boolean {
  return (
    state.processed.includes(commandId) ||
    state.inbox.some((item) => item.kind === 'command' && item.commandId === commandId)
  );
}

/**
 * Adds an order or report. Equal bare run notices collapse, as in Druid; beyond the bound an order from a signal is
 * dropped, which Temporal's history still shows (an update is refused before it gets here).
 */
export function enqueue(state: SupervisorState, item: InboxItem): SupervisorState {
  if (item.kind === 'command') {
    if (isDuplicate(state, item.commandId)) return state;
    const collapses = (other: InboxItem) =>
      other.kind === 'command' && other.verb === 'runNotice' && other.reconcile === item.reconcile;
    if (item.verb === 'runNotice' && !item.refusal && state.inbox.some(collapses)) return state;
    if (isFull(state, item)) return state;
  }
  return { ...state, inbox: [...state.inbox, item] };
}
