/**
 * Binds every signal, update and query of a supervisor, before its first await. Handlers only check and enqueue:
 * one loop owns every await, so nothing interleaves. Inside an update only an ApplicationFailure refuses; a signal
 * handler never throws, for that would stop the workflow.
 */
import { ApplicationFailure } from '@temporalio/common';
import { currentUpdateInfo, log, setDefaultSignalHandler, setHandler, uuid4 } from '@temporalio/workflow';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { commandItem, enqueue, isDuplicate, refusalNow, reportItem } from '../domain/supervisor/commands.ts';
import type { Verb } from '../domain/supervisor/commands.ts';
import { statsOf } from '../domain/supervisor/describe.ts';
import type { SupervisorState } from '../domain/supervisor/state.ts';
import * as contract from './contract.ts';

/** The one place where a supervisor's state lives; handlers and the loop replace it, never change it. */
export type Cell = { state: SupervisorState };

export function bindHandlers(cell: Cell): void {
  bindVerb(cell, 'runNotice', contract.runNoticeSignal, contract.runNoticeUpdate);
  bindVerb(cell, 'suspend', contract.suspendSignal, contract.suspendUpdate);
  bindVerb(cell, 'resume', contract.resumeSignal, contract.resumeUpdate);
  bindVerb(cell, 'reset', contract.resetSignal, contract.resetUpdate);
  bindVerb(cell, 'resetOffsets', contract.resetOffsetsSignal, contract.resetOffsetsUpdate);
  bindVerb(
    cell,
    'resetToLatestAndBackfill',
    contract.resetToLatestAndBackfillSignal,
    contract.resetToLatestAndBackfillUpdate,
  );
  bindVerb(cell, 'autoscale', contract.autoscaleSignal, contract.autoscaleUpdate);
  bindVerb(cell, 'handoffTaskGroups', contract.handoffTaskGroupsSignal, contract.handoffTaskGroupsUpdate);
  bindVerb(cell, 'checkpoint', contract.checkpointSignal, contract.checkpointUpdate);
  bindVerb(cell, 'shutdownTask', contract.shutdownTaskSignal, contract.shutdownTaskUpdate);
  bindVerb(cell, 'terminate', contract.terminateSignal, contract.terminateUpdate);
  setHandler(contract.taskGroupReportedSignal, (report) => takeReport(cell, report));
  setHandler(contract.getStatusQuery, () => cell.state.status);
  setHandler(contract.getStatsQuery, () => statsOf(cell.state));
  setHandler(contract.getSpecQuery, () => ({
    supervisorId: cell.state.known.supervisorId,
    specVersion: cell.state.known.specVersion,
    settings: cell.state.known.settings,
    asOf: cell.state.status.asOfMs,
  }));
  setDefaultSignalHandler((name) => log.warn('unknown signal', { name }));
}

/** One verb in both forms. The payload is whatever a client sent: `commandItem` looks at it as such. */
function bindVerb<T>(
  cell: Cell,
  verb: Verb,
  signal: SignalDefinition<[T?]>,
  update: UpdateDefinition<contract.CommandAnswer, [T]>,
): void {
  setHandler(signal, (payload) => {
    cell.state = enqueue(cell.state, commandItem(verb, payload, `signal-${uuid4()}`));
  });
  setHandler(
    update,
    (payload): contract.CommandAnswer => {
      const item = commandItem(verb, payload, currentUpdateInfo()?.id ?? `update-${uuid4()}`);
      const kind = isDuplicate(cell.state, item.commandId) ? 'duplicate' : 'accepted';
      cell.state = enqueue(cell.state, item);
      return { kind, commandId: item.commandId };
    },
    { validator: (payload) => refuse(cell, verb, payload) },
  );
}

function refuse(cell: Cell, verb: Verb, payload: unknown): void {
  const refusal = refusalNow(cell.state, commandItem(verb, payload, 'validated'));
  if (refusal)
    throw ApplicationFailure.create({ type: refusal.code, message: refusal.message, nonRetryable: true });
}

/** A report that is none is dropped: it can only come from somebody who plays with signals. */
function takeReport(cell: Cell, payload: unknown): void {
  const item = reportItem(payload);
  if (item) cell.state = enqueue(cell.state, item);
  else log.warn('a malformed report was dropped', { payload });
}
