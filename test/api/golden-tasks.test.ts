/**
 * Every recorded answer of Druid's task paths: same path, same code, same type, same shape. What differs on purpose is said
 * in `differs`, with its reason; each of those has a test of what we answer instead.
 */
import { describe, expect, it } from 'vitest';
import { recordingsIn, shapeProblems } from '../query/system-golden.ts';
import type { Recording } from '../query/system-golden.ts';
import { aDetail, aTaskWorld, counted, done, ended, history, reading } from './task-world.ts';
import { taskLog } from '../../api/task-log.ts';
import { taskCounters } from '../../api/task-answers.ts';
import { json } from './fakes.ts';

const all = recordingsIn('druid-golden-tasks');

/** The recorded ids, by what they were at that moment. */
const ours: Readonly<Record<string, string>> = {
  index_kafka_g_life_abd9f78cd487931_poieinnd: reading.task.taskId,
  index_kafka_g_life_abd9f78cd487931_gfckaaoe: done.task.taskId,
  // The report was recorded after its shutdown.
  index_kafka_g_life_abd9f78cd487931_jnlgncba: ended.task.taskId,
};

function ask(one: Recording, world = aTaskWorld()) {
  const path = one.request.path.replace(/index_kafka_\w+/, (id) => ours[id] ?? id);
  const { body, method } = one.request;
  return world.server.inject({
    method: method as 'GET' | 'POST',
    url: path,
    ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }),
  });
}

/** Recorded before there was a task, or a complete one. */
const emptyThen = /^(empty-014|tasks-005|tasks-013)-/;

const differs: Readonly<Record<string, string>> = {
  'tasks-014-list-createdTimeInterval-bad':
    'a wrong interval is 400 with a sentence, not 500 with a stack trace',
  'tasks-019-task': 'the spec is shown as it was posted, so fields that were not posted may be missing',
  'verbs-052-done-task': 'as tasks-019',
  'tasks-023-task-log-offset-800': 'our log is made from rows, so it is short',
  'tasks-028-lockedIntervals-v2': 'the error is {"error"}, not a bare text',
  'unknown-019-task': 'errors are JSON',
  'unknown-020-task-status': 'errors are JSON',
  'unknown-022-task-log': 'errors are JSON',
  'unknown-023-task-segments': 'errors are JSON',
  'tasks-022-task-segments': 'one sentence and the error code are added',
  'verbs-055-done-task-segments': 'one sentence and the error code are added',
  'verbs-050-task-report-after-shutdown': 'no recordsProcessed, starting and end offsets instead',
  'tasks-026-workers': 'of the worker paths, tested there',
};

const same = all.filter(({ file }) => differs[file] === undefined);

