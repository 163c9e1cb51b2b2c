/** Every function of Druid SQL, by upper-case name; the files next to this one say what each of them is here. */
import type { FunctionEntry, FunctionTable } from '../function-table.ts';
import { aggregates } from './aggregates.ts';
import { numbers } from './numbers.ts';
import { strings } from './strings.ts';
import { times } from './times.ts';

/**
 * Aggregates that order by `__time` without naming it. The translator looks the column up where the call stands and
 * calls the second function, with the time as its second argument.
 */
export const orderedByTime: ReadonlyMap<string, string> = new Map([
  ['EARLIEST', 'EARLIEST_BY'],
  ['LATEST', 'LATEST_BY'],
]);

export const functionTable: FunctionTable = new Map<string, FunctionEntry>([
  ...numbers,
  ...strings,
  ...times,
  ...aggregates,
]);
