/**
 * One record into one sequence: parse, rejection window, counters, rollup; and what is kept of the records that could not be
 * read: reports for people, whole records for the dead letters. The plain path.
 *
 * Small functions called many times, on purpose: V8 may otherwise enter a long loop half compiled and stay there
 * (performance.md 5.1).
 */
import type { ParseReport } from '../../../domain/parse-report.ts';
import { topicOf } from '../../../domain/partition-key.ts';
import type { ParsedRow } from '../../../domain/rows.ts';
import type { InputRecord } from '../../../formats/input-reader.ts';
import { createRecordParser } from '../../../formats/record-parser.ts';
import type { RecordParser, Unparsed } from '../../../formats/record-parser.ts';
import { cutText, inputText } from '../../../formats/row-maker.ts';
import type { SourceRecord } from '../../../streams/record-source.ts';
import { resolveProperties } from '../../../streams/kafka/resolve-properties.ts';
import type { SecretEnvironment } from '../../../streams/kafka/resolve-properties.ts';
import type { SourceSetup, TaskSetup } from '../protocol.ts';
import { ParseReports, shownDetails, shownText } from './parse-reports.ts';
import type { ThreadSequence } from './thread-sequence.ts';

/** Where a record lies. */
type Place = { readonly partition: string; readonly record: SourceRecord };

export class RowIntake {
  readonly #topic: string;
  /** Of the last record: most come after one of the same partition. */
  #from = { partition: '', topic: '' };
  readonly #parser: RecordParser;
  readonly reports: ParseReports;

  constructor({ topic, inputFormat, schema, tuning, source }: TaskSetup) {
    this.#topic = topic;
    this.#parser = createRecordParser(schema, inputFormat, new Date().getUTCFullYear(), {
      resolveSecrets: (values, field) => resolveProperties(values, secretsOf(source), field),
    });
    this.reports = new ParseReports(tuning.maxSavedParseExceptions);
  }

  /** Null: the record can be taken. Else a promise after which it can; it rejects when it cannot be for now. */
  prepare(record: SourceRecord, partition: string): Promise<void> | null {
    const { prepare } = this.#parser;
    return prepare === null ? null : prepare(this.#placed(record, partition));
  }

  take(record: SourceRecord, partition: string, sequence: ThreadSequence): void {
    const { tally } = sequence;
    const parsed = this.#parser.parse(this.#placed(record, partition));
    tally.records += 1;
    tally.processedBytes += record.value?.byteLength ?? 0;
    if (parsed.empty) tally.empty += 1;
    tally.filtered += parsed.filtered;
    for (const row of parsed.rows) this.#takeRow(row, { partition, record }, sequence);
    if (parsed.unparseable.length > 0) this.#reject(parsed.unparseable, { partition, record }, sequence);
  }

  #placed(record: SourceRecord, partition: string): InputRecord {
    const { position, timestampMs, key, value, headers } = record;
    if (this.#from.partition !== partition)
      this.#from = { partition, topic: topicOf(partition, this.#topic) };
    return { position, timestampMs, key, value, headers, topic: this.#from.topic, partition };
  }

  #takeRow(row: ParsedRow, place: Place, sequence: ThreadSequence): void {
    const { tally, setup } = sequence;
    if (setup.windowMinMs !== null && row.timestampMs < setup.windowMinMs) {
      tally.beforeWindow += 1;
    } else if (setup.windowMaxMs !== null && row.timestampMs > setup.windowMaxMs) {
      tally.afterWindow += 1;
    } else {
      const problems = sequence.index.add(row);
      if (problems.length === 0) tally.processed += 1;
      else {
        tally.processedWithError += 1;
        this.reports.note(() =>
          report(place, 'processedWithError', problems, row.input?.() ?? recordText(place.record)),
        );
      }
    }
  }

  #reject(unparsed: readonly Unparsed[], place: Place, sequence: ThreadSequence): void {
    sequence.tally.unparseable += unparsed.length;
    for (const { message, fields } of unparsed)
      this.reports.note(() =>
        report(
          place,
          'unparseable',
          [message],
          fields === null ? recordText(place.record) : inputText(fields),
        ),
      );
    sequence.letters?.add(
      place.record,
      place.partition,
      shownDetails(unparsed.map(({ message }) => message)),
    );
  }
}

/** A spec may name the same variables for a registry as for the stream. */
function secretsOf(source: SourceSetup): SecretEnvironment {
  const prefixes = source.kind === 'kafka' ? source.secretEnvPrefixes : [];
  return { variables: process.env, prefixes };
}

function report(
  { partition, record }: Place,
  errorType: ParseReport['errorType'],
  details: readonly string[],
  input: string,
): ParseReport {
  return {
    errorType,
    input: shownText(input),
    details: shownDetails(details),
    partition,
    position: String(record.position),
    atMs: Date.now(),
  };
}

function recordText({ value }: SourceRecord): string {
  // A character has at most four bytes; the rest would be cut anyway.
  return value === null ? '' : cutText(Buffer.from(value.subarray(0, 10_000)).toString('utf8'));
}
