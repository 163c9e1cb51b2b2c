/** What is kept of a record or row that could not be read, for people (druid.md 2.5). Plain JSON. */
export type ParseReport = {
  /** `unparseable`: there is no row. `processedWithError`: the row is stored, the bad value is null. */
  readonly errorType: 'unparseable' | 'processedWithError';
  /** The row as it was read, or the record's text; cut. */
  readonly input: string;
  readonly details: readonly string[];
  readonly partition: string;
  readonly position: string;
  readonly atMs: number;
};
