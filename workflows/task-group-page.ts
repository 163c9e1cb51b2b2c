/** The page of a task group in the Temporal UI. Sentences first, the table last: text after a table is cut off there. */
import { setCurrentDetails } from '@temporalio/workflow';
import type { PreparedGroup } from '../activities/task-group/contract.ts';
import type { GroupCell } from './task-group-cell.ts';

export function presentGroup(cell: GroupCell, prepared: Extract<PreparedGroup, { kind: 'ready' }>): void {
  const { key, state } = cell;
  const lines = [
    `Task group **${key.groupId}** of supervisor **${key.supervisorId}**, generation **${key.generation}**: ` +
      `reads its share of **${prepared.stream}** for data source **${prepared.dataSource}**.`,
    phase(cell),
    `As of ${new Date().toISOString()}.`,
    [
      '| replica | first task |',
      '| --- | --- |',
      ...prepared.replicas.map(({ replica, taskId }) => `| ${replica} | ${taskId} |`),
    ].join('\n'),
  ];
  if (state.expiries > 0) lines.splice(2, 0, `completionTimeout has passed ${state.expiries} times.`);
  setCurrentDetails(lines.join('\n\n'));
}

function phase({ state }: GroupCell): string {
  if (state.outcome) return `It is **${state.outcome.kind}**: ${state.outcome.why}.`;
  if (state.readEndedAtMs !== null)
    return `It has stopped reading at ${iso(state.readEndedAtMs)} and is **publishing**, at most ${state.settings.completionTimeoutMs / 1000} s.`;
  if (state.startedAtMs === null) return 'It **waits** for a first replica to start.';
  const until =
    state.settings.stopsItself === false
      ? 'until its supervisor says so (stopTaskCount)'
      : `until ${iso(state.startedAtMs + state.settings.taskDurationMs)} at the latest`;
  return `It is **reading** since ${iso(state.startedAtMs)}, ${until}; ${state.endedOrdinal + 1} sequences are ended.`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
