/** `ioConfig` as a GET shows it: Druid's fields in Druid's order, then what it does not know. */
import { costBasedFields, lagBasedFields } from './parse-auto-scaler.ts';
import { durationText, filled, given, part, rest, timeText } from './render-parts.ts';
import type { Shown, ShownObject } from './shown-json.ts';
import type { IoConfig } from './spec.ts';

export function shownIoConfig(raw: ShownObject, io: IoConfig): ShownObject {
  const shown: ShownObject = {
    topic: io.isPattern ? null : io.topic,
    topicPattern: io.isPattern ? io.topic : null,
    inputFormat: shownFormat(part(raw, 'inputFormat')),
    replicas: io.replicas,
    taskCount: io.taskCount,
    taskDuration: durationText(io.taskDurationMs),
    consumerProperties: part(raw, 'consumerProperties'),
    autoScalerConfig: given(raw, 'autoScalerConfig') === undefined ? null : shownScaler(raw, io),
    pollTimeout: io.pollTimeoutMs,
    startDelay: durationText(io.startDelayMs),
    period: durationText(io.periodMs),
    useEarliestOffset: io.useEarliestOffset,
    completionTimeout: durationText(io.completionTimeoutMs),
    lateMessageRejectionPeriod: durationOrNull(io.lateMessageRejectionPeriodMs),
    earlyMessageRejectionPeriod: durationOrNull(io.earlyMessageRejectionPeriodMs),
    lateMessageRejectionStartDateTime: timeText(io.lateMessageRejectionStartMs),
    configOverrides: null,
    idleConfig: shownIdle(raw),
    stopTaskCount: io.stopTaskCount,
    emitTimeLagMetrics: io.emitTimeLag,
    stream: io.topic,
    useEarliestSequenceNumber: io.useEarliestOffset,
  };
  return { ...shown, ...rest(raw, 'ioConfig', [...Object.keys(shown), 'type']) };
}

function durationOrNull(ms: number | null): string | null {
  return ms === null ? null : durationText(ms);
}

function shownFormat(raw: ShownObject): ShownObject {
  return { ...filled(raw, { type: 'json' }), ...rest(raw, 'ioConfig.inputFormat', ['type']) };
}

function shownIdle(raw: ShownObject): Shown {
  if (given(raw, 'idleConfig') === undefined) return null;
  return filled(part(raw, 'idleConfig'), { enabled: false, inactiveAfterMillis: 600_000 });
}

const lagBased: ShownObject = {
  autoScalerStrategy: 'lagBased',
  lagCollectionIntervalMillis: 30_000,
  lagCollectionRangeMillis: 600_000,
  scaleActionStartDelayMillis: 300_000,
  scaleActionPeriodMillis: 60_000,
  scaleOutThreshold: 6_000_000,
  scaleInThreshold: 1_000_000,
  triggerScaleOutFractionThreshold: 0.3,
  triggerScaleInFractionThreshold: 0.9,
  taskCountMax: 0,
  taskCountMin: 0,
  scaleInStep: 1,
  scaleOutStep: 2,
  enableTaskAutoScaler: true,
  minTriggerScaleActionFrequencyMillis: 600_000,
  lagAggregate: null,
};

const costBased: ShownObject = {
  autoScalerStrategy: 'costBased',
  taskCountMax: 0,
  taskCountMin: 0,
  enableTaskAutoScaler: true,
  scaleActionPeriodMillis: 120_000,
  lagWeight: 0.4,
  idleWeight: 0.6,
  optimalTaskIdleRatio: 0.25,
  useTaskCountBoundariesOnScaleUp: false,
  useTaskCountBoundariesOnScaleDown: true,
  minScaleUpDelay: 'PT15M',
  minScaleDownDelay: 'PT30M',
  scaleDownDuringTaskRolloverOnly: false,
  usePollIdleRatio: true,
  criticalLagThreshold: null,
  highLagCostFactor: 6,
  minCostDropPercentForScaling: 0,
};

/** Switched off, it is shown as posted: nothing of it was looked at. */
function shownScaler(raw: ShownObject, { autoScaler }: IoConfig): ShownObject {
  const scaler = part(raw, 'autoScalerConfig');
  const place = 'ioConfig.autoScalerConfig';
  if (autoScaler === null) return rest(scaler, place, []);
  const isLagBased = autoScaler.strategy === 'lagBased';
  const shown = filled(scaler, isLagBased ? lagBased : costBased);
  const known = isLagBased && shown['lagAggregate'] !== null ? { lagAggregate: autoScaler.lagAggregate } : {};
  const foreign = isLagBased ? costBasedFields : lagBasedFields;
  return {
    ...shown,
    ...known,
    autoScalerStrategy: autoScaler.strategy,
    ...rest(scaler, place, [...Object.keys(shown), ...foreign]),
  };
}
