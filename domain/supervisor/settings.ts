/** The few numbers of a spec that planning needs; small enough to travel in every carry-over. */
import type { Satisfies } from '../json.ts';
import type { SupervisorSpec } from '../spec/spec.ts';

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
  };
}
