/**
 * A task in Druid's shapes: its status, its payload made from the spec version it runs, and its reports. Pure.
 *
 * A report of a task that has ended is made from what was published, so it is there as long as the task's row is.
 */
import { addCounters, zeroCounters } from '../domain/counters.ts';
import type { IngestCounters } from '../domain/counters.ts';
import type { ParseReport } from '../domain/parse-report.ts';
import type { Positions } from '../domain/positions.ts';
import { renderSpec } from '../domain/spec/render-spec.ts';
import { hostAndPort } from '../query/system-rows/address.ts';
import { taskDurationMs, taskGroupName, taskType } from '../query/system-rows/tasks.ts';
import type { Answer } from './json-answer.ts';
import { parseErrorsPayload } from './parse-errors.ts';
import type { TaskDetail, TaskListRow } from './task-store.ts';

type Members = { readonly [key: string]: Answer };

/** Druid's end of a partition nobody has given an end to. */
const openEnd = 9_223_372_036_854_775_807n;

/** Druid's TaskStatusPlus. */
export function taskStatus(task: TaskListRow): Members {
  const createdTime = iso(task.createdAtMs);
  return {
    id: task.taskId,
    groupId: taskGroupName(task),
    type: taskType,
    createdTime,
    queueInsertionTime: createdTime,
    statusCode: task.state,
    status: task.state,
    runnerStatusCode: task.runner,
    duration: taskDurationMs(task),
    location: location(task),
    dataSource: task.dataSource,
    errorMsg: task.error,
  };
}

/** Druid's shorter TaskStatus. */
export function shortStatus(task: TaskListRow): Members {
  return {
    id: task.taskId,
    status: task.state,
    duration: taskDurationMs(task),
    errorMsg: task.error,
    location: location(task),
  };
}

function location({ address }: TaskListRow): Members {
  const { host, port } = hostAndPort(address);
  return { host, port, tlsPort: -1 };
}

/** What Druid's console does not know of and an operator wants. */
export function taskFacts({ task, generation, replaces, replacedBy }: TaskDetail): Members {
  return {
    supervisorId: task.supervisorId,
    taskGroupId: task.groupId,
    generation: task.generation,
    replica: task.replica,
    specVersion: generation.specVersion,
    partitions: generation.partitions,
    attempts: task.attempts,
    worker: task.workerId,
    replaces,
    replacedBy,
  };
}

export function taskPayload(detail: TaskDetail): Members {
  const { task, generation } = detail;
  const spec = specParts(detail.specText);
  const { dataSchema, ioConfig, tuningConfig } = spec;
  const { consumerProperties, inputFormat, configOverrides, pollTimeout } = ioConfig;
  const first = generation.sequences[0];
  const last = generation.sequences.at(-1);
  const starts = numbers(first?.starts ?? {});
  const ends = last?.final && last.ends ? numbers(last.ends) : openEnds(generation.partitions);
  return {
    type: taskType,
    id: task.taskId,
    resource: { availabilityGroup: generation.baseSequenceName, requiredCapacity: 1 },
    dataSchema,
    tuningConfig: { ...tuningConfig, type: 'KafkaTuningConfig' },
    ioConfig: {
      type: 'kafka',
      taskGroupId: task.groupId,
      baseSequenceName: generation.baseSequenceName,
      startPartitions: sequenceNumbers('end', generation.stream, starts),
      endPartitions: sequenceNumbers('end', generation.stream, ends),
      startSequenceNumbers: {
        ...sequenceNumbers('start', generation.stream, starts),
        exclusivePartitions: [],
      },
      endSequenceNumbers: sequenceNumbers('end', generation.stream, ends),
      consumerProperties,
      pollTimeout: pollTimeout ?? 100,
      useTransaction: true,
      minimumMessageTime: isoOrNothing(first?.windowMinMs),
      maximumMessageTime: isoOrNothing(first?.windowMaxMs),
      inputFormat,
      configOverrides: configOverrides ?? null,
      multiTopic: typeof ioConfig['topicPattern'] === 'string',
    },
    context: taskContext(detail),
    groupId: taskGroupName(task),
    dataSource: task.dataSource,
  };
}

/** Druid keeps its checkpoints as a text in the context: starts by ordinal. */
function taskContext({ generation, specText }: TaskDetail): Members {
  const checkpoints = Object.fromEntries(
    generation.sequences.map(({ ordinal, starts }) => [ordinal, numbersText(starts)]),
  );
  const text = Object.entries(checkpoints).map(([ordinal, starts]) => `"${ordinal}":${starts}`);
  return {
    ...specParts(specText).context,
    checkpoints: `{${text.join(',')}}`,
    IS_INCREMENTAL_HANDOFF_SUPPORTED: true,
  };
}

