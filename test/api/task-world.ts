/** The task paths alone, over tasks in memory, in the situation of the recordings: one reads, one is done, one was ended. */
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { plainErrorBody, toHttpError } from '../../api/errors.ts';
import { parseJsonBody } from '../../api/json-body.ts';
import { addRoutes } from '../../api/routes.ts';
import { taskRoutes } from '../../api/task-routes.ts';
import type { SendTaskOrder } from '../../api/task-routes.ts';
import type { TaskDetail, TaskHistory, TaskListRow, TaskStore } from '../../api/task-store.ts';
import { zeroCounters } from '../../domain/counters.ts';
import type { IngestCounters } from '../../domain/counters.ts';
import type { ParseReport } from '../../domain/parse-report.ts';
import type { GenerationRow, SequenceRow } from '../../storage/generations.ts';
import type { TaskFilter } from '../../storage/tasks.ts';
import { positions } from '../storage/fixture.ts';
import { aTask, aSpecText } from '../query/system-world.ts';

const startMs = Date.parse('2026-11-21T08:41:00.237Z');

export function counted(more: Partial<IngestCounters> = {}): IngestCounters {
  return { ...zeroCounters, records: 54, processed: 50, processedWithError: 1, unparseable: 3, ...more };
}

export function aSequence(more: Partial<SequenceRow> = {}): SequenceRow {
  return {
    sequenceId: 'index_kafka_g_life_g0_2_0',
    ordinal: 0,
    state: 'open',
    final: false,
    starts: positions({ 0: 0, 1: 0 }),
    ends: null,
    incarnations: { 0: '1', 1: '1' },
    windowMinMs: null,
    windowMaxMs: null,
    createdAtMs: startMs,
    endedAtMs: null,
    publishedAtMs: null,
    discardWhy: null,
    counters: null,
    predecessorIds: [],
    ...more,
  };
}

export function aDetail(
  task: Partial<TaskListRow>,
  more: Partial<Omit<TaskDetail, 'task' | 'generation'>> & { readonly sequences?: SequenceRow[] } = {},
): TaskDetail {
  const row = aTask({ createdAtMs: startMs, ...task });
  const { sequences = [aSequence()], ...rest } = more;
  const generation: GenerationRow = {
    key: { supervisorId: row.supervisorId, groupId: row.groupId, generation: row.generation },
    term: '1',
    specVersion: 1,
    stream: 'g_main',
    dataSource: row.dataSource,
    baseSequenceName: 'index_kafka_g_life_g0_2',
    replicas: 1,
    partitions: ['0', '1'],
    state: 'reading',
    createdAtMs: startMs,
    sequences,
    tasks: [
      {
        taskId: row.taskId,
        replica: 0,
        state: row.state,
        error: row.error,
        counted: false,
        attempts: row.attempts,
        lastFailure: null,
        fruitlessAttempts: 0,
        workerId: row.workerId,
        createdAtMs: row.createdAtMs,
        endedAtMs: row.endedAtMs,
        progress: {
          epoch: '1',
          positions: positions({ 0: 30, 1: 24 }),
          counters: counted(),
          rowsPerSecond: 0,
          rowsInMemory: 51,
          bytesInMemory: 4_137,
          atMs: startMs + 5_000,
        },
      },
    ],
    control: { requestNo: 0, state: 'run', leaseUntilMs: null },
  };
  return {
    task: row,
    generation,
    specText: aSpecText,
    replaces: null,
    replacedBy: null,
    unpublished: counted(),
    ...rest,
  };
}

