/**
 * Every recorded answer of Druid 33 about supervisors: same path, same code, same shape, and for a status the same values
 * where the world is the same. What differs on purpose is in the tables below, each with its reason (design 9 and 10).
 *
 * The histories of states ("follow" recordings) are orders of states in time; the state machine's tests have those.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toPosition } from '../../domain/positions.ts';
import type { Positions } from '../../domain/positions.ts';
import { shapeProblems } from '../query/system-golden.ts';
import type { Recording } from '../query/system-golden.ts';
import { aRow, aStatus, aWorld, json } from './fakes.ts';
import type { FakeWorld } from './fakes.ts';
import { aGeneration, aLook } from './supervisor-rows.ts';

const folder = join(import.meta.dirname, '../fixtures/druid-golden-supervisors');

type Golden = Omit<Recording, 'request'> & {
  readonly request: Omit<Recording['request'], 'body'> & {
    readonly contentType?: string;
    readonly body?: unknown;
  };
};

const recordings: readonly Golden[] = readdirSync(folder)
  .sort()
  .map((file) => ({
    file: file.replace(/\.json$/, ''),
    ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<Golden, 'file'>),
  }));

/** Another code, on purpose. */
const otherCodes: Readonly<Record<string, readonly [status: number, why: string]>> = {
  'clean-002-handoff': [202, 'as newer versions of Druid: accepted, and no body'],
  'verbs-004-handoff-unknown-group': [202, 'as newer versions of Druid'],
  'verbs-005-handoff': [202, 'as newer versions of Druid'],
  'life-014-history-count-0': [400, 'as newer versions of Druid: count is 1 or more'],
  'verbs-031-resetOffsets-start-type': [400, 'what a caller sent is never a 500'],
  'verbs-034-resetOffsets-empty-map': [400, 'an order that names no partition is a mistake, not a success'],
  'verbs-040-resetOffsets-null': [400, 'null is no order to read everything again'],
};

/** Members we add. Errors: a code for programs, and what the error is about. */
const added = [
  ...[
    'id',
    'dataSource',
    'modified',
    'restarted',
    'takesEffect',
    'note',
    'warnings',
    'warning',
    'headgate',
    'specVersion',
  ],
  ...['errorCode', 'supervisorId', 'problems', 'partition', 'offset'],
];

/** Left out while no partition of the stream has been seen, where 33 has an empty map. */
const absentWithoutPartitions = /\.(latestOffsets|offsetsLastUpdated): missing$/;
/** Where a lag is below 0 Druid says so, and sums it as 0; here it is unknown, and the supervisor UNHEALTHY. */
const beyondTheEnd = ['trouble-026-topic-recreated-status', 'trouble-038-offset-beyond-status'];
const absentBeyondTheEnd = /(\.lag\.0|\.minimumLag\.0|\.aggregateLag): missing$/;

function isOnPurpose(one: Golden, problem: string): boolean {
  if (isSpecProblem(problem)) return true;
  if (beyondTheEnd.includes(one.file) && absentBeyondTheEnd.test(problem)) return true;
  return payloadOf(one)?.partitions === 0 && absentWithoutPartitions.test(problem);
}

/** What a supervisor's own world says, not its shape. */
const isSpecProblem = (problem: string): boolean => /\.consumerProperties\./.test(problem);

const lifeSpec = recordings.find(({ file }) => file === 'life-001-create')?.request.body as object;

function idOf({ request }: Golden): string {
  return /supervisor\/([^/?]+)/.exec(request.path)?.[1] ?? 'g_life';
}

/** The spec of the recordings under another name; they differ in that only. */
function specTextOf(id: string, suspended: boolean, stream = 'g_main'): string {
  const text = JSON.stringify(lifeSpec).replaceAll('g_life', id).replaceAll('g_main', stream);
  return JSON.stringify({ ...(JSON.parse(text) as object), suspended });
}

type Payload = {
  readonly state: 'RUNNING';
  readonly detailedState: 'RUNNING';
  readonly healthy: boolean;
  readonly suspended: boolean;
  readonly stream: string;
  readonly partitions: number;
  readonly recentErrors: readonly never[];
  readonly activeTasks: readonly RecordedTask[];
  readonly publishingTasks: readonly RecordedTask[];
  readonly latestOffsets?: Readonly<Record<string, number>>;
  readonly minimumLag: Readonly<Record<string, number>>;
};

