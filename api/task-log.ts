/**
 * The log of a task: one line for each thing Postgres knows to have happened to it, oldest first. Pure.
 *
 * Workers write their own logs elsewhere and come and go; these lines are there as long as the task's row is.
 */
import type { IngestCounters } from '../domain/counters.ts';
import type { Positions } from '../domain/positions.ts';
import type { TaskDetail, TaskHistory } from './task-store.ts';

type Line = { readonly atMs: number; readonly level: 'INFO' | 'WARN' | 'ERROR'; readonly text: string };

const partitionsShown = 8;
/** Kinds of story lines that are bad news. */
const bad: ReadonlySet<string> = new Set(['taskLost', 'taskFailed', 'trouble', 'discarded', 'halted', 'gap']);

export function taskLog(detail: TaskDetail, history: TaskHistory): string {
  const lines = [
    created(detail),
    ...attemptLines(history),
    ...history.checkpoints.map(checkpointLine),
    ...sequenceLines(detail, history),
    ...history.story.map(({ atMs, kind, text }): Line => ({
      atMs,
      level: bad.has(kind) ? 'WARN' : 'INFO',
      text,
    })),
    ...progressLines(detail),
    ...endLines(detail),
  ];
  return lines
    .map((line, place) => ({ line, place }))
    .sort((left, right) => left.line.atMs - right.line.atMs || left.place - right.place)
    .map(({ line }) => `${new Date(line.atMs).toISOString()} ${line.level.padEnd(5)} ${oneLine(line.text)}\n`)
    .join('');
}

function created({ task, generation, replaces }: TaskDetail): Line {
  const instead = replaces === null ? '' : `, in place of ${replaces}`;
  return {
    atMs: task.createdAtMs,
    level: 'INFO',
    text:
      `task ${task.taskId} created${instead}: supervisor ${task.supervisorId}, group ${task.groupId}, ` +
      `generation ${task.generation}, replica ${task.replica} of ${generation.replicas}, spec version ` +
      `${generation.specVersion}, ${generation.partitions.length} partitions of ${generation.stream}`,
  };
}

function attemptLines({ attempts }: TaskHistory): Line[] {
  return attempts.flatMap(({ epoch, workerId, atMs, records, ending, endedAtMs, error }): Line[] => {
    const where = workerId === null ? '' : ` on worker ${workerId}`;
    const begun: Line = { atMs, level: 'INFO', text: `attempt with lease epoch ${epoch} begins${where}` };
    if (ending === null || endedAtMs === null) return [begun];
    const text = `attempt with lease epoch ${epoch} ${endings[ending]} after ${records} records`;
    const level = ending === 'failed' || ending === 'lost' ? 'WARN' : 'INFO';
    return [begun, { atMs: endedAtMs, level, text: error === null ? text : `${text}: ${error}` }];
  });
}

const endings = {
  failed: 'failed',
  lost: 'was lost',
  handedOver: 'was handed over by a stopping worker',
  cancelled: 'was cancelled',
  gaveWay: 'gave its slot back until its predecessor is published,',
} as const;

function checkpointLine({ atMs, epoch, files, sequenceIds }: TaskHistory['checkpoints'][number]): Line {
  const text = `checkpoint of ${sequenceIds.join(', ')}: ${files} files are durable (lease epoch ${epoch})`;
  return { atMs, level: 'INFO', text };
}

function sequenceLines({ task, generation }: TaskDetail, { publishes }: TaskHistory): Line[] {
  return generation.sequences.flatMap((sequence): Line[] => {
    const { sequenceId, createdAtMs, endedAtMs, ends, final, starts } = sequence;
    const lines: Line[] = [
      { atMs: createdAtMs, level: 'INFO', text: `sequence ${sequenceId} reads from ${positions(starts)}` },
    ];
    if (endedAtMs !== null && ends !== null)
      lines.push({
        atMs: endedAtMs,
        level: 'INFO',
        text: `sequence ${sequenceId} ends at ${positions(ends)}${final ? '; nothing follows' : '; the next one goes on'}`,
      });
    const publish = publishes.find((candidate) => candidate.sequenceId === sequenceId);
    if (publish !== undefined) lines.push(publishLine(task.taskId, publish, sequence.counters));
    if (sequence.discardWhy !== null)
      lines.push({
        atMs: endedAtMs ?? createdAtMs,
        level: 'WARN',
        text: `sequence ${sequenceId} was discarded: ${sequence.discardWhy}; its records are read again`,
      });
    return lines;
  });
}

function publishLine(
  taskId: string,
  publish: TaskHistory['publishes'][number],
  counters: IngestCounters | null,
): Line {
  const who = publish.taskId === taskId ? 'by this task' : `by its replica ${publish.taskId}`;
  return {
    atMs: publish.atMs,
    level: 'INFO',
    text:
      `sequence ${publish.sequenceId} published ${who} as commit ${publish.commitSeq}: ${publish.segments} segments, ` +
      `${publish.rows} rows, ${publish.bytes} bytes${counters === null ? '' : `; ${fates(counters)}`}`,
  };
}

function progressLines({ task, generation }: TaskDetail): Line[] {
  const progress = generation.tasks.find(({ taskId }) => taskId === task.taskId)?.progress ?? null;
  if (progress === null || task.state !== 'RUNNING') return [];
  const text =
    `at ${positions(progress.positions)}: ${fates(progress.counters)}; ${progress.rowsInMemory} rows in memory, ` +
    `${progress.rowsPerSecond} records per second`;
  return [{ atMs: progress.atMs, level: 'INFO', text }];
}

function endLines({ task, replacedBy }: TaskDetail): Line[] {
  if (task.endedAtMs === null) return [];
  const next = replacedBy === null ? '' : `; ${replacedBy} takes its place`;
  const why = task.error === null ? '' : `: ${task.error}`;
  const level = task.state === 'FAILED' ? 'ERROR' : 'INFO';
  return [{ atMs: task.endedAtMs, level, text: `task ended as ${task.state}${why}${next}` }];
}

function fates(counters: IngestCounters): string {
  const { records, processed, processedWithError, unparseable, thrownAway } = counters;
  return (
    `${records} records read, ${processed} rows processed, ${processedWithError} with an error, ` +
    `${unparseable} unparseable, ${thrownAway} thrown away`
  );
}

function positions(of: Positions): string {
  const all = Object.entries(of).map(([partition, at]) => `${partition}:${at}`);
  const more = all.length - partitionsShown;
  return more > 0 ? `${all.slice(0, partitionsShown).join(' ')} and ${more} more` : all.join(' ');
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' | ');
}