export const reading = aDetail({ taskId: 'index_kafka_g_life_g0_2_aaaaaaaa' });
export const done = aDetail(
  {
    taskId: 'index_kafka_g_life_g0_1_bbbbbbbb',
    generation: 1,
    state: 'SUCCESS',
    runner: 'NONE',
    endedAtMs: startMs + 65_602,
  },
  {
    unpublished: null,
    sequences: [
      aSequence({
        sequenceId: 'index_kafka_g_life_g0_1_0',
        state: 'published',
        final: true,
        ends: positions({ 0: 30, 1: 24 }),
        endedAtMs: startMs + 60_000,
        publishedAtMs: startMs + 65_000,
        counters: counted({ processedBytes: 4_137 }),
      }),
    ],
  },
);
export const ended = aDetail(
  {
    taskId: 'index_kafka_g_life_g0_3_cccccccc',
    generation: 3,
    state: 'FAILED',
    runner: 'NONE',
    error: 'Shutdown request from user',
    endedAtMs: startMs + 20_000,
  },
  { unpublished: null, replacedBy: 'index_kafka_g_life_g0_3_dddddddd' },
);

export const reports: readonly ParseReport[] = [
  {
    errorType: 'unparseable',
    input: 'this is not json',
    details: ['Unable to parse row [this is not json]'],
    partition: '0',
    position: '7',
    atMs: startMs + 1_000,
  },
];

export const history: TaskHistory = {
  attempts: [
    {
      epoch: '1',
      workerId: 'host-1',
      atMs: startMs + 500,
      records: 20,
      ending: 'lost',
      endedAtMs: startMs + 2_000,
      error: 'worker host-1 was lost',
    },
    {
      epoch: '2',
      workerId: 'host-2',
      atMs: startMs + 3_000,
      records: 54,
      ending: null,
      endedAtMs: null,
      error: null,
    },
  ],
  checkpoints: [{ atMs: startMs + 1_500, epoch: '1', files: 2, sequenceIds: ['index_kafka_g_life_g0_2_0'] }],
  publishes: [
    {
      atMs: startMs + 65_000,
      sequenceId: 'index_kafka_g_life_g0_1_0',
      taskId: done.task.taskId,
      commitSeq: '1',
      segments: 1,
      rows: 51,
      bytes: 3_140,
    },
  ],
  story: [{ atMs: startMs + 2_500, kind: 'taskLost', text: 'the next attempt\nreads again' }],
};

export type TaskWorld = {
  readonly server: FastifyInstance;
  /** What the task store was asked for. */
  readonly filters: TaskFilter[];
  /** Orders sent, as `supervisor verb task`. */
  readonly sent: string[];
};

/** `details`: the tasks there are. */
export function aTaskWorld(
  details: readonly TaskDetail[] = [reading, done, ended],
  send?: SendTaskOrder,
): TaskWorld {
  const filters: TaskFilter[] = [];
  const sent: string[] = [];
  const rows = details.map(({ task }) => task);
  const tasks: TaskStore = {
    list: async (filter) => {
      filters.push(filter);
      const isComplete = (row: TaskListRow): boolean => row.state !== 'RUNNING';
      return rows
        .filter((row) => filter.dataSource === undefined || row.dataSource === filter.dataSource)
        .filter((row) => {
          if (filter.state === undefined) return true;
          return filter.state === 'complete' ? isComplete(row) : row.runner === filter.state.toUpperCase();
        });
    },
    find: async (ids) => rows.filter(({ taskId }) => ids.includes(taskId)),
    runningOf: async (dataSource) =>
      rows.filter((row) => row.dataSource === dataSource && row.state === 'RUNNING'),
    read: async (id) => details.find(({ task }) => task.taskId === id) ?? null,
    history: async () => history,
    parseReports: async () => [...reports],
  };
  const server = fastify({ routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_000 } });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done_) => {
    try {
      done_(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done_(error as Error);
    }
  });
  server.setErrorHandler((error, request, reply) => {
    const http = toHttpError(error, request.id);
    return reply
      .code(http.status)
      .type('application/json')
      .send(JSON.stringify(plainErrorBody(http)));
  });
  const sendOrder: SendTaskOrder = async (order) => {
    sent.push(`${order.supervisorId} ${order.verb} ${order.input.taskId}`);
    return send?.(order) ?? { kind: 'done', commandId: 'c1', outcome: { summary: 'it is being replaced' } };
  };
  addRoutes(server, taskRoutes({ tasks, sendOrder }));
  return { server, filters, sent };
}
