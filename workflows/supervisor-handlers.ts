/**
 * Binds every signal, update and query of a supervisor, before its first await. Handlers only check and enqueue:
 * one loop owns every await, so nothing interleaves. Inside an update only an ApplicationFailure refuses; a signal
 * handler never throws, for that would stop the workflow.
 */
import { ApplicationFailure } from '@temporalio/common';
import { currentUpdateInfo, log, setDefaultSignalHandler, setHandler, uuid4 } from '@temporalio/workflow';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { commandItem, enqueue, isDuplicate, refusalNow } from '../domain/supervisor/commands.ts';
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
  bindVerb(cell, 'autoscale', contract.autoscaleSignal, contract.autoscaleUpdate);
  bindVerb(cell, 'handoffTaskGroups', contract.handoffTaskGroupsSignal, contract.handoffTaskGroupsUpdate);
  bindVerb(cell, 'checkpoint', contract.checkpointSignal, contract.checkpointUpdate);
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
function bindVerb<P extends unknown[]>(
  cell: Cell,
  verb: Verb,
  signal: SignalDefinition<P>,
  update: UpdateDefinition<contract.CommandAnswer, P>,
): void {
  setHandler(signal, (...args: P) => {
    cell.state = enqueue(cell.state, commandItem(verb, args[0], `signal-${uuid4()}`));
  });
  const itemOf = (args: P) => commandItem(verb, args[0], currentUpdateInfo()?.id ?? `update-${uuid4()}`);
  setHandler(
    update,
    (...args: P): contract.CommandAnswer => {
      const item = itemOf(args);
      const kind = isDuplicate(cell.state, item.commandId) ? 'duplicate' : 'accepted';
      cell.state = enqueue(cell.state, item);
      return { kind, commandId: item.commandId };
    },
    { validator: (...args: P) => refuse(cell, verb, args[0]) },
  );
}

function refuse(cell: Cell, verb: Verb, payload: unknown): void {
  const refusal = refusalNow(cell.state, commandItem(verb, payload, 'validated'));
  if (refusal)
    throw ApplicationFailure.create({ type: refusal.code, message: refusal.message, nonRetryable: true });
}

function takeReport(cell: Cell, report: contract.TaskGroupReport): void {
  const { groupId, generation, kind, detail, counted, atMs } = report;
  cell.state = enqueue(cell.state, {
    kind: 'report',
    groupId,
    generation,
    report: kind,
    detail: String(detail).slice(0, 300),
    counted,
    atMs,
  });
}
