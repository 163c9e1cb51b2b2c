/**
 * How commands speak: data on stdout, talk on stderr, colour only on a terminal (NO_COLOR is honoured), a table for
 * people or JSON for programs, and one table of exit codes.
 */
import Table from 'cli-table3';
import colours from 'picocolors';
import { isHeadgateError, messageOf } from '../domain/errors.ts';

export const exitCodes = { ok: 0, failure: 1, usage: 2, unhealthy: 3, notFound: 4, timeout: 5 } as const;

export function exitCodeOf(error: unknown): number {
  if (!isHeadgateError(error)) return exitCodes.failure;
  const { status, limit } = error.details;
  if (error.code === 'SUPERVISOR_UNKNOWN' || status === 404) return exitCodes.notFound;
  if (status === 504 || limit === 'time') return exitCodes.timeout;
  if (error.code === 'CONFIG_INVALID') return exitCodes.usage;
  return exitCodes.failure;
}

/** One sentence, or one line per problem of a spec. */
export function printProblem(error: unknown): void {
  say(`${paintError('headgate:')} ${messageOf(error)}`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

export type Cell = string | number | null | undefined;

export function printTable(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  print(tableText(head, rows));
}

/** Plain borders and no colour of its own: the library's default paints even in a pipe. */
export function tableText(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  for (const row of rows)
    table.push(row.map((cell) => (cell === null || cell === undefined ? '' : String(cell))));
  return table.toString();
}

/** Lines of `name  value` under each other. */
export function printFacts(facts: readonly (readonly [name: string, value: Cell])[]): void {
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  print(shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n'));
}

const outColours = colours.createColors(process.stdout.isTTY === true && colours.isColorSupported);
const errColours = colours.createColors(process.stderr.isTTY === true && colours.isColorSupported);

export function paintState(state: string, healthy: boolean): string {
  if (!healthy) return outColours.red(state);
  return state === 'RUNNING' ? outColours.green(state) : outColours.yellow(state);
}

export function paintTitle(text: string): string {
  return outColours.bold(text);
}

export function paintFaint(text: string): string {
  return outColours.dim(text);
}

function paintError(text: string): string {
  return errColours.red(text);
}
