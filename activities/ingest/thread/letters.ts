/**
 * The records of a sequence that could not be read, whole, as JSON lines in a local file, until the main thread delivers them.
 *
 * What is taken belongs to the main thread; what is not taken can still be forgotten, when its records are read again.
 */
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readPartitionKey } from '../../../domain/partition-key.ts';
import type { SourceRecord } from '../../../streams/record-source.ts';
import { letterLine } from '../dead-letter.ts';

const bufferedAtMost = 256 * 1024;

export type LettersFile = { readonly localPath: string; readonly records: number; readonly bytes: number };

export class Letters {
  readonly #topic: string;
  readonly #pathOf: (number: number) => string;
  #files = 0;
  #lines: string[] = [];
  #bufferedBytes = 0;
  #records = 0;
  #bytes = 0;

  constructor(options: { readonly topic: string; readonly folder: string; readonly name: string }) {
    this.#topic = options.topic;
    this.#pathOf = (number) => join(options.folder, `${options.name}-${number}.letters`);
  }

  /** Of what is not taken yet. */
  get bytes(): number {
    return this.#bytes;
  }

  add(record: SourceRecord, partition: string, reasons: readonly string[]): void {
    const { topic, number } = readPartitionKey(partition);
    const line = `${letterLine(record, { topic: topic ?? this.#topic, partition: number, reasons })}\n`;
    this.#lines.push(line);
    this.#bufferedBytes += line.length;
    this.#bytes += line.length;
    this.#records += 1;
    if (this.#bufferedBytes >= bufferedAtMost) this.#flush();
  }

  /** Null: there are none. */
  take(): LettersFile | null {
    if (this.#records === 0) return null;
    this.#flush();
    const taken = { localPath: this.#path(), records: this.#records, bytes: this.#bytes };
    this.#next();
    return taken;
  }

  forget(): void {
    rmSync(this.#path(), { force: true });
    this.#next();
  }

  #flush(): void {
    appendFileSync(this.#path(), this.#lines.join(''));
    this.#lines = [];
    this.#bufferedBytes = 0;
  }

  #path(): string {
    return this.#pathOf(this.#files);
  }

  #next(): void {
    this.#files += 1;
    this.#lines = [];
    this.#bufferedBytes = 0;
    this.#records = 0;
    this.#bytes = 0;
  }
}
