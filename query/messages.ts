/** What the API process and a query process say to each other. Structured clone carries it: bytes and bigints survive. */
import type { ErrorCode, ErrorDetails } from '../domain/errors.ts';
import type { SystemTableName } from './system-tables.ts';

export const resultFormats = ['object', 'array', 'objectLines', 'arrayLines', 'csv'] as const;
export type ResultFormat = (typeof resultFormats)[number];

/** A parameter as Druid sends it: a SQL type name and a JSON value. */
export type QueryParameter = { readonly type: string; readonly value: string | number | boolean | null };

export type ResultOptions = {
  readonly format: ResultFormat;
  readonly header: boolean;
  readonly typesHeader: boolean;
  readonly sqlTypesHeader: boolean;
};

/** A table a statement names; the position is where it stands in the text, for messages. */
export type TableUse = {
  readonly schema: 'druid' | 'sys';
  readonly name: string;
  readonly line: number;
  readonly column: number;
  /** A WITH name could be meant: no data source of this name is no error. */
  readonly optional: boolean;
};

export type Column = { readonly name: string; readonly type: string };

/** One data source as one query sees it. */
export type SourceFiles = {
  readonly name: string;
  /** Files of equal columns together; the schema is read from the first file of each. */
  readonly groups: readonly (readonly string[])[];
  /** What the spec says, for columns that no file has yet. Types are DuckDB's. */
  readonly knownColumns: readonly Column[];
};

export type SystemRows = {
  readonly name: SystemTableName;
  readonly rows: readonly (readonly (string | bigint | null)[])[];
};

export type RunMessage = {
  readonly kind: 'run';
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
  readonly sources: readonly SourceFiles[];
  readonly system: readonly SystemRows[];
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
  | { readonly kind: 'analyze'; readonly sql: string }
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
