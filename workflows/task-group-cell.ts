/** What the loop, the handlers and the replicas of one task group share. */
import type { CancellationScope } from '@temporalio/workflow';
import type { GenerationKey } from '../domain/ids.ts';
import { apply } from '../domain/task-group/state.ts';
import type { GroupEvent, GroupState } from '../domain/task-group/state.ts';
import type { TaskGroupInput } from './contract.ts';
import type { Reports } from './task-group-reports.ts';

export type GroupCell = {
  readonly input: TaskGroupInput;
  readonly key: GenerationKey;
  state: GroupState;
  /** Grows with every event, so that a wait ends when anything happened. */
  changes: number;
  /** The running ingest call of each replica, or its pause before the next one. */
  readonly attempts: Map<number, { readonly taskId: string; readonly scope: CancellationScope }>;
  /** Tasks an operator wants gone, and who said so. */
  readonly shutdowns: Map<string, string>;
  readonly reports: Reports;
};

/** Each of these tasks begins anew: the same one from its checkpoint, or its successor. */
export function cancelAttempts(cell: GroupCell, taskIds: readonly string[]): void {
  for (const { taskId, scope } of cell.attempts.values()) if (taskIds.includes(taskId)) scope.cancel();
}

export function happened(cell: GroupCell, event: GroupEvent): void {
  const before = cell.state;
  cell.state = apply(before, event);
  if (cell.state !== before) cell.changes += 1;
}
