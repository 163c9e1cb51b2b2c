/**
 * Orders to a supervisor, from a signal or an update, as inbox items: checked once, here, without ever throwing.
 *
 * A signal handler that throws would stop the workflow, so a malformed order becomes an item that can only be
 * refused; an update's validator looks at the same item and refuses at once.
 */
import type { ErrorCode } from '../errors.ts';
import type { InboxItem, SupervisorState } from './state.ts';

export const verbs = [
  'runNotice',
  'suspend',
  'resume',
  'reset',
  'resetOffsets',
  'autoscale',
  'handoffTaskGroups',
  'checkpoint',
  'terminate',
] as const;
export type Verb = (typeof verbs)[number];

export type CommandItem = Extract<InboxItem, { readonly kind: 'command' }>;
export type Refusal = { readonly code: ErrorCode; readonly message: string };

/** Understood, and filled by a later version. */
const later: ReadonlySet<Verb> = new Set<Verb>(['reset', 'resetOffsets', 'autoscale', 'checkpoint']);

const idLimit = 200;
const groupsLimit = 1_000;
/** More unworked orders than this are refused: the carried state has a bound. */
export const inboxLimit = 200;
export const processedLimit = 200;

/** The workflow's notices to itself. Nobody waits for them, so they end no pause. */
export const ownNotice = 'the supervisor itself';

export function commandItem(verb: Verb, payload: unknown, fallbackId: string): CommandItem {
  const fields = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  const groups = verb === 'handoffTaskGroups' ? fields['taskGroupIds'] : [];
  const problem = problemOf(verb, payload, fields, groups);
  return {
    kind: 'command',
    verb,
    commandId: isShortText(fields['commandId']) ? fields['commandId'] : fallbackId,
    by: isShortText(fields['by']) ? fields['by'] : 'temporal',
    reconcile: fields['reconcile'] === true,
    taskGroupIds: problem === null && Array.isArray(groups) ? groups.map(Number) : [],
    refusal: problem,
  };
}

function problemOf(
  verb: Verb,
  payload: unknown,
  fields: Record<string, unknown>,
  groups: unknown,
): Refusal | null {
  if (later.has(verb))
    return { code: 'NOT_SUPPORTED', message: `${verb} is not supported yet; nothing was changed` };
  if (payload !== undefined && payload !== null && (typeof payload !== 'object' || Array.isArray(payload)))
    return invalid(`${verb}: the input is ${describe(payload)}, expected an object`);
  const commandId = fields['commandId'];
  if (commandId !== undefined && !isShortText(commandId))
    return invalid(
      `${verb}: commandId is ${describe(commandId)}, expected a text of 1 to ${idLimit} characters`,
    );
  if (verb !== 'handoffTaskGroups') return null;
  const isList = Array.isArray(groups) && groups.length > 0 && groups.length <= groupsLimit;
  if (!isList || !groups.every((group) => Number.isSafeInteger(group) && (group as number) >= 0))
    return invalid(
      `handoffTaskGroups: taskGroupIds is ${describe(groups)}, expected a list of 1 to ${groupsLimit} group numbers`,
    );
  return null;
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
  return typeof value === 'string' && value.length > 0 && value.length <= idLimit;
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Why an update must be refused before it leaves a trace; null: take it. */
export function refusalNow(state: SupervisorState, item: CommandItem): Refusal | null {
  if (item.refusal) return item.refusal;
  if (state.inbox.length >= inboxLimit)
    return { code: 'REQUEST_INVALID', message: `${state.inbox.length} orders are waiting; try again later` };
  return null;
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
    if (state.inbox.length >= inboxLimit) return state;
  }
  return { ...state, inbox: [...state.inbox, item] };
}
