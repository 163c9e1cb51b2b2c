/**
 * Delivers records that could not be read, before anything that says they need not be read again.
 *
 * What a thread hands over is delivered in order; a checkpoint and a commit wait until all of it is where it belongs. So a
 * letter is never lost, and delivered twice only when a process dies right after delivering (each names its offset). What a
 * replica or an earlier attempt delivered under the same spec is not delivered again.
 */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { assert } from '../../domain/assert.ts';
import { partitionKey } from '../../domain/partition-key.ts';
import type { Positions } from '../../domain/positions.ts';
import { markLettersDelivered, readDeliveredLetters } from '../../storage/bad-records.ts';
import type { LetterRange, LetterScope } from '../../storage/bad-records.ts';
import type { Database } from '../../storage/call.ts';
import type { SequenceRow } from '../../storage/generations.ts';
import { parseLetter, type DeadLetter } from './dead-letter.ts';

export interface LetterSink {
  /** All of them are durable once this resolves. Throws DEAD_LETTERS_UNAVAILABLE. */
  deliver(letters: readonly DeadLetter[]): Promise<void>;
  close(): Promise<void>;
}

/** Letters of records of a sequence below `positions`, in a local file. */
export type HandedLetters = {
  readonly sequenceId: string;
  readonly localPath: string;
  readonly positions: Positions;
};

export type OfficeOptions = {
  readonly database: Database;
  readonly scope: LetterScope;
  readonly sink: LetterSink;
  readonly sequenceOf: (sequenceId: string) => Pick<SequenceRow, 'starts' | 'incarnations'>;
  readonly persistently: <T>(what: string, call: () => Promise<T>) => Promise<T>;
  readonly onProgress: () => void;
};

const batchLetters = 500;
const batchBytes = 4 * 1024 * 1024;

export class DeadLetterOffice {
  readonly #options: OfficeOptions;
  #queue: Promise<void> = Promise.resolve();

  constructor(options: OfficeOptions) {
    this.#options = options;
  }

  hand(letters: HandedLetters): void {
    this.#queue = this.#queue.then(() => this.#deliver(letters));
    // Whoever waits for `settled` is told.
    this.#queue.catch(() => undefined);
  }

  /** Everything handed over so far is delivered. Throws what delivering threw. */
  settled(): Promise<void> {
    return this.#queue;
  }

  async close(): Promise<void> {
    await this.#queue.catch(() => undefined);
    await this.#options.sink.close();
  }

  async #deliver({ sequenceId, localPath, positions }: HandedLetters): Promise<void> {
    const { database, onProgress, persistently, scope, sequenceOf } = this.#options;
    const ranges = rangesOf(sequenceOf(sequenceId), positions);
    const delivered = await persistently('looking up dead letters', () =>
      readDeliveredLetters(database, scope),
    );
    for await (const letters of batchesOf(localPath, within(ranges, delivered))) {
      await persistently('delivering dead letters', () => this.#options.sink.deliver(letters));
      onProgress();
    }
    await persistently('noting dead letters', () => markLettersDelivered(database, scope, ranges));
    await rm(localPath, { force: true });
  }
}

/** What an attempt hands over it has read from the sequence's start on, or from a checkpoint that waited for the letters below. */
function rangesOf(
  { starts, incarnations }: Pick<SequenceRow, 'starts' | 'incarnations'>,
  positions: Positions,
): readonly LetterRange[] {
  return Object.entries(positions).flatMap(([partition, delivered]) => {
    const start = starts[partition];
    const incarnation = incarnations[partition];
    assert(
      start !== undefined && incarnation !== undefined,
      `partition ${partition} of a letter is not one of its sequence`,
    );
    return BigInt(delivered) > BigInt(start) ? [{ partition, incarnation, start, delivered }] : [];
  });
}

/** Whether a letter of one of `ranges` was delivered with `delivered`. */
function within(
  ranges: readonly LetterRange[],
  delivered: readonly LetterRange[],
): (letter: DeadLetter) => boolean {
  const known = new Map<string, { start: bigint; end: bigint }[]>();
  for (const { partition, incarnation } of ranges) {
    const same = delivered.filter(
      (other) => other.partition === partition && other.incarnation === incarnation,
    );
    const spans = same.map((other) => ({ start: BigInt(other.start), end: BigInt(other.delivered) }));
    known.set(partition, spans);
  }
  return ({ topic, partition, offset }) => {
    const at = BigInt(offset);
    const spans = known.get(partition) ?? known.get(partitionKey(topic, partition));
    return spans?.some(({ start, end }) => start <= at && at < end) === true;
  };
}

/** Those not delivered yet. */
async function* batchesOf(
  path: string,
  isDelivered: (letter: DeadLetter) => boolean,
): AsyncGenerator<DeadLetter[]> {
  let letters: DeadLetter[] = [];
  let bytes = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    const letter = parseLetter(line);
    if (isDelivered(letter)) continue;
    letters.push(letter);
    bytes += line.length;
    if (letters.length < batchLetters && bytes < batchBytes) continue;
    yield letters;
    letters = [];
    bytes = 0;
  }
  if (letters.length > 0) yield letters;
}
