/**
 * From a record's bytes to rows of named values: what every input format does, and nothing more (no time, no columns).
 *
 * Values are `JsonValue`: whole numbers are `number` or `bigint`, Java doubles `JavaDouble`, lists and Maps nest. A reader
 * never throws for what a record holds; each thing it cannot read is one `problem`, and what stands beside it is kept where
 * Druid's reader of the format keeps it.
 */
import type { JsonObject } from './json-text.ts';

export type InputRecord = {
  readonly value: Uint8Array | null;
  readonly key: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
  /** Milliseconds since the epoch, as the stream has it. */
  readonly timestampMs: number;
  readonly topic: string;
  readonly partition: string;
  readonly position: bigint;
};

export type ReadRecord = {
  readonly rows: readonly JsonObject[];
  /** One message for each thing that could not be read; each counts as one parse exception. */
  readonly problems: readonly string[];
};

export interface InputReader {
  read(record: InputRecord): ReadRecord;
  /** A row whose time cannot be read spoils only itself, not the other rows of its record. */
  readonly rowsStandAlone: boolean;
  /**
   * Null: this format never waits. Else asked before `read`: null when the record can be read now, or a promise after which
   * it can (a schema is being fetched); it rejects with a HeadgateError when the record cannot be read for now.
   */
  readonly prepare: ((record: InputRecord) => Promise<void> | null) | null;
}

/** A larger record is unparseable (reliability.md S11). */
export const maxRecordBytes = 8 * 1024 * 1024;

/** The reader of a value alone; the record's other parts are not seen. */
export type ValueReader = {
  read(value: Uint8Array): ReadRecord;
  readonly rowsStandAlone: boolean;
  readonly prepare: ((value: Uint8Array) => Promise<void> | null) | null;
};

export function unreadable(message: string): ReadRecord {
  return { rows: [], problems: [message] };
}
