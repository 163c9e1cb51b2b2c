/**
 * A supervisor spec after validation: every default filled, every period in milliseconds, nothing unknown.
 *
 * `parse.ts` makes it from what a user posted; everything else reads only this. It is plain JSON.
 */

import type { Json } from '../json.ts';
import type { Positions } from '../positions.ts';
import type { FoundType } from '../value-kinds.ts';
import type { InputFormat } from './input-format.ts';
import type { PropertyValues } from './property-value.ts';

/** How time is cut. What can be said in a simpler kind is: a spec's periods of fixed length are durations. */
export type Granularity =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  /** A fixed number of milliseconds, counted from the epoch or from an origin. */
  | { readonly kind: 'duration'; readonly durationMs: number; readonly originMs?: number }
  /** In UTC. */
  | { readonly kind: 'calendar'; readonly unit: 'week' | 'month' | 'quarter' | 'year' }
  | PeriodGranularity;

export type PeriodGranularity = {
  readonly kind: 'period';
  readonly parts: PeriodParts;
  /** Known to domain/time-zones.ts. */
  readonly timeZone: string;
  /** Null: 1970-01-01 on the zone's clocks, or the beginning of a single calendar unit. */
  readonly originMs: number | null;
};

/** Of an ISO 8601 period. Not negative, not all zero. */
export type PeriodParts = {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly millis: number;
};

/** `auto`: the type is found from the values. `json`: values of any shape. */
export type DimensionType = 'string' | 'long' | 'float' | 'double' | 'json' | 'auto';

export type DimensionSpec = {
  readonly name: string;
  readonly type: DimensionType;
  /** What becomes of a JSON array in a string dimension (druid.md 1.2). */
  readonly multiValueHandling: 'sorted_array' | 'sorted_set' | 'array';
  /** Of an `auto` dimension: the type it has whatever its values. */
  readonly castToType?: FoundType;
  /** Of a string dimension: longer texts are cut to so many UTF-16 units. */
  readonly maxStringLength?: number;
};

export type MetricType =
  | 'count'
  | `${'long' | 'float' | 'double'}${'Sum' | 'Min' | 'Max' | 'First' | 'Last' | 'Any'}`
  | 'stringFirst'
  | 'stringLast'
  | 'HLLSketchBuild'
  | 'quantilesDoublesSketch';

export type MetricSpec = {
  readonly type: MetricType;
  readonly name: string;
  /** The input field; null for `count`, and where an expression stands in its place. */
  readonly fieldName: string | null;
  readonly expression?: string;
  /** Druid's filters as posted, the outermost first: only rows that match them all take part. */
  readonly filters?: readonly Json[];
  /** First and last: the field that says when; absent: the row's time. */
  readonly timeColumn?: string;
  /** `stringFirst`, `stringLast`: bytes of UTF-8 that are kept. */
  readonly maxStringBytes?: number;
  /** `HLLSketchBuild`: 2^lgK registers. */
  readonly lgK?: number;
  /** `quantilesDoublesSketch`: how exact it is. */
  readonly k?: number;
};

export type TimestampFormat =
  | 'auto'
  | 'iso'
  | 'posix'
  | 'millis'
  | 'micro'
  | 'nano'
  | 'ruby'
  /** A pattern of Joda-Time; formats/time-pattern compiles it. */
  | { readonly pattern: string };

export type TransformSpec = {
  /** The field it makes; it hides an input field of that name. `__time`: the row's time. */
  readonly name: string;
  readonly expression: string;
};

export type DataSchema = {
  readonly dataSource: string;
  readonly timestampSpec: {
    readonly column: string;
    readonly format: TimestampFormat;
    /** Milliseconds for rows without a timestamp; null: such a row is unparseable. */
    readonly missingValueMs: number | null;
  };
  readonly dimensions: readonly DimensionSpec[];
  /** How many listed dimensions come before `__time` in the order of rows; absent: none. */
  readonly timeSortPosition?: number;
  /** `dimensions` empty, or `includeAllDimensions` or `useSchemaDiscovery`: fields not excluded become dimensions too. */
  readonly discoverDimensions: boolean;
  /** `useSchemaDiscovery`: what is discovered is an `auto` dimension, nested values too; else a string dimension. */
  readonly discoverTypes: boolean;
  /** Fields never discovered: the posted ones, the timestamp column, metric names and their inputs. */
  readonly dimensionExclusions: readonly string[];
  readonly transforms: readonly TransformSpec[];
  /** A filter of Druid as posted; rows it does not match are thrown away. */
  readonly filter: Json | null;
  readonly metrics: readonly MetricSpec[];
  readonly segmentGranularity: Granularity;
  readonly queryGranularity: Granularity;
  readonly rollup: boolean;
};