function payloadOf({ response }: Golden): Payload | null {
  return (response.body as { readonly payload?: Payload } | null)?.payload ?? null;
}

/** Before, or after, what was recorded: who is suspended, who is gone. */
function aWorldFor(one: Golden): FakeWorld {
  const world = aWorld();
  const id = idOf(one);
  const payload = payloadOf(one);
  const isGone =
    id === 'nope' || /^(end-|clean-019)/.test(one.file) || one.request.path.endsWith('supervisor');
  const wasGone =
    id !== 'nope' &&
    /(terminate|shutdown-alias|terminateAll|follow)$/.test(one.file) &&
    !/again/.test(one.file);
  const suspended =
    payload?.suspended ??
    (/suspend-again|while-suspended|suspended-|resume$|suspendAll|trim-resume/.test(one.file) &&
      !/health/.test(one.file));
  if (!isGone || wasGone) world.rows.set(id, rowOf(one, id, suspended));
  const isTerminated = JSON.stringify(one.response.body).includes('"noop"');
  if (one.request.path.endsWith('/history') && id === 'history')
    for (const known of Object.keys(one.response.body as object)) addHistory(world, known, isTerminated);
  else if (/history/.test(one.file) && id !== 'nope') addHistory(world, id, isTerminated);
  if (payload?.latestOffsets) addOffsets(world, payload);
  if (Array.isArray(one.response.body)) addParseReports(world, one.response.body as RecordedReport[]);
  // Which stream it reads is for the supervisor to know (test/activities/supervisor).
  const state = one.file === 'verbs-032-resetOffsets-other-stream' ? 'refused' : 'done';
  world.work = ({ verb }) => ({ state, outcome: { summary: `${verb} is ${state}` } });
  return world;
}

function rowOf(one: Golden, id: string, suspended: boolean): ReturnType<typeof aRow> {
  const payload = payloadOf(one);
  const healthy = payload?.healthy ?? one.response.status !== 503;
  return aRow(id, {
    desired: suspended ? 'suspended' : 'running',
    specText: specTextOf(id, suspended, payload?.stream),
    status: aStatus({ ...(payload ?? {}), healthy, suspended }),
  });
}

function addHistory(world: FakeWorld, id: string, isTerminated: boolean): void {
  const entry = { supervisorId: id, by: 'api', takesEffect: 'now' as const };
  // Not under every recorded name: " a b " is none here.
  const specText = specTextOf('g_life', false);
  world.rows.set(id, aRow(id, { specText: null, desired: 'terminated' }));
  if (isTerminated) world.versions.push({ ...entry, version: 3, specText: null, atMs: 3 });
  world.versions.push(
    { ...entry, version: 2, specText, atMs: 2 },
    { ...entry, version: 1, specText, atMs: 1 },
  );
}

type RecordedReport = {
  readonly input: string;
  readonly errorType: 'unparseable';
  readonly details: readonly string[];
  readonly timeOfExceptionMillis: number;
};

function addParseReports(world: FakeWorld, reports: readonly RecordedReport[]): void {
  world.store.parseReports = async () =>
    reports.map(({ timeOfExceptionMillis, ...report }, index) => ({
      ...report,
      atMs: timeOfExceptionMillis,
      partition: '0',
      position: toPosition(index),
    }));
}

type RecordedTask = {
  readonly startingOffsets: Readonly<Record<string, number>>;
  readonly currentOffsets?: Readonly<Record<string, number>>;
};

/** So that our arithmetic is compared, not only our names: the reader stood where the recorded lag says. */
function addOffsets(world: FakeWorld, payload: Payload): void {
  const looks = Object.entries(payload.latestOffsets ?? {}).map(([partition, end]) => ({
    ...aLook(partition, String(end), String(end - (payload.minimumLag[partition] ?? 0))),
    stream: payload.stream,
  }));
  world.store.streamPositions = async () => looks;
  const whole = aGeneration({ stream: payload.stream, replicas: 1 });
  const generationOf = (task: RecordedTask, index: number, state: 'reading' | 'publishing') => {
    const first = whole.tasks[0]!;
    const progress = { ...first.progress!, positions: positionsOf(task.currentOffsets ?? {}) };
    return {
      ...whole,
      state,
      key: { ...whole.key, generation: index + 1 },
      partitions: Object.keys(task.startingOffsets),
      tasks: [{ ...first, progress }],
      sequences: whole.sequences.map((sequence) => ({
        ...sequence,
        starts: positionsOf(task.startingOffsets),
      })),
    };
  };
  const generations = [
    ...payload.publishingTasks.map((task, index) => generationOf(task, index, 'publishing')),
    ...payload.activeTasks.map((task, index) => generationOf(task, index + 100, 'reading')),
  ];
  world.store.liveGenerations = async () => generations;
}

