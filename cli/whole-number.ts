/** Whole numbers as options and arguments; anything else is wrong usage. */
import { InvalidArgumentError } from 'commander';

export function wholeNumber(least: number, most = 1_000_000): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

/** Of several values (`headgate handoff clicks 0 2`): commander hands over what was read before. */
export function wholeNumbers(
  least: number,
): (text: string, before: readonly number[] | undefined) => number[] {
  const one = wholeNumber(least);
  return (text, before) => [...(before ?? []), one(text)];
}