describe('recorded answers of the task paths', () => {
  it('are all here', () => {
    expect(all).toHaveLength(32);
    expect(Object.keys(differs).filter((name) => !all.some(({ file }) => file === name))).toEqual([]);
  });

  it.each(same.map((one) => [one.file, one] as const))('%s', async (file, one) => {
    const isEmpty = emptyThen.test(file);
    const answer = await ask(one, isEmpty ? aTaskWorld([]) : aTaskWorld());
    expect(answer.statusCode).toBe(one.response.status);
    const type = one.response.headers['content-type'];
    if (type !== undefined) expect(answer.headers['content-type']).toContain(type);
    if (one.response.empty) return expect(answer.body).toBe('');
    if (typeof one.response.body === 'string') return expect(answer.body.length).toBeGreaterThan(0);
    expect(
      shapeProblems(answer.json(), one.response.body, { added: ['headgate', 'thrownAwayByReason'] }),
    ).toEqual([]);
    if (Array.isArray(one.response.body) && one.response.body.length === 0) expect(answer.json()).toEqual([]);
  });

  it.each([
    'unknown-019-task',
    'unknown-020-task-status',
    'unknown-022-task-log',
    'unknown-023-task-segments',
  ])('%s: Druid’s words as {"error"}', async (file) => {
    const one = all.find((candidate) => candidate.file === file);
    const answer = await ask(one!);
    expect([answer.statusCode, answer.json()]).toMatchObject([404, { error: one!.response.body }]);
  });

  it.each(['tasks-022-task-segments', 'verbs-055-done-task-segments'])('%s', async (file) => {
    const one = all.find((candidate) => candidate.file === file)!;
    const answer = await ask(one);
    expect(answer.statusCode).toBe(404);
    const { error } = one.response.body as { error: string };
    expect(answer.json<{ error: string }>().error.startsWith(error)).toBe(true);
  });

  it.each([
    ['tasks-014-list-createdTimeInterval-bad', 'createdTimeInterval: found "bad"'],
    ['tasks-028-lockedIntervals-v2', 'No filter provided'],
  ])('%s: 400 with a sentence', async (file, sentence) => {
    const answer = await ask(all.find((candidate) => candidate.file === file)!);
    expect([answer.statusCode, answer.json<{ error: string }>().error]).toEqual([
      400,
      expect.stringContaining(sentence),
    ]);
  });

  it.each(['tasks-019-task', 'verbs-052-done-task'])('%s: the same parts of the payload', async (file) => {
    const one = all.find((candidate) => candidate.file === file)!;
    const wanted = one.response.body as { payload: Record<string, unknown> };
    const got = (await ask(one)).json<typeof wanted>();
    expect(Object.keys(got.payload).sort()).toEqual(Object.keys(wanted.payload).sort());
    // What nobody posted is not shown, and settings of mechanisms we do not have are not either.
    const filled = /^\$\.payload\.(dataSchema|tuningConfig|context)\.|\.refreshRejectionPeriodsInMinutes:/;
    const problems = shapeProblems(got, wanted).filter((problem) => !filled.test(problem));
    expect(problems).toEqual([]);
    expect(got.payload).toMatchObject({
      type: 'index_kafka',
      dataSource: 'g_life',
      groupId: 'index_kafka_g_life',
      ioConfig: { startSequenceNumbers: { type: 'start', partitionOffsetMap: { 0: 0, 1: 0 } } },
    });
  });

  it('verbs-050-task-report-after-shutdown: the counters it had, and the error', async () => {
    const one = all.find(({ file }) => file.startsWith('verbs-050'))!;
    const got = (await ask(one)).json();
    expect(
      shapeProblems(got, one.response.body, {
        added: ['startingOffsets', 'endOffsets', 'thrownAwayByReason', 'partition', 'offset'],
      }).filter((problem) => !/recordsProcessed|useLineage|forceTimeChunkLock/.test(problem)),
    ).toEqual([]);
    expect(got).toMatchObject({
      ingestionStatsAndErrors: {
        payload: {
          ingestionState: 'BUILD_SEGMENTS',
          errorMsg: 'Shutdown request from user',
          rowStats: { buildSegments: { processed: 50, processedWithError: 1, unparseable: 3 } },
          endOffsets: { 0: 30, 1: 24 },
        },
      },
    });
  });
});

