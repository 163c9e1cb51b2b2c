/**
 * Obeys the control row of the generation: pauses, answers, goes on when the lease ran out, and cuts at written ends.
 *
 * It looks at every notice and every 500 ms. What it does follows from the row alone, so a lost notice, a repeated one or
 * a look in the middle of anything does no harm. A pause is answered with the position between two records.
 */
import { unreachable } from '../../domain/assert.ts';
import { HeadgateError } from '../../domain/errors.ts';
import { generationLabel } from '../../domain/ids.ts';
import { answerPause, readControl, resumeAfterLease } from '../../storage/control.ts';
import type { ControlRow } from '../../storage/control.ts';
import { readGeneration } from '../../storage/generations.ts';
import type { GenerationRow, SequenceRow } from '../../storage/generations.ts';
import type { Attempt } from './attempt.ts';
import { reportLeaseLost } from './lease-lost.ts';
import { setupOf } from './sequence-book.ts';
import type { BookedSequence, SequenceBook } from './sequence-book.ts';

const lookEveryMs = 500;
/** Our clock against that of Postgres; the call itself is checked there. */
const leaseSlackMs = 500;

export async function obeyControl(attempt: Attempt): Promise<void> {
  const pause = new PauseDuty(attempt);
  while (!attempt.signal.aborted) {
    const seen = attempt.bell.count;
    const control = await attempt.persistently('reading the control row', () =>
      readControl(attempt.deps.pool, attempt.key),
    );
    if (control === null) throw unknownGeneration(attempt);
    await applyEnds(attempt, control);
    if ((await pause.apply(control)) === 'lookAgain') continue;
    await attempt.bell.wait(seen, lookEveryMs, attempt.signal);
  }
}

/** Brings the book and the thread up to date with what Postgres says of the sequences. */
export async function applyEnds(attempt: Attempt, control: ControlRow): Promise<void> {
  const { book, channel } = attempt;
  const news = control.sequences.some(({ sequenceId, state, ends }) => {
    const booked = book.find(sequenceId);
    if (booked === undefined) return true;
    const isBookedAs = booked.state === 'live' ? ['open', 'ended'] : [booked.state];
    return !isBookedAs.includes(state) || (booked.ends === null && ends !== null);
  });
  if (!news) return;
  const generation = await attempt.persistently('reading the generation', () =>
    readGeneration(attempt.deps.pool, attempt.key),
  );
  if (generation === null) throw unknownGeneration(attempt);
  for (const row of generation.sequences) {
    const booked = book.find(row.sequenceId) ?? bookOpen(book, row);
    if (booked.ends === null && row.ends !== null) {
      booked.ends = row.ends;
      booked.isFinal = row.final;
      const next = row.final ? null : bookOpen(book, nextOf(generation, row.ordinal));
      channel.cut(row.sequenceId, row.ends, next === null ? null : setupOf(next, null));
    }
    if (booked.state !== 'live') continue;
    if (row.state === 'discarded') book.discarded(row.sequenceId, row.discardWhy ?? '');
    if (row.state === 'published') {
      // By a sibling: what is read of it may go, what is not need not be read.
      book.published(row.sequenceId);
      channel.drop(row.sequenceId);
    }
  }
}

/** As it was when it began, whatever has become of it: the thread is told of its ends in their turn. */
function bookOpen(book: SequenceBook, row: SequenceRow): BookedSequence {
  return book.add({ ...row, state: 'open', final: false, ends: null });
}

function nextOf(generation: GenerationRow, ordinal: number): SequenceRow {
  const next = generation.sequences.find((sequence) => sequence.ordinal === ordinal + 1);
  if (next !== undefined) return next;
  throw new HeadgateError(
    'INVARIANT_VIOLATED',
    `${generationLabel(generation.key)}: sequence ${ordinal} is ended and not final, but no sequence follows it`,
  );
}

/** The half of the pause that a replica has: answer once per request, and never go on by itself without saying so. */
class PauseDuty {
  readonly #attempt: Attempt;
  #answered: number | null = null;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  async apply(control: ControlRow): Promise<'done' | 'lookAgain'> {
    const { book, channel } = this.#attempt;
    if (control.state !== 'pause') {
      if (this.#answered !== null) channel.resume();
      this.#answered = null;
      return 'done';
    }
    if (book.open === undefined || control.ordinal !== book.open.row.ordinal) return 'done';
    if (this.#answered !== control.requestNo) return this.#answer(control.requestNo);
    const isOver = control.leaseUntilMs !== null && Date.now() > control.leaseUntilMs + leaseSlackMs;
    return isOver ? this.#resume(control.requestNo) : 'done';
  }

  async #answer(requestNo: number): Promise<'done' | 'lookAgain'> {
    const { channel, deps, held, meter } = this.#attempt;
    const positions = await channel.pause(requestNo);
    const outcome = await this.#attempt.persistently('answering a pause', () =>
      answerPause(deps.pool, held.lease, { requestNo, positions }),
    );
    switch (outcome) {
      case 'ok':
        meter.mark();
        this.#answered = requestNo;
        return 'done';
      case 'superseded':
        // Whatever came instead is in the row by now; until then the thread stays where it is.
        this.#answered = requestNo;
        return 'lookAgain';
      case 'fenced':
        await reportLeaseLost(this.#attempt, 'lease');
        return 'done';
      default:
        return unreachable(outcome);
    }
  }

  /** Raising the request number makes the pending end impossible; only then is reading on safe (protocol.md 3). */
  async #resume(requestNo: number): Promise<'done' | 'lookAgain'> {
    const { channel, deps, held } = this.#attempt;
    const outcome = await this.#attempt.persistently('going on after a pause', () =>
      resumeAfterLease(deps.pool, held.lease, { requestNo }),
    );
    if (outcome === 'superseded') return 'done';
    this.#answered = null;
    channel.resume();
    return 'done';
  }
}

function unknownGeneration(attempt: Attempt): HeadgateError {
  return new HeadgateError(
    'METADATA_TIME_TRAVEL',
    `task ${attempt.input.taskId}: postgres no longer knows ${generationLabel(attempt.key)}; was it restored? run headgate doctor`,
  );
}
