/**
 * What the main thread knows of the sequences of its generation: ends, how far the thread is, which spills are uploaded.
 *
 * A sequence is live until it is published (by whomever) or discarded; live ones are published in their order.
 */
import { assert } from '../../domain/assert.ts';
import type { Positions } from '../../domain/positions.ts';
import type { CheckpointFile } from '../../storage/checkpoints.ts';
import type { SequenceRow } from '../../storage/generations.ts';
import { Bell } from './bell.ts';
import type { SealedSequence, SequenceSetup } from './protocol.ts';

export type BookedSequence = {
  readonly row: SequenceRow;
  ends: Positions | null;
  isFinal: boolean;
  state: 'live' | 'published' | 'discarded';
  /** The thread has read it to its ends. */
  isRead: boolean;
  /** Local spill to what deep storage has. */
  readonly uploaded: Map<string, CheckpointFile>;
};

export class SequenceBook {
  /** Rings when a sequence was added, read, published or discarded. */
  readonly changed = new Bell();
  #sequences: BookedSequence[] = [];
  /** Why the generation was discarded, as far as it was. */
  discardWhy: string | null = null;

  add(row: SequenceRow): BookedSequence {
    const booked: BookedSequence = {
      row,
      ends: row.ends,
      isFinal: row.final,
      state: row.state === 'published' || row.state === 'discarded' ? row.state : 'live',
      isRead: false,
      uploaded: new Map(),
    };
    if (row.state === 'discarded') this.discardWhy = row.discardWhy ?? '';
    this.#sequences.push(booked);
    this.changed.ring();
    return booked;
  }

  find(sequenceId: string): BookedSequence | undefined {
    return this.#sequences.find(({ row }) => row.sequenceId === sequenceId);
  }

  /** What a look at the control row need not tell again: all before `from` is over, open ones up to `known` are here. */
  get seen(): { readonly from: number; readonly known: number } {
    const known = this.#sequences.at(-1)?.row.ordinal ?? -1;
    const first = this.#sequences.find(({ state }) => state === 'live');
    return { from: first?.row.ordinal ?? known, known };
  }

  /** The one being read; undefined once the final ends are known. */
  get open(): BookedSequence | undefined {
    const last = this.#sequences.at(-1);
    return last?.ends === null && last.state === 'live' ? last : undefined;
  }

  live(): readonly BookedSequence[] {
    return this.#sequences.filter(({ state }) => state === 'live');
  }

  /** Nothing is left to read: every live sequence is at its ends and no further one will come. */
  get isEverythingRead(): boolean {
    const live = this.live();
    return live.at(-1)?.isFinal === true && live.every(({ isRead }) => isRead);
  }

  read(sequenceId: string): void {
    this.known(sequenceId).isRead = true;
    this.changed.ring();
  }

  published(sequenceId: string): void {
    this.known(sequenceId).state = 'published';
    this.changed.ring();
  }

  discarded(sequenceId: string, why: string): void {
    this.known(sequenceId).state = 'discarded';
    this.discardWhy ??= why;
    this.changed.ring();
  }

  known(sequenceId: string): BookedSequence {
    const booked = this.find(sequenceId);
    assert(booked !== undefined, `sequence ${sequenceId} is not in the book`);
    return booked;
  }
}

/** As the thread takes it. `sealed`: where an adopted checkpoint stands. */
export function setupOf({ row, ends }: BookedSequence, sealed: SealedSequence | null): SequenceSetup {
  const { sequenceId, ordinal, starts, windowMinMs, windowMaxMs } = row;
  return { sequenceId, ordinal, starts, ends, windowMinMs, windowMaxMs, sealed };
}
