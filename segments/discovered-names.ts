/**
 * The names of discovered columns of one sequence. Records with ever new names would make ever more columns; beyond the limit a
 * field is not stored, and the row says so (reliability.md S11).
 *
 * An attempt that goes on from a checkpoint counts anew, so a sequence has at most the limit for each attempt. Which names are
 * in follows from the order of reading: beyond the limit replicas need not agree.
 */
import type { ParsedRow } from '../domain/rows.ts';
import { ownText } from './own-text.ts';

export const discoveredNamesMax = 5_000;

const nameLengthShown = 64;
const namesShown = 5;

export class DiscoveredNames {
  readonly #names = new Set<string>();

  /** What may be stored of a row, with a problem for each field that may not. */
  admit(found: NonNullable<ParsedRow['discovered']>): Admitted {
    for (const name of found.keys()) if (!this.#isKnown(name)) return this.#withoutNew(found);
    return { found, problems: none };
  }

  #withoutNew(found: NonNullable<ParsedRow['discovered']>): Admitted {
    const admitted = new Map(found);
    const refused: string[] = [];
    for (const name of found.keys())
      if (!this.#isKnown(name)) {
        admitted.delete(name);
        refused.push(name);
      }
    return { found: admitted, problems: problemsOf(refused) };
  }

  #isKnown(name: string): boolean {
    if (this.#names.has(name)) return true;
    if (this.#names.size >= discoveredNamesMax) return false;
    // A copy: a slice of a record's text would keep all of the record alive.
    this.#names.add(ownText(name));
    return true;
  }
}

export type Admitted = {
  readonly found: NonNullable<ParsedRow['discovered']>;
  readonly problems: readonly string[];
};

const none: readonly string[] = [];

/** A row may have a hundred thousand fields: only some are named. */
function problemsOf(names: readonly string[]): readonly string[] {
  const problems = names.slice(0, namesShown).map(problemOf);
  const more = names.length - problems.length;
  return more === 0 ? problems : [...problems, `${more} more fields are not stored, for the same reason`];
}

function problemOf(name: string): string {
  const shown = name.length <= nameLengthShown ? name : `${name.slice(0, nameLengthShown)}...`;
  return (
    `field [${shown}] is not stored: the sequence has ${discoveredNamesMax} discovered columns, which is the most there can be; ` +
    'list the fields you need in dimensionsSpec.dimensions'
  );
}
