/**
 * The port every stream stands behind. An adapter gives records of explicit partitions from explicit positions
 * on, in order, each exactly once, without any consumer group; `test/streams/conformance.ts` is its contract.
 *
 * A source is one stream, whose partitions are numbers, or several that are read as one: Kafka topics of a pattern, whose
 * partitions are `topic:number` (domain/partition-key.ts).
 *
 * Positions are *the next to read* (domain/positions.ts). Inside this port they are `bigint`: it is a hot path.
 * Gaps between positions are normal (compaction, transactions): a batch says where the next read begins.
 */

export type RecordHeader = { readonly key: string; readonly value: Uint8Array | null };

/** One record as it lies in the stream. `value` null is a tombstone. Bytes may be views into a larger buffer: copy to keep. */
export type SourceRecord = {
  readonly position: bigint;
  /** Milliseconds since the epoch, as the stream has it. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
};

/**
 * A walk over the records of a batch without an object for each: it is itself the record it stands on, until the next
 * step. For readers that take one value after the other and keep none.
 */
export interface RecordCursor extends SourceRecord {
  /** On to the next record, at first to the first one; false after the last. Throws as `poll` for what cannot be read. */
  advance(): boolean;
  /** The value without a view of it: `valueLength` bytes of `bytes` from `valueStart` on; -1 for a tombstone. */
  readonly bytes: Uint8Array;
  readonly valueStart: number;
  readonly valueLength: number;
}

export type RecordBatch = {
  readonly partition: string;
  /**
   * At or above the reader's position, ascending. May be empty: only control or aborted records were there. Each walk
   * may decompress the batch anew, at its first step.
   */
  readonly records: Iterable<SourceRecord>;
  /** The same records, one standing place for all of them. */
  walk(): RecordCursor;
  /** Where reading goes on once every record of this batch is taken; advances over gaps. */
  readonly next: bigint;
  /** Bytes held in memory by this batch. */
  readonly bytes: number;
};

export type StreamDescription = {
  /**
   * Of each partition what tells its stream from a re-created one of the same name. Kafka: the topic id; where several
   * topics are read, each has its own.
   */
  readonly identities: ReadonlyMap<string, string>;
  /** Every partition, by topic and number, whether or not it has a leader now. */
  readonly partitions: readonly string[];
};

/** A time stands for the first record that is not older. */
export type LogBound = 'earliest' | 'latest' | { readonly timestampMs: number };

export interface RecordSource {
  /** Throws STREAM_UNREACHABLE, STREAM_NOT_FOUND. Never cached. */
  describe(): Promise<StreamDescription>;

  /**
   * First readable position (`earliest`), the end that a reader of the chosen isolation level can reach (`latest`), or
   * the first readable record that is not older than a time - the end where there is none - of each partition asked for.
   * A partition that cannot be answered now is absent from the result.
   */
  positions(partitions: readonly string[], bound: LogBound): Promise<ReadonlyMap<string, bigint>>;

  /** A reader over exactly these partitions from exactly these positions (inclusive). Opens no socket before the first poll. */
  read(starts: ReadonlyMap<string, bigint>): RecordReader;

  /** Idempotent; closes readers too. */
  close(): Promise<void>;
}

export interface RecordReader {
  /**
   * What has arrived, waiting at most `maxWaitMs` for something. Empty is normal. Batches of one partition come in order.
   * Throws STREAM_OFFSET_OUT_OF_RANGE (details: partition, position, earliest, latest), STREAM_IDENTITY_CHANGED,
   * STREAM_NOT_FOUND (both with details: partition, topic), STREAM_CODEC_UNSUPPORTED (details: codec), STREAM_CORRUPT. What is
   * wrong with one partition is thrown after the batches before it, again each time, until it is dropped. Connection trouble is retried inside with back-off and
   * only thrown as STREAM_UNREACHABLE when it lasts longer than 30 s without any answer.
   */
  poll(maxWaitMs: number): Promise<readonly RecordBatch[]>;

  /** No more records of these partitions are wanted (their ends are reached). */
  drop(partitions: readonly string[]): void;

  close(): Promise<void>;
}