function numbersText(positions: Positions): string {
  return `{${Object.entries(positions)
    .map(([partition, at]) => `${JSON.stringify(partition)}:${at}`)
    .join(',')}}`;
}

function sequenceNumbers(type: 'start' | 'end', stream: string, map: Members): Members {
  return { type, stream, topic: stream, partitionSequenceNumberMap: map, partitionOffsetMap: map };
}

function openEnds(partitions: readonly string[]): Members {
  return Object.fromEntries(partitions.map((partition) => [partition, openEnd]));
}

type SpecParts = Readonly<Record<'dataSchema' | 'ioConfig' | 'tuningConfig' | 'context', Members>>;

/** Secrets are masked. The nested or the flat form; parts that are not there are empty. */
function specParts(specText: string | null): SpecParts {
  const root = membersOf(specText === null ? {} : (JSON.parse(renderSpec(specText)) as Answer));
  const inner = membersOf(root['spec']);
  const part = (name: string): Members => membersOf(inner[name] ?? root[name]);
  return {
    dataSchema: part('dataSchema'),
    ioConfig: part('ioConfig'),
    tuningConfig: part('tuningConfig'),
    context: membersOf(root['context'] ?? inner['context']),
  };
}

function membersOf(value: Answer): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

/** All it has read: what was published, and what the task still holds. Of a task that failed: what it said last. */
export function taskCounters({ task, generation, unpublished }: TaskDetail): IngestCounters {
  if (task.state === 'FAILED')
    return generation.tasks.find(({ taskId }) => taskId === task.taskId)?.progress?.counters ?? zeroCounters;
  const published = generation.sequences.reduce(
    (sum, { counters }) => (counters === null ? sum : addCounters(sum, counters)),
    zeroCounters,
  );
  return task.state === 'RUNNING' && unpublished !== null ? addCounters(published, unpublished) : published;
}

export function taskReports(detail: TaskDetail, reports: readonly ParseReport[]): Members {
  const { task, generation } = detail;
  const { processed, processedBytes, processedWithError, thrownAway, unparseable, thrownAwayByReason } =
    taskCounters(detail);
  const isWhole = task.state === 'SUCCESS';
  return {
    ingestionStatsAndErrors: {
      type: 'ingestionStatsAndErrors',
      taskId: task.taskId,
      payload: {
        ingestionState: isWhole ? 'COMPLETED' : task.attempts > 0 ? 'BUILD_SEGMENTS' : 'NOT_STARTED',
        unparseableEvents: {
          buildSegments: parseErrorsPayload(
            reports.filter((report) => isOf(detail, report)),
            null,
          ),
        },
        rowStats: {
          buildSegments: {
            processed,
            processedBytes,
            processedWithError,
            thrownAway,
            unparseable,
            thrownAwayByReason,
          },
        },
        errorMsg: task.error,
        // A segment can be queried from its commit on: there is nothing to wait for.
        segmentAvailabilityConfirmed: isWhole,
        segmentAvailabilityWaitTimeMs: 0,
        startingOffsets: numbers(generation.sequences[0]?.starts ?? {}),
        endOffsets: numbers(reached(detail)),
      },
    },
    taskContext: { type: 'taskContext', taskId: task.taskId, payload: taskContext(detail) },
  };
}

/** The record lies in what its generation reads. */
function isOf(detail: TaskDetail, { partition, position }: ParseReport): boolean {
  const start = detail.generation.sequences[0]?.starts[partition];
  if (start === undefined || !/^\d+$/.test(position) || BigInt(position) < BigInt(start)) return false;
  const last = detail.generation.sequences.at(-1);
  const end = last?.final ? last.ends?.[partition] : undefined;
  return end === undefined || BigInt(position) < BigInt(end);
}

/** How far it has come: what was said last, else the end of what was published. */
function reached({ task, generation }: TaskDetail): Positions {
  const ends = generation.sequences.filter(({ state }) => state === 'published').at(-1)?.ends ?? {};
  if (task.state === 'SUCCESS') return ends;
  return generation.tasks.find(({ taskId }) => taskId === task.taskId)?.progress?.positions ?? ends;
}

/** Bare digits over HTTP (protocol.md 1). */
function numbers(positions: Positions): { readonly [partition: string]: bigint } {
  return Object.fromEntries(Object.entries(positions).map(([partition, at]) => [partition, BigInt(at)]));
}

function isoOrNothing(ms: number | null | undefined): string | undefined {
  return ms === null || ms === undefined ? undefined : iso(ms);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