describe('task paths', () => {
  const list = '/druid/indexer/v1/tasks';

  it('passes every filter on', async () => {
    const { server, filters } = aTaskWorld();
    await server.inject(
      `${list}?state=COMPLETE&datasource=a&max=3&createdTimeInterval=2026-01-01_2026-01-02T00:00:00Z&type=index_kafka`,
    );
    expect(filters).toEqual([
      {
        state: 'complete',
        dataSource: 'a',
        completeMax: 3,
        createdFromMs: Date.parse('2026-01-01'),
        createdBeforeMs: Date.parse('2026-01-02'),
        limit: 20_000,
      },
    ]);
  });

  it.each([
    [`${list}?state=dead`, 'Invalid state : dead, valid values are: [pending, waiting, running, complete]'],
    [`${list}?max=-1`, 'max: found "-1"'],
    [`${list}?createdTimeInterval=2026-01-02/2026-01-01`, 'createdTimeInterval: found'],
    [`/druid/indexer/v1/task/${reading.task.taskId}/log?offset=x`, 'offset: found "x"'],
    ['/druid/indexer/v1/task/a%00b', 'NUL'],
  ])('refuses %s', async (url, sentence) => {
    const answer = await aTaskWorld().server.inject(url);
    expect([answer.statusCode, answer.json<{ error: string }>().error]).toEqual([
      400,
      expect.stringContaining(sentence),
    ]);
  });

  it('lists another type, or a data source no name can have, as nothing', async () => {
    const { server, filters } = aTaskWorld();
    expect((await server.inject(`${list}?type=compact`)).json()).toEqual([]);
    expect((await server.inject(`${list}?datasource=a%00`)).json()).toEqual([]);
    expect(filters).toEqual([]);
  });

  it('refuses to make a task, and says how one comes to be', async () => {
    const answer = await aTaskWorld().server.inject({
      method: 'POST',
      url: '/druid/indexer/v1/task',
      headers: json,
      body: '{"type":"index_parallel"}',
    });
    expect([answer.statusCode, answer.body]).toEqual([
      501,
      expect.stringContaining('tasks are made by supervisors'),
    ]);
  });

  it('answers the status of several tasks at once, unknown ones left out', async () => {
    const post = (body: string) =>
      aTaskWorld().server.inject({
        method: 'POST',
        url: '/druid/indexer/v1/taskStatus',
        headers: json,
        body,
      });
    expect((await post(JSON.stringify([done.task.taskId, 'nope']))).json()).toEqual({
      [done.task.taskId]: {
        id: done.task.taskId,
        status: 'SUCCESS',
        duration: 65_602,
        errorMsg: null,
        location: { host: 'localhost', port: 8100, tlsPort: -1 },
      },
    });
    expect((await post('{}')).statusCode).toBe(400);
  });

  it('shutdown sends one order to its supervisor, and none for a task that has ended', async () => {
    const { server, sent } = aTaskWorld();
    const shutDown = (id: string) =>
      server.inject({ method: 'POST', url: `/druid/indexer/v1/task/${id}/shutdown?wait=true` });
    expect((await shutDown(reading.task.taskId)).json()).toEqual({
      task: reading.task.taskId,
      commandId: 'c1',
      state: 'done',
      outcome: { summary: 'it is being replaced' },
    });
    expect((await shutDown(done.task.taskId)).json()).toEqual({ task: done.task.taskId });
    expect((await shutDown('nope')).statusCode).toBe(404);
    expect(sent).toEqual([`g_life shutdownTask ${reading.task.taskId}`]);
  });

  it('a refused order is 400 with its reason', async () => {
    const { server } = aTaskWorld(undefined, async () => ({
      kind: 'refused',
      commandId: 'c9',
      outcome: { summary: 'it has published everything' },
    }));
    const answer = await server.inject({
      method: 'POST',
      url: `/druid/indexer/v1/task/${reading.task.taskId}/shutdown`,
    });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      400,
      { error: 'it has published everything', commandId: 'c9' },
    ]);
  });

  it('shutdownAllTasks ends the running ones of a data source', async () => {
    const { server, sent } = aTaskWorld();
    const answer = await server.inject({
      method: 'POST',
      url: '/druid/indexer/v1/datasources/g_life/shutdownAllTasks',
    });
    expect(answer.json()).toEqual({ dataSource: 'g_life' });
    expect(sent).toEqual([`g_life shutdownTask ${reading.task.taskId}`]);
  });

  it('one that has ended meanwhile does not keep the others of a data source from being told', async () => {
    const two = ['t1', 't2'].map((taskId) => aDetail({ taskId, dataSource: 'g_life', state: 'RUNNING' }));
    const { server, sent } = aTaskWorld(two, async ({ input }) => ({
      kind: input.taskId === 't1' ? 'refused' : 'done',
      commandId: 'c9',
      outcome: { summary: 'task t1 is SUCCESS already' },
    }));
    const url = '/druid/indexer/v1/datasources/g_life/shutdownAllTasks';
    const answer = await server.inject({ method: 'POST', url });
    expect([answer.statusCode, answer.json()]).toEqual([200, { dataSource: 'g_life', refused: ['t1'] }]);
    expect(sent).toHaveLength(2);
  });

  it.each(['?dryRun=true', '?wait=perhaps'])('shutdown%s ends nothing', async (query) => {
    const { server, sent } = aTaskWorld();
    for (const path of [`task/${reading.task.taskId}/shutdown`, 'datasources/g_life/shutdownAllTasks']) {
      const answer = await server.inject({ method: 'POST', url: `/druid/indexer/v1/${path}${query}` });
      expect(answer.statusCode).toBe(400);
    }
    expect(sent).toEqual([]);
  });

  it('a payload shows no secret', async () => {
    const specText = JSON.stringify({
      type: 'kafka',
      spec: {
        dataSchema: { dataSource: 'g_life' },
        ioConfig: {
          topic: 'g_main',
          consumerProperties: { 'ssl.key.password': 'CANARY', 'bootstrap.servers': 'a:1' },
        },
      },
    });
    const world = aTaskWorld([aDetail({ taskId: 't' }, { specText })]);
    const answer = await world.server.inject('/druid/indexer/v1/task/t');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).not.toContain('CANARY');
    expect(answer.body).toContain('9223372036854775807');
  });

  it('counts what was published and what it still holds; of a failed task what it said last', () => {
    const both = aDetail({}, { sequences: [...done.generation.sequences], unpublished: counted() });
    expect(taskCounters(both)).toMatchObject({ processed: 100, records: 108 });
    expect(taskCounters(done)).toMatchObject({ processed: 50 });
    expect(taskCounters(ended)).toMatchObject({ processed: 50 });
    expect(taskCounters(aDetail({ attempts: 0 }, { unpublished: null }))).toMatchObject({ processed: 0 });
  });
});

