/**
 * Reports of records that could not be read, bounded: the first few of an attempt for the message of a failure, the first
 * few since the last look for the log, the newest for `parseErrors`. A report is only made when it is kept.
 */
import { wellFormed } from '../../../domain/nested-value.ts';
import type { ParseReport } from '../../../domain/parse-report.ts';

/** Enough to see what is wrong, too few to fill a log. */
const fewAtMost = 5;
/** Of one look: a task whose every record is bad must not send all of them every second. */
const newestAtMost = 200;
/** Of one record: one with a hundred thousand bad fields must not fill a log, a failure or a header. */
const detailsAtMost = 20;
const detailLengthAtMost = 1_000;

export class ParseReports {
  readonly #savedAtMost: number;
  readonly #first: ParseReport[] = [];
  #few: ParseReport[] = [];
  #newest: ParseReport[] = [];
  #at = 0;

  /** `saved`: how many of the newest are wanted (`maxSavedParseExceptions`). */
  constructor(saved: number) {
    this.#savedAtMost = Math.min(saved, newestAtMost);
  }

  note(make: () => ParseReport): void {
    const isFew = this.#first.length < fewAtMost || this.#few.length < fewAtMost;
    if (!isFew && this.#savedAtMost === 0) return;
    const report = make();
    if (this.#first.length < fewAtMost) this.#first.push(report);
    if (this.#few.length < fewAtMost) this.#few.push(report);
    if (this.#savedAtMost === 0) return;
    this.#newest[this.#at % this.#savedAtMost] = report;
    this.#at += 1;
  }

  /** Of this attempt, as lines. */
  get firstLines(): readonly string[] {
    return this.#first.map(lineOf);
  }

  /** Since the last call. */
  drainLines(): readonly string[] {
    const few = this.#few;
    this.#few = [];
    return few.map(lineOf);
  }

  /** The newest since the last call, oldest first. */
  drainNewest(): readonly ParseReport[] {
    const oldest = this.#at > this.#newest.length ? this.#at % this.#savedAtMost : 0;
    const newest = [...this.#newest.slice(oldest), ...this.#newest.slice(0, oldest)];
    this.#newest = [];
    this.#at = 0;
    return newest;
  }
}

/** As text that Postgres holds too: no NUL in its JSON, and no half of a character. */
export function shownText(text: string): string {
  return wellFormed(text).replaceAll('\0', '\ufffd');
}

export function shownDetails(details: readonly string[]): readonly string[] {
  const shown = details
    .slice(0, detailsAtMost)
    .map((detail) => shownText(detail.slice(0, detailLengthAtMost)));
  const more = details.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function lineOf({ partition, position, details }: ParseReport): string {
  return `partition ${partition} position ${position}: ${details.join('; ')}`;
}
