/**
 * One record into one sequence: parse, rejection window, counters, rollup. The plain path.
 *
 * Small functions called many times, on purpose: V8 may otherwise enter a long loop half compiled and stay there
 * (performance.md 5.1).
 */
import type { ParsedRow } from '../../../domain/rows.ts';
import type { InputRecord } from '../../../formats/input-reader.ts';
import { createRecordParser } from '../../../formats/record-parser.ts';
import type { RecordParser } from '../../../formats/record-parser.ts';
import type { SourceRecord } from '../../../streams/record-source.ts';
import type { TaskSetup } from '../protocol.ts';
import type { ThreadSequence } from './thread-sequence.ts';

/** Enough to see what is wrong, too few to fill a log. */
const problemsKept = 5;

export class RowIntake {
  readonly #topic: string;
  readonly #parser: RecordParser;
  /** The first ones of this attempt, for the message of a failure. */
  readonly firstProblems: string[] = [];
  #newProblems: string[] = [];

  constructor({ topic, inputFormat, schema }: Pick<TaskSetup, 'topic' | 'inputFormat' | 'schema'>) {
    this.#topic = topic;
    this.#parser = createRecordParser(schema, inputFormat);
  }

  take(record: SourceRecord, partition: string, sequence: ThreadSequence): void {
    const { tally } = sequence;
    const parsed = this.#parser.parse(this.#placed(record, partition));
    tally.records += 1;
    tally.processedBytes += record.value?.byteLength ?? 0;
    if (parsed.empty) tally.empty += 1;
    tally.filtered += parsed.filtered;
    for (const row of parsed.rows) this.#takeRow(row, record, partition, sequence);
    for (const problem of parsed.unparseable) {
      tally.unparseable += 1;
      this.#noteProblem(problem, partition, record.position);
    }
  }

  #placed(record: SourceRecord, partition: string): InputRecord {
    const { position, timestampMs, key, value, headers } = record;
    return { position, timestampMs, key, value, headers, topic: this.#topic, partition };
  }

  #takeRow(row: ParsedRow, record: SourceRecord, partition: string, sequence: ThreadSequence): void {
    const { tally, setup } = sequence;
    if (setup.windowMinMs !== null && row.timestampMs < setup.windowMinMs) {
      tally.beforeWindow += 1;
    } else if (setup.windowMaxMs !== null && row.timestampMs > setup.windowMaxMs) {
      tally.afterWindow += 1;
    } else {
      sequence.index.add(row);
      if (row.problems.length === 0) tally.processed += 1;
      else {
        tally.processedWithError += 1;
        this.#noteProblem(row.problems.join('; '), partition, record.position);
      }
    }
  }

  #noteProblem(problem: string, partition: string, position: bigint): void {
    if (this.firstProblems.length >= problemsKept && this.#newProblems.length >= problemsKept) return;
    const text = `partition ${partition} position ${position}: ${problem}`;
    if (this.firstProblems.length < problemsKept) this.firstProblems.push(text);
    if (this.#newProblems.length < problemsKept) this.#newProblems.push(text);
  }

  /** Problems since the last call, the first few of them. */
  drainProblems(): readonly string[] {
    const problems = this.#newProblems;
    this.#newProblems = [];
    return problems;
  }
}
