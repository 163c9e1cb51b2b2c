/** Stats in Druid's shape (druid.md 2.4), beside what a task of Druid 33 reported. */
import { expect, test } from 'vitest';
import { statsPayload } from '../../api/supervisor-stats.ts';
import { toJsonText } from '../../api/json-answer.ts';
import { zeroCounters } from '../../domain/counters.ts';
import type { GenerationRow } from '../../api/store.ts';
import { recordingsIn } from '../query/system-golden.ts';

type Task = GenerationRow['tasks'][number];
type Progress = NonNullable<Task['progress']>;

const rates = { processed: 8.5, processedBytes: 700, processedWithError: 0, unparseable: 0.5, thrownAway: 0 };
const counters = {
  ...zeroCounters,
  processed: 50,
  unparseable: 3,
  thrownAway: 2,
  thrownAwayByReason: { ...zeroCounters.thrownAwayByReason, filtered: 2 },
};

function aTask(taskId: string, progress: Partial<Progress> | null, state: Task['state'] = 'RUNNING'): Task {
  return {
    taskId,
    state,
    progress:
      progress &&
      ({
        counters,
        movingAverages: { '1m': rates, '5m': rates, '15m': rates },
        pollIdleRatio: 0.25,
        ...progress,
      } as Progress),
  } as Task;
}

const generation = (groupId: number, ...tasks: Task[]) =>
  ({ key: { supervisorId: 'clicks', groupId, generation: 1 }, tasks }) as unknown as GenerationRow;
const stats = (...generations: GenerationRow[]) =>
  JSON.parse(toJsonText(statsPayload(generations))) as Record<string, Record<string, Report>>;
type Report = {
  movingAverages: { buildSegments: Record<string, Record<string, number>> };
  totals: { buildSegments: Record<string, unknown> };
  autoscalerMetrics?: unknown;
};

test('what a task of Druid 33 reported has the same members as ours, which names reasons and idleness too', () => {
  const [recording] = recordingsIn('druid-golden-stats');
  const { rowStats } = (
    recording!.response.body as { ingestionStatsAndErrors: { payload: { rowStats: Report } } }
  ).ingestionStatsAndErrors.payload;
  const ours = stats(generation(0, aTask('t', {})))['0']!['t']!;
  const druids = rowStats.movingAverages.buildSegments;
  expect(Object.keys(ours.movingAverages.buildSegments).sort()).toEqual(Object.keys(druids).sort());
  for (const [window, row] of Object.entries(druids))
    expect(Object.keys(ours.movingAverages.buildSegments[window]!).sort()).toEqual(Object.keys(row).sort());
  expect(Object.keys(ours.totals.buildSegments).sort()).toEqual(
    [...Object.keys(rowStats.totals.buildSegments), 'thrownAwayByReason'].sort(),
  );
});

test('reading and publishing tasks by group, with totals, reasons, averages and idleness', () => {
  expect(
    stats(
      generation(0, aTask('a', {}), aTask('b', {})),
      generation(0, aTask('c', {})),
      generation(3, aTask('d', {})),
    ),
  ).toEqual({ '0': { a: report, b: report, c: report }, '3': { d: report } });
});

const report = {
  movingAverages: { buildSegments: { '1m': rates, '5m': rates, '15m': rates } },
  totals: {
    buildSegments: {
      processed: 50,
      processedBytes: 0,
      processedWithError: 0,
      thrownAway: 2,
      unparseable: 3,
      thrownAwayByReason: { null: 0, beforeMinimumMessageTime: 0, afterMaximumMessageTime: 0, filtered: 2 },
    },
  },
  autoscalerMetrics: { pollIdleRatio: 0.25 },
};

test('a task that has not reported, or is over, is left out', () => {
  expect(stats(generation(0, aTask('a', null), aTask('b', {}, 'FAILED'), aTask('c', {}, 'SUCCESS')))).toEqual(
    {},
  );
  expect(stats()).toEqual({});
});

test('before there is anything to compare the rates are 0 and idleness is not told', () => {
  const [early] = Object.values(
    stats(generation(0, aTask('a', { movingAverages: null, pollIdleRatio: null })))['0']!,
  );
  expect(early!.movingAverages.buildSegments['15m']).toEqual(
    Object.fromEntries(Object.keys(rates).map((name) => [name, 0])),
  );
  expect(early).not.toHaveProperty('autoscalerMetrics');
});
