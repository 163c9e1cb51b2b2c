/** The few numbers of a spec that planning needs; small enough to travel in every carry-over. */
import type { Satisfies } from '../json.ts';
import type { SupervisorSpec } from '../spec/spec.ts';
import { maxAllowedStops } from './stop-limit.ts';

export type Settings = Satisfies<{
  readonly specVersion: number;
  readonly dataSource: string;
  readonly stream: string;
  readonly taskCount: number;
  readonly replicas: number;
  readonly taskDurationMs: number;
  readonly periodMs: number;
  readonly startDelayMs: number;
  readonly useEarliestOffset: boolean;
  // Those below are absent in what the first version carried over.
  /** `stream` is a pattern: partitions are named `topic:partition`. */
  readonly isPattern?: boolean;
  /** Groups that may be stopping or publishing at once because of taskDuration. */
  readonly stopLimit?: number;
  /** Null: never IDLE. */
  readonly idleAfterMs?: number | null;
  /** Reads one range of positions and completes. */
  readonly isBounded?: boolean;
  /** Positions that are gone are reset without an operator. */
  readonly resetsLost?: boolean;
}>;

/** Druid drops runs within a second of the last one; more often than this the stream is never asked. */
const leastPeriodMs = 1_000;

export function settingsOf(spec: SupervisorSpec, specVersion: number): Settings {
  return {
    specVersion,
    dataSource: spec.dataSchema.dataSource,
    stream: spec.io.topic,
    taskCount: spec.io.taskCount,
    replicas: spec.io.replicas,
    taskDurationMs: spec.io.taskDurationMs,
    periodMs: Math.max(leastPeriodMs, spec.io.periodMs),
    startDelayMs: spec.io.startDelayMs,
    useEarliestOffset: spec.io.useEarliestOffset,
    isPattern: spec.io.isPattern,
    stopLimit: maxAllowedStops(spec.io),
    idleAfterMs: spec.io.idle?.inactiveAfterMs ?? null,
    isBounded: spec.io.bounded !== null,
    resetsLost: spec.tuning.resetOffsetAutomatically,
  };
}
