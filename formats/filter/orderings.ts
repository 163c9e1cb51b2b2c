/** The orders of texts that bounds know. Null never comes here. */
import { CompileProblem } from '../compile-problem.ts';
import { compareDecimals } from './decimals.ts';
import { compareVersions } from './versions.ts';

export type Ordering = (left: string, right: string) => number;

/** By code points, which is the order of UTF-8 bytes. */
export function lexicographic(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (one === other) continue;
    // A surrogate stands for a character beyond all that have one unit.
    const isPair = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;
    return isPair(one) === isPair(other) ? one - other : isPair(one) ? 1 : -1;
  }
  return left.length - right.length;
}

/** By length; texts of one length by their characters. */
function strlen(left: string, right: string): number {
  return left.length - right.length || compareUnits(left, right);
}

function compareUnits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Runs of digits as numbers, everything else without regard to case; digits come first. */
function alphanumeric(left: string, right: string): number {
  const [ones, others] = [runsOf(left), runsOf(right)];
  for (let at = 0; at < Math.min(ones.length, others.length); at++) {
    const [one = '', other = ''] = [ones[at], others[at]];
    const digits = [isDigits(one), isDigits(other)];
    const result =
      digits[0] !== digits[1]
        ? digits[0] === true
          ? -1
          : 1
        : digits[0] === true
          ? byNumber(one, other)
          : byLetters(one, other);
    if (result !== 0) return result;
  }
  return left.length - right.length;
}

function runsOf(text: string): readonly string[] {
  return text.match(/[0-9]+|[^0-9]+/g) ?? [];
}

function isDigits(run: string): boolean {
  return /^[0-9]/.test(run);
}

/** Of equal numbers, the one with fewer zeros in front. */
function byNumber(left: string, right: string): number {
  const [one, other] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  return one.length - other.length || compareUnits(one, other) || left.length - right.length;
}

function byLetters(left: string, right: string): number {
  const fold = (text: string): string => text.toUpperCase().toLowerCase();
  return compareUnits(fold(left), fold(right));
}

/** Numbers by value, exactly; what is no number comes before all numbers. */
export function numeric(left: string, right: string): number {
  return compareDecimals(left, right) ?? lexicographic(left, right);
}

const orderings: ReadonlyMap<string, Ordering> = new Map([
  ['lexicographic', lexicographic],
  ['alphanumeric', alphanumeric],
  ['strlen', strlen],
  ['numeric', numeric],
  ['version', compareVersions],
]);

/** Throws `CompileProblem`. */
export function orderingOf(name: string, at: string): Ordering {
  const ordering = orderings.get(name.toLowerCase());
  if (ordering === undefined) throw new CompileProblem(`one of ${[...orderings.keys()].join(', ')}`, { at });
  return ordering;
}
