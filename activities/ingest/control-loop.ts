/**
 * Obeys the control row of the generation: pauses, answers, goes on when the lease ran out, and cuts at written ends.
 *
 * It looks at every notice and every 5 s. What it does follows from the row alone, so a lost notice, a repeated one or
 * a look in the middle of anything does no harm. A pause is answered with the position between two records; when a notice
 * tells of it, it is answered before the row is looked at, for the answer itself is checked in Postgres.
 */
import { unreachable } from '../../domain/assert.ts';
import { HeadgateError } from '../../domain/errors.ts';
import { generationLabel } from '../../domain/ids.ts';
import { answerPause, readControl, resumeAfterLease } from '../../storage/control.ts';
import type { ControlRow } from '../../storage/control.ts';
import type { Positions } from '../../domain/positions.ts';
import type { SequenceRow } from '../../storage/generations.ts';
import type { Attempt } from './attempt.ts';
import { untilBeat } from './beat.ts';
import { reportLeaseLost } from './lease-lost.ts';
import type { AnnouncedPause } from './notice-board.ts';
import { setupOf } from './sequence-book.ts';
import type { BookedSequence, SequenceBook } from './sequence-book.ts';

/** Notices ring at once; this is for those that get lost. */
const lookEveryMs = 5_000;
/** Of one that stands still: its lease may run out. */
const pausedLookEveryMs = 1_000;
/** Our clock against that of Postgres; the call itself is checked there. */
const leaseSlackMs = 500;

export async function obeyControl(attempt: Attempt): Promise<void> {
  const pause = new PauseDuty(attempt);
  attempt.onPause = (announced) => pause.announced(announced);
  while (!attempt.signal.aborted) {
    const seen = attempt.bell.count;
    if ((await pause.answerAnnounced()) === 'lookAgain' && (await look(attempt, pause)) === 'lookAgain')
      continue;
    await attempt.bell.wait(
      seen,
      untilBeat(pause.isStanding ? pausedLookEveryMs : lookEveryMs, Date.now()),
      attempt.signal,
    );
  }
}

async function look(attempt: Attempt, pause: PauseDuty): Promise<'done' | 'lookAgain'> {
  const { book, deps, key } = attempt;
  const control = await attempt.persistently('reading the control row', () =>
    readControl(deps.pool, key, book.seen),
  );
  if (control === null) throw unknownGeneration(attempt);
  applyEnds(attempt, control);
  return pause.apply(control);
}

/** Brings the book and the thread up to date with what Postgres says of the sequences. */
function applyEnds(attempt: Attempt, control: ControlRow): void {
  const { book, channel } = attempt;
  for (const { row } of control.sequences) {
    // Open, and in the book as such.
    if (row === null) continue;
    const booked = book.find(row.sequenceId) ?? bookOpen(book, row);
    if (booked.ends === null && row.ends !== null) {
      booked.ends = row.ends;
      booked.isFinal = row.final;
      const next = row.final ? null : bookOpen(book, nextOf(attempt, control, row.ordinal));
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

function nextOf({ key }: Attempt, control: ControlRow, ordinal: number): SequenceRow {
  const next = control.sequences.find((sequence) => sequence.ordinal === ordinal + 1)?.row;
  if (next !== undefined && next !== null) return next;
  throw new HeadgateError(
    'INVARIANT_VIOLATED',
    `${generationLabel(key)}: sequence ${ordinal} is ended and not final, but no sequence follows it`,
  );
}

/** The half of the pause that a replica has: answer once per request, and never go on by itself without saying so. */
class PauseDuty {
  readonly #attempt: Attempt;
  #answered: number | null = null;
  /** Told by a notice: the thread was asked already. */
  #announced: { readonly requestNo: number; readonly positions: Promise<Positions> } | null = null;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  get isStanding(): boolean {
    return this.#answered !== null || this.#announced !== null;
  }

  /** Only one that is about the sequence read here: whatever else it is, the row tells. */
  announced({ ordinal, requestNo }: AnnouncedPause): void {
    const { book, channel } = this.#attempt;
    if (this.#announced !== null || this.#answered === requestNo) return;
    if (book.open?.row.ordinal !== ordinal) return;
    const positions = channel.pause(requestNo);
    positions.catch(() => undefined);
    this.#announced = { requestNo, positions };
  }

  /** `lookAgain`: nothing was announced, or it is not what it seemed. */
  async answerAnnounced(): Promise<'done' | 'lookAgain'> {
    return this.#announced === null ? 'lookAgain' : this.#answer(this.#announced.requestNo);
  }

  async apply(control: ControlRow): Promise<'done' | 'lookAgain'> {
    const { book } = this.#attempt;
    if (control.state !== 'pause') return this.#goOn();
    if (book.open === undefined || control.ordinal !== book.open.row.ordinal) return 'done';
    if (this.#answered !== control.requestNo) return this.#answer(control.requestNo);
    const isOver = control.leaseUntilMs !== null && Date.now() > control.leaseUntilMs + leaseSlackMs;
    return isOver ? this.#resume(control.requestNo) : 'done';
  }

  async #answer(requestNo: number): Promise<'done' | 'lookAgain'> {
    const { deps, held, meter } = this.#attempt;
    const positions = await this.#positions(requestNo);
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

  /** One question to the thread at a time: an answer to an earlier one must not be taken for this one's. */
  async #positions(requestNo: number): Promise<Positions> {
    const announced = this.#announced;
    const early = await announced?.positions;
    this.#announced = null;
    return early !== undefined && announced?.requestNo === requestNo
      ? early
      : this.#attempt.channel.pause(requestNo);
  }

  async #goOn(): Promise<'done' | 'lookAgain'> {
    const announced = this.#announced;
    if (announced === null && this.#answered === null) return 'done';
    await announced?.positions;
    this.#announced = null;
    this.#answered = null;
    this.#attempt.channel.resume();
    // The row may have been read before that pause was asked for.
    return announced === null ? 'done' : 'lookAgain';
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
