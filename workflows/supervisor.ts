/**
 * A supervisor: one per id, for ever. It keeps every partition of a stream read by exactly one live task group.
 *
 * Ends only when its newest version is a tombstone and no group lives. Carries its whole state, inbox included, to
 * the next life; children live on. Signals and updates are notices; one loop owns every await (design 5).
 */
import {
  ActivityCancellationType,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type { SupervisorActivities, WatchResult } from '../activities/supervisor/contract.ts';
import {
  assertSmall,
  carryOverLimitBytes,
  fromCarryOver,
  jsonBytes,
  toCarryOver,
} from '../domain/supervisor/carry-over.ts';
import type { CommandItem } from '../domain/supervisor/commands.ts';
import { detailsOf, statusOf } from '../domain/supervisor/describe.ts';
import { needsLook } from '../domain/supervisor/evolve.ts';
import { assertPlan } from '../domain/supervisor/invariants.ts';
import { plan } from '../domain/supervisor/plan.ts';
import { initialState } from '../domain/supervisor/state.ts';
import type { SupervisorState } from '../domain/supervisor/state.ts';
import { queuesFromControl, searchAttributes } from './contract.ts';
import type { SupervisorInput } from './contract.ts';
import { toHeadgateError } from './failure.ts';
import { happen, perform } from './supervisor-actions.ts';
import { bindHandlers } from './supervisor-handlers.ts';
import type { Cell } from './supervisor-handlers.ts';

const { watch } = proxyActivities<SupervisorActivities>({
  // One long poll: it comes back when something is to be done, at the latest after 15 minutes.
  startToCloseTimeout: '20m',
  heartbeatTimeout: '60s',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
});

/** Somebody waits for these, so they are repeated until they are done: Postgres may be away for long. */
const untilDone: ActivityOptions = {
  startToCloseTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
};
const { storeSpec, applyCommand } = proxyActivities<SupervisorActivities>(untilDone);

const rolloverEvents = 2_000;
/** A state too large to travel waits for its lists to shrink; the server ends a workflow at 51,200 events. */
const rolloverAtTheLatestEvents = 30_000;
const rolloverAgeMs = 24 * 60 * 60 * 1000;
/** After a report `watch` is woken by Postgres as well; only if it is not, it is begun anew. */
const reportGrace = '5s';
const pauseAfterFailure = '10s';

/** A cancellation from outside is not obeyed: `terminate` (or suspend) ends reading in order. */
export function supervisorWorkflow(input: SupervisorInput): Promise<string> {
  return CancellationScope.nonCancellable(() => runSupervisor(input));
}

async function runSupervisor(input: SupervisorInput): Promise<string> {
  const cell: Cell = { state: restore(input) };
  bindHandlers(cell);
  if (input.kind === 'start') await admit(cell, input);
  present(cell);
  for (;;) {
    const seen = await nextLook(cell);
    await workInbox(cell);
    if (seen) {
      const { observation, health, learned } = seen;
      happen(cell, { kind: 'looked', observation, health, learned });
      const actions = plan(cell.state.known, seen.observation, seen.observation.atMs);
      assertPlan(cell.state, actions);
      const outcome = actions.length > 0 ? await perform(cell, actions, seen.observation.atMs) : 'goOn';
      // A version posted meanwhile comes with a notice; with none waiting the tombstone is the last word.
      if (outcome === 'completed' && cell.state.inbox.length === 0)
        return `supervisor ${cell.state.known.supervisorId} is terminated`;
    }
    present(cell);
    if (isDueForRollover(cell.state)) await rollOver(cell);
  }
}

function restore(input: SupervisorInput): SupervisorState {
  if (input.kind === 'continued') return fromCarryOver(input.carryOver);
  return initialState({
    supervisorId:
      'supervisorId' in input ? input.supervisorId : workflowInfo().workflowId.replace(/^supervisor:/, ''),
    specVersion: 'specVersion' in input ? input.specVersion : 0,
    queues: input.queues ?? queuesFromControl(workflowInfo().taskQueue),
    rolloverEvents: input.rolloverEvents ?? rolloverEvents,
    nowMs: Date.now(),
  });
}

/** A spec from a plain client is checked and stored first; a wrong one ends the workflow with what is wrong. */
async function admit(cell: Cell, input: Extract<SupervisorInput, { kind: 'start' }>): Promise<void> {
  const { known } = cell.state;
  upsertSearchAttributes([{ key: searchAttributes.supervisor, value: known.supervisorId }]);
  if (!('spec' in input)) return;
  assertSmall('spec', input.spec);
  const stored = await storeSpec({ spec: input.spec, workflowId: workflowInfo().workflowId });
  cell.state = { ...cell.state, known: { ...known, specVersion: stored.specVersion } };
  upsertSearchAttributes([{ key: searchAttributes.dataSource, value: stored.dataSource }]);
}

/**
 * Waits until `watch` comes back or an order arrives; then `watch` is cancelled and begun anew after the order, and
 * the answer is null. All of it costs about six events a quarter of an hour while nothing happens.
 */
async function nextLook(cell: Cell): Promise<WatchResult | null> {
  const { known, health, status } = cell.state;
  const look: { result: WatchResult | null; failed: boolean } = { result: null, failed: false };
  const scope = new CancellationScope();
  const running = scope
    .run(() => watch({ supervisorId: known.supervisorId, known, health, status }))
    .then(
      (result) => void (look.result = result),
      (error: unknown) => {
        if (isCancellation(error)) return;
        log.error('watch failed for good, which it never should', { error });
        look.failed = true;
      },
    );
  const ended = () => look.result !== null || look.failed;
  const ordered = () => cell.state.inbox.some((item) => item.kind === 'command');
  let isWoken = false;
  while (!ended() && !ordered() && !isWoken) {
    await condition(() => ended() || cell.state.inbox.length > 0);
    isWoken = !ended() && takeReports(cell);
  }
  if (isWoken) await condition(() => ended() || ordered(), reportGrace);
  if (look.failed) await condition(ordered, pauseAfterFailure);
  if (look.result === null) {
    scope.cancel();
    await running;
  }
  return look.result;
}

/** Reports are folded at once and shown. Answers whether one of them asks for a look. */
function takeReports(cell: Cell): boolean {
  const { state } = cell;
  const reports = state.inbox.filter((item) => item.kind === 'report');
  if (reports.length === 0) return false;
  const isWoken = reports.some((item) => needsLook(state, item));
  happen(cell, { kind: 'inboxTaken', items: reports });
  present(cell);
  return isWoken;
}

/** Orders and reports, oldest first. Suspend, resume and terminate become new versions, as over HTTP. */
async function workInbox(cell: Cell): Promise<void> {
  const items = cell.state.inbox;
  const { supervisorId } = cell.state.known;
  for (const item of items) {
    if (item.kind !== 'command' || (item.verb === 'runNotice' && !item.refusal)) continue;
    await workOrder(supervisorId, item).catch(async (error: unknown) => {
      // An order that cannot be carried out is refused: it must not end the supervisor, nor what was ordered after it.
      const { code, message } = toHeadgateError(error);
      const refusal = { code, message: `${item.verb} failed: ${message}` };
      await workOrder(supervisorId, { ...item, input: {}, refusal }).catch((again: unknown) =>
        log.error('an order has no outcome: neither it nor its refusal could be recorded', { again }),
      );
    });
  }
  if (items.length > 0) happen(cell, { kind: 'inboxTaken', items });
}

async function workOrder(supervisorId: string, item: CommandItem): Promise<void> {
  const { commandId, verb, by, refusal, input } = item;
  await applyCommand.executeWithOptions(
    {
      ...untilDone,
      summary: refusal ? `${verb} refused: ${refusal.message}`.slice(0, 200) : `${verb} by ${by}`,
    },
    [{ supervisorId, commandId, verb, by, refusal, input }],
  );
}

/** The page in the Temporal UI and the searchable state. Details cost no history, an attribute one event. */
function present(cell: Cell): void {
  const { known, health, observation, status } = cell.state;
  const next = statusOf(known, health, observation, Date.now());
  cell.state = { ...cell.state, status: next };
  if (
    next.state !== status.state ||
    workflowInfo().searchAttributes[searchAttributes.state.name] === undefined
  )
    upsertSearchAttributes([{ key: searchAttributes.state, value: next.state }]);
  setCurrentDetails(detailsOf(cell.state));
}

function isDueForRollover(state: SupervisorState): boolean {
  const info = workflowInfo();
  return (
    info.continueAsNewSuggested ||
    info.historyLength >= state.rolloverEvents ||
    Date.now() - info.runStartTime.getTime() >= rolloverAgeMs
  );
}

/** Nothing awaits between the last look at the inbox and the hand-over: what is unworked travels. */
async function rollOver(cell: Cell): Promise<void> {
  await condition(() => cell.state.inbox.length > 0 || allHandlersFinished());
  if (!allHandlersFinished()) return;
  const carryOver = toCarryOver(cell.state);
  const canWait = workflowInfo().historyLength < rolloverAtTheLatestEvents;
  if (jsonBytes(carryOver) > carryOverLimitBytes && canWait) return;
  assertSmall('carry-over', carryOver);
  await continueAsNew<typeof supervisorWorkflow>({ kind: 'continued', carryOver });
}
