/** Part of wrong-specs.ts: patterns, ranges and autoscalers that must be refused. */
import { aRawSpec, changed, gone } from './raw-spec.ts';
import type { WrongSpec } from './wrong-specs.ts';

const io = 'spec.ioConfig';

/** With a pattern in place of the topic. */
function pattern(name: string, value: unknown, says: RegExp): WrongSpec {
  const path = `${io}.topicPattern`;
  return { name, spec: changed(changed(aRawSpec(), `${io}.topic`, gone), path, value), path, says };
}

/** An enabled autoscaler with one field changed. */
function scaler(name: string, field: string, value: unknown, says: RegExp): WrongSpec {
  const path = `${io}.autoScalerConfig`;
  const costBased = {
    enableTaskAutoScaler: true,
    autoScalerStrategy: 'costBased',
    taskCountMin: 2,
    taskCountMax: 4,
  };
  const lagBased = { ...costBased, autoScalerStrategy: 'lagBased' };
  const base = /Weight|optimal|critical|highLag|minCost/.test(field) ? costBased : lagBased;
  return {
    name,
    spec: changed(aRawSpec(), path, changed(base, field, value)),
    path: `${path}.${field}`,
    says,
  };
}

function bounded(name: string, starts: unknown, ends: unknown, place: string, says: RegExp): WrongSpec {
  const path = `${io}.boundedStreamConfig`;
  const range = { startSequenceNumbers: starts, endSequenceNumbers: ends };
  return { name, spec: changed(aRawSpec(), path, range), path: `${path}.${place}`, says };
}

const scalers: readonly WrongSpec[] = [
  scaler('a scaler of another kind', 'autoScalerStrategy', 'best', /lagbased, costbased/i),
  scaler('a scaler without a least', 'taskCountMin', gone, /needs taskCountMin and taskCountMax/),
  scaler('a scaler without a most', 'taskCountMax', null, /needs taskCountMin and taskCountMax/),
  scaler('a scaler upside down', 'taskCountMax', 1, /taskCountMin, which is 2, or more/),
  scaler('a scaler beyond all reason', 'taskCountMax', 501, /from 1 to 500/),
  scaler('a start below', 'taskCountStart', 1, /from 2 to 4/),
  scaler('a start above', 'taskCountStart', 5, /from 2 to 4/),
  scaler('a ratio of nothing', 'stopTaskCountRatio', 0, /above 0 and at most 1/),
  scaler('a ratio above one', 'stopTaskCountRatio', 1.01, /above 0 and at most 1/),
  scaler('a negative delay', 'minScaleUpDelay', 'PT-1S', /PT0S or more/),
  scaler('a delay that is a word', 'minScaleDownDelay', 'long', /ISO 8601/),
  scaler('samples without a pause', 'lagCollectionIntervalMillis', 0, /from 1 to/),
  scaler('samples without end', 'lagCollectionRangeMillis', 30_000_000, /less than 1000 times/),
  scaler(
    'a threshold beyond a long',
    'scaleOutThreshold',
    9.3e18,
    /whole number from 0 to 9223372036854775807/,
  ),
  scaler('a negative threshold', 'scaleInThreshold', -1, /whole number from 0/),
  scaler('a negative share', 'triggerScaleInFractionThreshold', -0.1, /0 or more/),
  scaler('half a step', 'scaleInStep', 0.5, /whole number from 0 to 500/),
  scaler('another sum', 'lagAggregate', 'MEDIAN', /sum, max, average/i),
  scaler('a negative weight', 'lagWeight', -1, /0 or more/),
  scaler('an idle ratio of one', 'optimalTaskIdleRatio', 1, /between 0 and 1/),
  scaler('no critical lag', 'criticalLagThreshold', 0, /from 1 to 9223372036854775807/),
  scaler('a negative factor', 'highLagCostFactor', '-1', /0 or more/),
  scaler('more than everything saved', 'minCostDropPercentForScaling', 101, /0 to 100/),
];

const bounds: readonly WrongSpec[] = [
  bounded('no starts', undefined, { 0: 1 }, 'startSequenceNumbers', /1 to 10000 positions/),
  bounded('empty ends', { 0: 1 }, {}, 'endSequenceNumbers', /1 to 10000 positions/),
  bounded('other partitions', { 0: 1, 1: 1 }, { 0: 1 }, 'endSequenceNumbers', /"1" is in one only/),
  bounded('more ends', { 0: 1 }, { 0: 1, 7: 1 }, 'endSequenceNumbers', /"7" is in one only/),
  bounded(
    'an end before its start',
    { 0: '10' },
    { 0: 9 },
    'endSequenceNumbers["0"]',
    /found 9, expected 10/,
  ),
  bounded(
    'a partition with a topic',
    { 'a:0': 1 },
    { 0: 1 },
    'startSequenceNumbers["a:0"]',
    /number of a partition/,
  ),
  bounded(
    'a partition that is a word',
    { x: 1 },
    { 0: 1 },
    'startSequenceNumbers["x"]',
    /number of a partition/,
  ),
  bounded('a negative position', { 0: -1 }, { 0: 1 }, 'startSequenceNumbers["0"]', /0 or more/),
  bounded(
    'a position without its digits',
    { 0: 1 },
    { 0: 2 ** 53 },
    'endSequenceNumbers["0"]',
    /beyond 2\^53 as a text/,
  ),
  bounded(
    'a position beyond a long',
    { 0: 1 },
    { 0: '9223372036854775808' },
    'endSequenceNumbers["0"]',
    /0 or more/,
  ),
];

const patterns: readonly WrongSpec[] = [
  pattern('a pattern that is a number', 7, /regular expression of whole topic names/),
  pattern('an empty pattern', '', /regular expression/),
  pattern('a pattern beyond all reason', 'a'.repeat(501), /at most 500 characters/),
  pattern('a pattern with a line break', 'a\nb', /control character/),
  pattern('a pattern with half a character', 'a\ud800', /half of one/),
];

export const operatorSpecs: readonly WrongSpec[] = [...patterns, ...scalers, ...bounds];