describe('the log of a task', () => {
  it('tells its life in order, one line each', () => {
    const lines = taskLog(reading, history).trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      expect.stringMatching(
        /^INFO {2}task index_kafka_g_life_g0_2_aaaaaaaa created: supervisor g_life, group 0/,
      ),
      'INFO  sequence index_kafka_g_life_g0_2_0 reads from 0:0 1:0',
      'INFO  attempt with lease epoch 1 begins on worker host-1',
      'INFO  checkpoint of index_kafka_g_life_g0_2_0: 2 files are durable (lease epoch 1)',
      'WARN  attempt with lease epoch 1 was lost after 20 records: worker host-1 was lost',
      'WARN  the next attempt | reads again',
      'INFO  attempt with lease epoch 2 begins on worker host-2',
      expect.stringMatching(/^INFO {2}at 0:30 1:24: 54 records read, 50 rows processed/),
    ]);
    const times = lines.map((line) => line.split(' ')[0] ?? '');
    expect([...times].sort()).toEqual(times);
  });

  it('ends with what was published and how the task ended', () => {
    expect(taskLog(done, history)).toContain(
      'published by this task as commit 1: 1 segments, 51 rows, 3140 bytes; 54 records read',
    );
    expect(taskLog(ended, history)).toMatch(
      /ERROR task ended as FAILED: Shutdown request from user; \S+_dddddddd takes its place\n/,
    );
  });

  it('is cut in bytes, from the front or from the end', async () => {
    const { server } = aTaskWorld();
    const get = async (query: string) =>
      (await server.inject(`/druid/indexer/v1/task/${done.task.taskId}/log${query}`)).body;
    const whole = await get('');
    expect(await get('?offset=10')).toBe(whole.slice(10));
    expect(await get('?offset=-20')).toBe(whole.slice(-20));
    expect(await get('?offset=-1000000')).toBe(whole);
    expect(await get('?offset=1000000')).toBe('');
  });
});
