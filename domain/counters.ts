/** What happened to the records of a sequence (druid.md 2.4). Cumulative; every record read is in exactly one of them (I13). */
export type IngestCounters = {
  /** Records read from the stream, of any fate. */
  readonly records: number;
  /** Bytes of those records' values. */
  readonly processedBytes: number;
  /** Rows stored without any problem. */
  readonly processed: number;
  /** Rows stored although a column could not be parsed. */
  readonly processedWithError: number;
  /** Rows or records that could not be read at all. */
  readonly unparseable: number;
  /** Rows dropped on purpose; the sum of `thrownAwayByReason`. */
  readonly thrownAway: number;
  readonly thrownAwayByReason: {
    readonly null: number;
    readonly beforeMinimumMessageTime: number;
    readonly afterMaximumMessageTime: number;
    readonly filtered: number;
  };
};

export const zeroCounters: IngestCounters = {
  records: 0,
  processedBytes: 0,
  processed: 0,
  processedWithError: 0,
  unparseable: 0,
  thrownAway: 0,
  thrownAwayByReason: { null: 0, beforeMinimumMessageTime: 0, afterMaximumMessageTime: 0, filtered: 0 },
};

export function addCounters(left: IngestCounters, right: IngestCounters): IngestCounters {
  return {
    records: left.records + right.records,
    processedBytes: left.processedBytes + right.processedBytes,
    processed: left.processed + right.processed,
    processedWithError: left.processedWithError + right.processedWithError,
    unparseable: left.unparseable + right.unparseable,
    thrownAway: left.thrownAway + right.thrownAway,
    thrownAwayByReason: {
      null: left.thrownAwayByReason.null + right.thrownAwayByReason.null,
      beforeMinimumMessageTime:
        left.thrownAwayByReason.beforeMinimumMessageTime + right.thrownAwayByReason.beforeMinimumMessageTime,
      afterMaximumMessageTime:
        left.thrownAwayByReason.afterMaximumMessageTime + right.thrownAwayByReason.afterMaximumMessageTime,
      filtered: left.thrownAwayByReason.filtered + right.thrownAwayByReason.filtered,
    },
  };
}
