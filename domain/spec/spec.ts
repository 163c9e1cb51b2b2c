/**
 * A supervisor spec after validation: every default filled, every period in milliseconds, nothing unknown.
 *
 * `parse.ts` makes it from what a user posted; everything else reads only this. It is plain JSON.
 */

import type { Json } from '../json.ts';
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

export type IoConfig = {
  readonly topic: string;
  readonly bootstrapServers: readonly string[];
  readonly isolationLevel: 'read_committed' | 'read_uncommitted';
  /** Allowed consumer properties, as written or as names of variables; for `streams/kafka` to translate. May hold secrets. */
  readonly consumerProperties: PropertyValues;
  readonly inputFormat: InputFormat;
  readonly taskCount: number;
  readonly replicas: number;
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
};

export type SupervisorSpec = {
  readonly id: string;
  readonly type: 'kafka';
  readonly suspended: boolean;
  readonly dataSchema: DataSchema;
  readonly io: IoConfig;
  readonly tuning: TuningConfig;
};
