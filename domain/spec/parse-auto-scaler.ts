/**
 * Reads `ioConfig.autoScalerConfig` (druid.md 1.7). Switched off it is accepted whatever it says, as in Druid.
 *
 * Fractions and thresholds that can never be reached are ways to say "never", and are left to say it.
 */
import type { SectionReader } from './parse-reader.ts';
import { decimal, flag, longMillis, longNumber, period, wholeNumber, word } from './parse-values.ts';
import { isPlainObject } from './raw.ts';
import type { AutoScalerConfig, CostBasedConfig, LagBasedConfig } from './spec.ts';

const minuteMs = 60_000;
/** Of the window, which is stored with every sample; Druid's defaults make 21. */
const samplesMax = 1_000;
const sampleMs = 1_000;

const millis = longMillis(0);
const someMillis = longMillis(1);
const steps = wholeNumber(0, 500);
const zeroOrMore = decimal('a number of 0 or more', (value) => value >= 0);

type Common = Omit<AutoScalerConfig, keyof LagBasedConfig | keyof CostBasedConfig>;

/** Null: not given, switched off, or a problem. */
export function readAutoScaler(io: SectionReader, taskCountLimit: number): AutoScalerConfig | null {
  const reader = io.section('autoScalerConfig', 'optional', 'an object with enableTaskAutoScaler');
  if (!isPlainObject(io.get('autoScalerConfig'))) return null;
  if (!reader.read('enableTaskAutoScaler', flag, false)) return null;
  const strategy = reader.read('autoScalerStrategy', word(['lagbased', 'costbased']), 'lagbased');
  const counts = readCounts(reader, taskCountLimit);
  warnForeign(reader, strategy);
  const rest = strategy === 'lagbased' ? readLagBased(reader) : readCostBased(reader);
  return counts === null ? null : { ...counts, ...rest };
}

type Counts = Pick<Common, 'taskCountMin' | 'taskCountMax' | 'taskCountStart' | 'stopTaskCountRatio'>;

function readCounts(reader: SectionReader, limit: number): Counts | null {
  const remedy = 'an enabled autoscaler needs taskCountMin and taskCountMax';
  const taskCountMin = reader.require('taskCountMin', wholeNumber(1, limit), null, remedy);
  const taskCountMax = reader.require('taskCountMax', wholeNumber(1, limit), null, remedy);
  const stopTaskCountRatio = reader.read(
    'stopTaskCountRatio',
    decimal('a number above 0 and at most 1', (value) => value > 0 && value <= 1),
    null,
  );
  const taskCountStart = reader.read('taskCountStart', wholeNumber(1, limit), null);
  if (taskCountMin === null || taskCountMax === null) return null;
  if (taskCountMax < taskCountMin)
    reader.problem('taskCountMax', `taskCountMin, which is ${taskCountMin}, or more`);
  else if (taskCountStart !== null && (taskCountStart < taskCountMin || taskCountStart > taskCountMax))
    reader.problem(
      'taskCountStart',
      `from ${taskCountMin} to ${taskCountMax}, as taskCountMin and taskCountMax`,
    );
  return { taskCountMin, taskCountMax, taskCountStart, stopTaskCountRatio };
}

/** Both delays fall back to the older single one. */
function readLagBased(reader: SectionReader): LagBasedConfig & Pick<Common, keyof typeof costDelays> {
  const either = reader.read('minTriggerScaleActionFrequencyMillis', millis, 10 * minuteMs);
  const delay = period({ min: 'zero' });
  const lagCollectionIntervalMs = readInterval(reader);
  return {
    strategy: 'lagBased',
    lagCollectionIntervalMs,
    lagCollectionRangeMs: readRange(reader, lagCollectionIntervalMs),
    scaleOutThreshold: reader.read('scaleOutThreshold', longNumber(0), 6_000_000),
    triggerScaleOutFractionThreshold: reader.read('triggerScaleOutFractionThreshold', zeroOrMore, 0.3),
    scaleInThreshold: reader.read('scaleInThreshold', longNumber(0), 1_000_000),
    triggerScaleInFractionThreshold: reader.read('triggerScaleInFractionThreshold', zeroOrMore, 0.9),
    scaleActionStartDelayMs: reader.read('scaleActionStartDelayMillis', millis, 5 * minuteMs),
    scaleInStep: reader.read('scaleInStep', steps, 1),
    scaleOutStep: reader.read('scaleOutStep', steps, 2),
    lagAggregate: aggregates[reader.read('lagAggregate', word(['sum', 'max', 'average']), 'sum')],
    minScaleUpDelayMs: reader.readPeriod('minScaleUpDelay', delay, either),
    minScaleDownDelayMs: reader.readPeriod('minScaleDownDelay', delay, either),
    scaleActionPeriodMs: reader.read('scaleActionPeriodMillis', someMillis, minuteMs),
  };
}