function positionsOf(recorded: Readonly<Record<string, number>>): Positions {
  return Object.fromEntries(Object.entries(recorded).map(([partition, at]) => [partition, toPosition(at)]));
}

async function ask(world: FakeWorld, { request }: Golden) {
  const { contentType, body } = request;
  const answer = await world.server.inject({
    method: request.method as 'GET',
    url: request.path,
    headers: {
      host: 'localhost',
      ...(contentType === undefined ? {} : { ...json, 'content-type': contentType }),
    },
    ...(body === undefined || body === null
      ? {}
      : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const parsed: unknown = answer.body === '' ? null : JSON.parse(answer.body);
  return { status: answer.statusCode, body: parsed };
}

const isError = (status: number): boolean => status >= 400 && status !== 503;

describe('recorded answers about supervisors', () => {
  it('are all here', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(105);
  });

  it.each(recordings.map((one) => [one.file, one] as const))('%s', async (file, one) => {
    const world = aWorldFor(one);
    const got = await ask(world, one);
    const [status] = otherCodes[file] ?? [one.response.status === 500 ? 400 : one.response.status];
    expect([got.status, got.body]).toEqual([status, got.body]);
    // Errors are JSON everywhere, where 33 has text, HTML or nothing; its words stay where it had JSON.
    if (isError(got.status))
      expect(got.body).toMatchObject({ error: expect.any(String), errorCode: expect.any(String) });
    else if (!one.response.empty)
      expect(
        shapeProblems(got.body, one.response.body, { added }).filter((problem) => !isOnPurpose(one, problem)),
      ).toEqual([]);
    await world.server.close();
  });

  it.each([
    ['unknown-001-get', '[nope] does not exist'],
    ['end-002-terminated', '[g_life] does not exist'],
    ['unknown-007-get-history-count-1', 'No history for [nope].'],
    ['verbs-001-handoff-empty', "List of task groups to handoff can't be empty"],
    ['verbs-008-resume-running', '[g_life] is already running'],
    ['verbs-011-suspend-again', '[g_life] is already suspended'],
  ])('%s says what scripts look for', async (file, says) => {
    const one = recordings.find((other) => other.file === file)!;
    expect((await ask(aWorldFor(one), one)).body).toMatchObject({ error: says });
  });
});

it('life-011-parseErrors, value for value', async () => {
  const one = recordings.find(({ file }) => file === 'life-011-parseErrors')!;
  expect((await ask(aWorldFor(one), one)).body).toMatchObject(one.response.body as object[]);
});

describe('recorded statuses', () => {
  const statuses = recordings.filter((one) => payloadOf(one) !== null);

  it.each(statuses.map((one) => [one.file, one] as const))('%s, value for value', async (file, one) => {
    const wanted = payloadOf(one)!;
    const got = ((await ask(aWorldFor(one), one)).body as { payload: Payload & { aggregateLag?: number } })
      .payload;
    const { stream, suspended, healthy, state, detailedState } = wanted;
    const latestOffsets = wanted.partitions === 0 ? undefined : wanted.latestOffsets;
    expect(got).toMatchObject({
      suspended,
      healthy,
      state,
      detailedState,
      replicas: 1,
      durationSeconds: 3600,
    });
    if (latestOffsets) expect(got).toMatchObject({ stream, latestOffsets, partitions: wanted.partitions });
    expect([got.activeTasks.length, got.publishingTasks.length]).toEqual([
      wanted.activeTasks.length,
      wanted.publishingTasks.length,
    ]);
    if (beyondTheEnd.includes(file)) {
      expect(got.minimumLag).toEqual({});
      expect(got).not.toHaveProperty('aggregateLag');
    } else if (latestOffsets) expect(got.minimumLag).toEqual(wanted.minimumLag);
  });

  it('only a position beyond the end of the stream has a lag below 0', () => {
    const below = statuses.filter((one) =>
      Object.values(payloadOf(one)?.minimumLag ?? {}).some((lag) => lag < 0),
    );
    expect(below.map(({ file }) => file)).toEqual(beyondTheEnd);
  });
});
