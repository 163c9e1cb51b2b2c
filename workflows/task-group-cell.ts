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
  /** The running ingest call of each replica. */
  readonly attempts: Map<number, CancellationScope>;
  readonly reports: Reports;
};

export function happened(cell: GroupCell, event: GroupEvent): void {
  const before = cell.state;
  cell.state = apply(before, event);
  if (cell.state !== before) cell.changes += 1;
}