/** druid.md 1.7; times in milliseconds. */
export type LagBasedConfig = {
  readonly strategy: 'lagBased';
  readonly lagCollectionIntervalMs: number;
  readonly lagCollectionRangeMs: number;
  readonly scaleOutThreshold: number;
  readonly triggerScaleOutFractionThreshold: number;
  readonly scaleInThreshold: number;
  readonly triggerScaleInFractionThreshold: number;
  readonly scaleActionStartDelayMs: number;
  readonly scaleInStep: number;
  readonly scaleOutStep: number;
  readonly lagAggregate: 'SUM' | 'MAX' | 'AVERAGE';
};

export type CostBasedConfig = {
  readonly strategy: 'costBased';
  readonly lagWeight: number;
  readonly idleWeight: number;
  readonly optimalTaskIdleRatio: number;
  readonly useTaskCountBoundariesOnScaleUp: boolean;
  readonly useTaskCountBoundariesOnScaleDown: boolean;
  readonly scaleDownDuringTaskRolloverOnly: boolean;
  readonly usePollIdleRatio: boolean;
  readonly criticalLagThreshold: number | null;
  readonly highLagCostFactor: number;
  readonly minCostDropPercentForScaling: number;
};

/** Of a spec whose `enableTaskAutoScaler` is true. */
export type AutoScalerConfig = {
  readonly taskCountMin: number;
  readonly taskCountMax: number;
  readonly taskCountStart: number | null;
  readonly stopTaskCountRatio: number | null;
  readonly minScaleUpDelayMs: number;
  readonly minScaleDownDelayMs: number;
  readonly scaleActionPeriodMs: number;
} & (LagBasedConfig | CostBasedConfig);

/** Exactly these partitions, from start (inclusive) to end (exclusive); then the supervisor is COMPLETED. */
export type BoundedConfig = {
  readonly starts: Positions;
  readonly ends: Positions;
};

export type IoConfig = {
  /** The stream's name: a topic, or the text of topicPattern when `isPattern`. Key of all stored positions. */
  readonly topic: string;
  /** Every topic whose whole name matches is read; partitions are then named `topic:partition`. */
  readonly isPattern: boolean;
  readonly bootstrapServers: readonly string[];
  readonly isolationLevel: 'read_committed' | 'read_uncommitted';
  /** Allowed consumer properties, as written or as names of variables; for `streams/kafka` to translate. May hold secrets. */
  readonly consumerProperties: PropertyValues;
  readonly inputFormat: InputFormat;
  readonly taskCount: number;
  readonly replicas: number;
  /** Replicas by priority of query servers, as posted; their sum is `replicas`. Null: not given. */
  readonly serverPriorityToReplicas: Readonly<Record<string, number>> | null;
  /** Groups that may be stopping or publishing at once because of taskDuration; null: all. */
  readonly stopTaskCount: number | null;
  readonly autoScaler: AutoScalerConfig | null;
  readonly bounded: BoundedConfig | null;
  /** Null: the supervisor is never IDLE. */
  readonly idle: { readonly inactiveAfterMs: number } | null;
  /** Also measure how far behind in milliseconds each partition is. */
  readonly emitTimeLag: boolean;
  /** Published positions are committed to this consumer group too, for Kafka's own tools; null: to none. */
  readonly mirrorConsumerGroup: string | null;
  readonly taskDurationMs: number;
  readonly startDelayMs: number;
  readonly periodMs: number;
  readonly useEarliestOffset: boolean;
  readonly completionTimeoutMs: number;
  readonly lateMessageRejectionPeriodMs: number | null;
  readonly lateMessageRejectionStartMs: number | null;
  readonly earlyMessageRejectionPeriodMs: number | null;
  readonly pollTimeoutMs: number;
  /** Where unparseable records go whole; null: nowhere. */
  readonly deadLetters: DeadLetters | null;
};

/** A topic of the same cluster, or files in deep storage. */
export type DeadLetters = { readonly type: 'topic'; readonly topic: string } | { readonly type: 'folder' };

export type TuningConfig = {
  readonly maxRowsInMemory: number;
  /** Bytes; null: the worker's own share. */
  readonly maxBytesInMemory: number | null;
  readonly intermediatePersistPeriodMs: number;
  readonly maxRowsPerSegment: number;
  readonly maxTotalRows: number;
  /** Null: never by time. */
  readonly intermediateHandoffPeriodMs: number | null;
  /** Unparseable plus processedWithError beyond this fails the task; null: no limit. */
  readonly maxParseExceptions: number | null;
  readonly logParseExceptions: boolean;
  /** Newest reports of unreadable rows kept per task group; 0: none. */
  readonly maxSavedParseExceptions: number;
  /** Positions that are gone are reset by the supervisor itself, leaving a gap row. */
  readonly resetOffsetAutomatically: boolean;
  /** How often latest offsets are refreshed for lag; at least 5 s. */
  readonly offsetFetchPeriodMs: number;
};

export type SupervisorSpec = {
  readonly id: string;
  /** Of the context: accepted by Druid's backfill only with this set. */
  readonly useConcurrentLocks: boolean;
  readonly type: 'kafka';
  readonly suspended: boolean;
  readonly dataSchema: DataSchema;
  readonly io: IoConfig;
  readonly tuning: TuningConfig;
};
