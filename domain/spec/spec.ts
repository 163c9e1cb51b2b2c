/**
 * A supervisor spec after validation: every default filled, every period in milliseconds, nothing unknown.
 *
 * `parse.ts` makes it from what a user posted; everything else reads only this. It is plain JSON.
 */

import type { Json } from '../json.ts';
import type { InputFormat } from './input-format.ts';

/** A named granularity of Druid, or a fixed number of milliseconds from the epoch. */
export type Granularity =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'duration'; readonly durationMs: number }
  | { readonly kind: 'calendar'; readonly unit: 'week' | 'month' | 'quarter' | 'year' };

export type DimensionType = 'string' | 'long' | 'float' | 'double';

export type DimensionSpec = {
  readonly name: string;
  readonly type: DimensionType;
  /** What becomes of a JSON array in a string dimension (druid.md 1.2). */
  readonly multiValueHandling: 'sorted_array' | 'sorted_set' | 'array';
};

export type MetricType =
  | 'count'
  | 'longSum'
  | 'longMin'
  | 'longMax'
  | 'floatSum'
  | 'floatMin'
  | 'floatMax'
  | 'doubleSum'
  | 'doubleMin'
  | 'doubleMax';

export type MetricSpec = {
  readonly type: MetricType;
  readonly name: string;
  /** The input field; null for `count`. */
  readonly fieldName: string | null;
};

export type TimestampFormat = 'auto' | 'iso' | 'posix' | 'millis' | 'micro' | 'nano';

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
  /** Allowed consumer properties as written (strings), without secrets; for `streams/kafka` to translate. */
  readonly consumerProperties: Readonly<Record<string, string>>;
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
};

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
};

export type SupervisorSpec = {
  readonly id: string;
  readonly type: 'kafka';
  readonly suspended: boolean;
  readonly dataSchema: DataSchema;
  readonly io: IoConfig;
  readonly tuning: TuningConfig;
};
