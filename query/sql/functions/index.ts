/** Every function of Druid SQL, by upper-case name; the files next to this one say what each of them is here. */
import type { FunctionEntry, FunctionTable } from '../function-table.ts';
import { addresses } from './addresses.ts';
import { aggregates } from './aggregates.ts';
import { choices } from './choices.ts';
import { collections } from './collections.ts';
import { jsonValues } from './json.ts';
import { numbers } from './numbers.ts';
import { patterns } from './patterns.ts';
import { refusals } from './refusals.ts';
import { sizes } from './sizes.ts';
import { sketches } from './sketches.ts';
import { strings } from './strings.ts';
import { times } from './times.ts';
import { windows } from './windows.ts';

/**
 * Aggregates that order by `__time` without naming it. The translator looks the column up where the call stands and
 * calls the second function, with the time as its second argument.
 */
export const orderedByTime: ReadonlyMap<string, string> = new Map([
  ['EARLIEST', 'EARLIEST_BY'],
  ['LATEST', 'LATEST_BY'],
]);

/** By chapter of the documentation. */
export const chapters = {
  'Numeric functions': [...numbers, ...sizes],
  'String functions': [...strings, ...patterns],
  'Date and time functions': times,
  'Reduction and other scalar functions': choices,
  'IP address functions': addresses,
  'Array and multi-value functions': collections,
  'JSON functions': jsonValues,
  'Aggregation functions': aggregates,
  'Sketch functions': sketches,
  'Window functions': windows,
  'Functions that are refused': refusals,
};

export const functionTable: FunctionTable = new Map<string, FunctionEntry>(Object.values(chapters).flat());