const aggregates = { sum: 'SUM', max: 'MAX', average: 'AVERAGE' } as const;

/** Nothing here looks more often than every second. */
function readInterval(reader: SectionReader): number {
  const ms = reader.read('lagCollectionIntervalMillis', someMillis, 30_000);
  if (ms < sampleMs)
    reader.warning('lagCollectionIntervalMillis', `${sampleMs} or more; it is raised to that`);
  return Math.max(ms, sampleMs);
}

function readRange(reader: SectionReader, intervalMs: number): number {
  const rangeMs = reader.read('lagCollectionRangeMillis', millis, 10 * minuteMs);
  if (Math.floor(rangeMs / intervalMs) + 1 > samplesMax)
    reader.problem('lagCollectionRangeMillis', `less than ${samplesMax} times lagCollectionIntervalMillis`);
  return rangeMs;
}

const costDelays = {
  minScaleUpDelayMs: 15 * minuteMs,
  minScaleDownDelayMs: 30 * minuteMs,
  scaleActionPeriodMs: 2 * minuteMs,
};

function readCostBased(reader: SectionReader): CostBasedConfig & Pick<Common, keyof typeof costDelays> {
  const delay = period({ min: 'zero' });
  const betweenZeroAndOne = decimal('a number between 0 and 1', (value) => value > 0 && value < 1);
  return {
    strategy: 'costBased',
    lagWeight: reader.read('lagWeight', zeroOrMore, 0.4),
    idleWeight: reader.read('idleWeight', zeroOrMore, 0.6),
    optimalTaskIdleRatio: reader.read('optimalTaskIdleRatio', betweenZeroAndOne, 0.25),
    useTaskCountBoundariesOnScaleUp: reader.read('useTaskCountBoundariesOnScaleUp', flag, false),
    useTaskCountBoundariesOnScaleDown: reader.read('useTaskCountBoundariesOnScaleDown', flag, true),
    scaleDownDuringTaskRolloverOnly: reader.read('scaleDownDuringTaskRolloverOnly', flag, false),
    usePollIdleRatio: reader.read('usePollIdleRatio', flag, true),
    criticalLagThreshold: reader.read('criticalLagThreshold', longNumber(1), null),
    highLagCostFactor: reader.read('highLagCostFactor', zeroOrMore, 6),
    minCostDropPercentForScaling: reader.read(
      'minCostDropPercentForScaling',
      decimal('a number from 0 to 100', (value) => value >= 0 && value <= 100),
      0,
    ),
    minScaleUpDelayMs: reader.readPeriod('minScaleUpDelay', delay, costDelays.minScaleUpDelayMs),
    minScaleDownDelayMs: reader.readPeriod('minScaleDownDelay', delay, costDelays.minScaleDownDelayMs),
    scaleActionPeriodMs: reader.read('scaleActionPeriodMillis', someMillis, costDelays.scaleActionPeriodMs),
  };
}

/** In the order of the documentation. */
export const lagBasedFields = [
  'minTriggerScaleActionFrequencyMillis',
  'lagCollectionIntervalMillis',
  'lagCollectionRangeMillis',
  'scaleOutThreshold',
  'triggerScaleOutFractionThreshold',
  'scaleInThreshold',
  'triggerScaleInFractionThreshold',
  'scaleActionStartDelayMillis',
  'scaleInStep',
  'scaleOutStep',
  'lagAggregate',
] as const;

export const costBasedFields = [
  'lagWeight',
  'idleWeight',
  'optimalTaskIdleRatio',
  'useTaskCountBoundariesOnScaleUp',
  'useTaskCountBoundariesOnScaleDown',
  'scaleDownDuringTaskRolloverOnly',
  'usePollIdleRatio',
  'criticalLagThreshold',
  'highLagCostFactor',
  'minCostDropPercentForScaling',
] as const;

/** Ignored, as in Druid, but seldom meant so. */
function warnForeign(reader: SectionReader, strategy: 'lagbased' | 'costbased'): void {
  const [foreign, owner] =
    strategy === 'lagbased'
      ? ([costBasedFields, 'costBased'] as const)
      : ([lagBasedFields, 'lagBased'] as const);
  for (const name of foreign)
    if (reader.has(name))
      reader.warning(name, `nothing; it belongs to the strategy ${owner} and is ignored here`);
}
