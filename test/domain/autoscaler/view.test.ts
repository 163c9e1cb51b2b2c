/** What is shown of an autoscaler, and the words it uses. */
import { expect, test } from 'vitest';
import { freshState, memoryOfScaling } from '../../../domain/autoscaler/autoscaler-state.ts';
import { decimal, duration, percent, whole } from '../../../domain/autoscaler/describe.ts';
import { look } from '../../../domain/autoscaler/look.ts';
import { taskMetricsOf } from '../../../domain/autoscaler/task-metrics.ts';
import { autoscalerView } from '../../../domain/autoscaler/view.ts';
import { factsOf, lagBased, lags, minute } from './builders.ts';

test('nothing is said of one that never looked', () => {
  expect(autoscalerView(null, 0)).toBeNull();
  expect(autoscalerView({}, 0)).toBeNull();
  expect(autoscalerView({ config: 'not JSON' }, 0)).toBeNull();
});

test('when the first decision is due, then what the last one was, and until when it may not scale', () => {
  const config = lagBased();
  let { state } = look(freshState, config, factsOf());
  expect(autoscalerView(state, 0)).toMatchObject({
    line: 'no decision yet, the first one is due at 1970-01-01T00:15:00.000Z',
    strategy: 'lagBased',
    taskCountMin: 1,
    taskCountMax: 4,
    samples: 0,
    slots: 21,
    scaleUpFrom: null,
  });
  const lastScale = { atMs: 10 * minute, from: 1, to: 2, by: 'ada', reason: 'more to come' };
  state = look({ ...state, ...memoryOfScaling(lastScale) }, config, {
    ...factsOf({ nowMs: 15 * minute, lag: lags(8, 1_000_000) }),
  }).state;
  expect(autoscalerView(state, 15 * minute)).toMatchObject({
    line:
      'not scaled: 4 task groups are wanted (lag was at or above 6,000,000 in 1 of 1 samples (100 %, threshold 30 %)), but ' +
      'minScaleUpDelay 10 min since the last scaling has 5 min to go; last scaled from 1 to 2: more to come ' +
      '(1970-01-01T00:10:00.000Z, by ada)',
    samples: 1,
    lag: 8_000_000,
    lastDecision: { kind: 'skip', code: 'cooldown', desired: 4, at: '1970-01-01T00:15:00.000Z' },
    lastScale: { from: 1, to: 2, by: 'ada', at: '1970-01-01T00:10:00.000Z' },
    nextDecisionAt: '1970-01-01T00:16:00.000Z',
    scaleUpFrom: '1970-01-01T00:20:00.000Z',
    scaleDownFrom: '1970-01-01T00:20:00.000Z',
  });
});

test('without an autoscaler only what was ordered', () => {
  const memory = memoryOfScaling({ atMs: 0, from: 1, to: 2, by: 'ada', reason: 'why not' });
  expect(autoscalerView(memory, 0)).toMatchObject({
    line: 'no autoscaler is enabled; last scaled from 1 to 2: why not (1970-01-01T00:00:00.000Z, by ada)',
    strategy: null,
    samples: null,
    nextDecisionAt: null,
  });
});

test('numbers and times as people write them', () => {
  expect([0, 999, 1_000, 6_000_000, 1234567.8].map(whole)).toEqual([
    '0',
    '999',
    '1,000',
    '6,000,000',
    '1,234,568',
  ]);
  expect([0, 0.333, 1].map(percent)).toEqual(['0 %', '33 %', '100 %']);
  expect([0, 1.234, 12_345.6].map(decimal)).toEqual(['0.00', '1.23', '12,346']);
  expect([0, 1, 65_000, 3_600_000, 3_725_000].map(duration)).toEqual([
    '0 s',
    '1 s',
    '1 min 5 s',
    '1 h',
    '1 h 2 min 5 s',
  ]);
});

test('metrics of tasks are means over those that said something', () => {
  const rates = { processed: 10, processedBytes: 0, processedWithError: 0, unparseable: 0, thrownAway: 0 };
  const averages = (processed: number) => ({
    '1m': { ...rates, processed: 1 },
    '5m': { ...rates, processed: 2 },
    '15m': { ...rates, processed },
  });
  expect(
    taskMetricsOf(
      [
        { pollIdleRatio: 0.2, movingAverages: averages(1_000) },
        { pollIdleRatio: 0.4, movingAverages: averages(3_000) },
        { pollIdleRatio: null, movingAverages: null },
        null,
      ],
      60_000,
    ),
  ).toEqual({
    pollIdleRatio: expect.closeTo(0.3, 10) as number,
    rowsPerSecond: 2_000,
    taskDurationSeconds: 60,
  });
  expect(taskMetricsOf([], 60_000)).toEqual({
    pollIdleRatio: null,
    rowsPerSecond: null,
    taskDurationSeconds: 60,
  });
});
