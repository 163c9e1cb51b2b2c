/** What the API process and a query process say to each other. Structured clone carries it: bytes and bigints survive. */
import type { ErrorCode, ErrorDetails } from '../domain/errors.ts';
import type { Merge } from '../segments/group-merge.ts';
import type { Bounds } from './sql/bounds.ts';
import type { SqlType } from './sql/typed-sql.ts';

export const resultFormats = ['object', 'array', 'objectLines', 'arrayLines', 'csv'] as const;
export type ResultFormat = (typeof resultFormats)[number];

/** A parameter as Druid sends it: a SQL type name and a JSON value. */
export type QueryParameter = { readonly type: string; readonly value: string | number | boolean | null };

export type ResultOptions = {
  readonly format: ResultFormat;
  readonly header: boolean;
  readonly typesHeader: boolean;
  readonly sqlTypesHeader: boolean;
  /** Druid's `sqlStringifyArrays`: arrays as JSON text in a string (its default), or as arrays. */
  readonly stringifyArrays: boolean;
};

/** What a caller asked for beside the statement; parser and translator need it. */
export type QuerySettings = {
  /** IANA name; `UTC` by default. */
  readonly timeZone: string;
  /** One moment for the whole statement. */
  readonly nowMs: number;
  readonly approximateCountDistinct: boolean;
};

export type TableSchema = 'druid' | 'sys' | 'INFORMATION_SCHEMA';

/** A table a statement names; the position is where it stands in the text, for messages. */
export type TableUse = {
  readonly schema: TableSchema;
  readonly name: string;
  readonly at: number;
  readonly end: number;
  readonly bounds: Bounds;
};

export type Column = { readonly name: string; readonly type: string };

/** Segment files with the same columns. Types are DuckDB's, as `describe` on a file says them. */
export type FileGroup = { readonly paths: readonly string[]; readonly columns: readonly Column[] };

/** Named as in segment files. */
export type LiveColumn = Column & {
  readonly role: 'time' | 'dimension' | 'discovered' | 'metric';
  /** How rows of one group become one; only metrics have it. */
  readonly merge: Merge | null;
};

/** Rows of one unpublished sequence. With rollup, a group may have a row in several pieces; counted it is once. */
export type LiveGroup = {
  readonly rollup: boolean;
  readonly pieces: readonly {
    readonly path: string;
    readonly columns: readonly LiveColumn[];
    /** A group may have several rows in it, in the order of reading; and a sum of longs may leave int64. */
    readonly wide: boolean;
  }[];
};

/** One column of a data source over all its files: `field` is its name in them, `name` what SQL calls it. */
export type TableColumn = {
  readonly name: string;
  readonly field: string;
  readonly type: SqlType;
  readonly duckdbType: string;
  /** A first or last metric; the view has its time beside it, under `metricTimeOf(name)`. */
  readonly hasTime?: true;
};

/** One data source as one query sees it. */
export type SourceTable = {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly files: readonly FileGroup[];
  readonly live: readonly LiveGroup[];
  /** Rows outside need not be read. */
  readonly bounds: Pick<Bounds, 'fromMs' | 'toMs'>;
};

export type SystemValue = string | bigint | number | null;

export type SystemTable = {
  readonly schema: 'sys' | 'INFORMATION_SCHEMA';
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
  readonly rows: readonly (readonly SystemValue[])[];
};

export type RunMessage = {
  readonly kind: 'run';
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
  readonly settings: QuerySettings;
  readonly sources: readonly SourceTable[];
  readonly system: readonly SystemTable[];
  readonly result: ResultOptions;
  /** Druid's `sqlOuterLimit`: no more rows than this, without an error. */
  readonly outerLimit: number | null;
  readonly rowsMax: number;
  readonly resultBytesMax: number;
};

export type ToChild =
  | {
      readonly kind: 'settings';
      readonly folder: string;
      readonly memoryBytes: number;
      readonly spillBytesMax: number;
      readonly threads: number;
    }
  | {
      readonly kind: 'analyze';
      readonly sql: string;
      readonly parameters: readonly QueryParameter[];
      readonly settings: QuerySettings;
    }
  | RunMessage
  | { readonly kind: 'interrupt' };

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'analyzed'; readonly tables: readonly TableUse[] }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'done'; readonly rows: number }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: ErrorDetails;
    };
