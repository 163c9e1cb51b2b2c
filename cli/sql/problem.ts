/** An error as a sentence, and below it the line of the statement it is about with a mark under the place. */
import { isHeadgateError, messageOf } from '../../domain/errors.ts';
import { displayWidth, printable, printableLines } from './display-width.ts';
import { tell } from './screen.ts';
import type { Screen } from './screen.ts';

/** Of a long line, so much before and after the place. */
const around = 60;

export function tellProblem(screen: Screen, error: unknown, statement: string): void {
  tell(screen, `${screen.red('headgate:')} ${printableLines(messageOf(error))}`);
  const place = placeIn(error, statement);
  if (place === null) return;
  tell(screen, `  ${place.before}${place.after}`);
  tell(screen, `  ${' '.repeat(displayWidth(place.before))}${screen.red('^')}`);
}

function placeIn(error: unknown, statement: string): { before: string; after: string } | null {
  if (!isHeadgateError(error)) return null;
  const line = statement.split(/\r?\n/)[Number(error.details['line']) - 1];
  const at = Number(error.details['column']) - 1;
  if (line === undefined || !(at >= 0 && at <= line.length)) return null;
  const start = Math.max(0, at - around);
  return {
    before: `${start > 0 ? '…' : ''}${printable(line.slice(start, at))}`,
    after: `${printable(line.slice(at, at + around))}${at + around < line.length ? '…' : ''}`,
  };
}
