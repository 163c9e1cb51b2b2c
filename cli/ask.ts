/** Orders that skip or repeat data are asked about on a terminal; elsewhere nobody can answer, so `--yes` must say it. */
import { createInterface } from 'node:readline/promises';
import { HeadgateError } from '../domain/errors.ts';

/** A terminal at both ends: the question goes to stderr. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Throws when the answer is not yes. */
export async function ask(question: string, subject: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new HeadgateError('REQUEST_INVALID', `${subject}: left as it is`);
}

/** Wrong usage: exit code 2. `first`: what to look at before `--yes` is given. */
export function yesIsMissing(subject: string, what: string, first = ''): HeadgateError {
  return new HeadgateError(
    'CONFIG_INVALID',
    `${subject}: ${what}, and this is no terminal to ask on; ${first}give --yes`,
  );
}
