/** `IngestCounters` while they are being counted. Every record ends in exactly one of the fates (I13). */
import type { IngestCounters } from '../../../domain/counters.ts';

export class Tally {
  records: number;
  processedBytes: number;
  processed: number;
  processedWithError: number;
  unparseable: number;
  empty: number;
  beforeWindow: number;
  afterWindow: number;
  filtered: number;

  constructor(from: IngestCounters) {
    this.records = from.records;
    this.processedBytes = from.processedBytes;
    this.processed = from.processed;
    this.processedWithError = from.processedWithError;
    this.unparseable = from.unparseable;
    this.empty = from.thrownAwayByReason.null;
    this.beforeWindow = from.thrownAwayByReason.beforeMinimumMessageTime;
    this.afterWindow = from.thrownAwayByReason.afterMaximumMessageTime;
    this.filtered = from.thrownAwayByReason.filtered;
  }

  /** What `maxParseExceptions` limits (druid.md 4.18). */
  get parseExceptions(): number {
    return this.unparseable + this.processedWithError;
  }

  counters(): IngestCounters {
    return {
      records: this.records,
      processedBytes: this.processedBytes,
      processed: this.processed,
      processedWithError: this.processedWithError,
      unparseable: this.unparseable,
      thrownAway: this.empty + this.beforeWindow + this.afterWindow + this.filtered,
      thrownAwayByReason: {
        null: this.empty,
        beforeMinimumMessageTime: this.beforeWindow,
        afterMaximumMessageTime: this.afterWindow,
        filtered: this.filtered,
      },
    };
  }
}
