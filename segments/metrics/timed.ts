/**
 * The first and the last value by time, and any value. First: the smallest time; of equal times the row that came first. Last:
 * the largest time; of equal times the row that came last. Any: the first that is not null.
 *
 * Rows come in the order of reading and states are merged in that order, so where spills were cut changes nothing. A number
 * that is missing is first or last like any other, as in Druid; a text that is missing is no value, and neither is a row without
 * a time. A number that cannot be read moves the time and leaves the value that was there, as in Druid.
 */
import type { MetricInput, TimedInput } from '../../domain/rows.ts';
import { ownText } from '../own-text.ts';
import { cellAt, type Cell } from './cell.ts';
import type { Operation } from './operation.ts';

type Time = number | bigint;
type Wins = (time: Time, best: Time) => boolean;

/** Three cells: the time, null while nothing was seen; the value; the time of the row it is from, null while there is none. */
function timed(wins: Wins): Operation {
  const counts = (cells: readonly Cell[] | null, at: number, time: Time): boolean => {
    const best = cells === null ? null : cellAt(cells, at);
    return best === null || wins(time, best as Time);
  };
  const add = (cells: Cell[], at: number, input: MetricInput): void => {
    const row = input as TimedInput | null;
    if (row === null || !counts(cells, at, row.timeMs)) return;
    cells[at] = row.timeMs;
    if (row.problem !== null) return;
    cells[at + 1] = owned(row.value);
    cells[at + 2] = row.timeMs;
  };
  return {
    width: 3,
    start: (cells, at, input) => {
      cells[at] = cells[at + 1] = cells[at + 2] = null;
      add(cells, at, input);
    },
    add,
    // The other's value came from a row that would have counted here, or it did not count at all.
    merge: (cells, at, other) => {
      const time = cellAt(other, at) as Time | null;
      const valueTime = cellAt(other, at + 2) as Time | null;
      if (valueTime !== null && counts(cells, at, valueTime)) {
        cells[at + 1] = cellAt(other, at + 1);
        cells[at + 2] = valueTime;
      }
      if (time !== null && counts(cells, at, time)) cells[at] = time;
    },
    finish: (cells, at, values) =>
      values.push(cellAt(cells, at + 1) as number | null, cellAt(cells, at) as number | null),
    bytes: (cells, at) => textBytes(cellAt(cells, at + 1)),
    problem: (cells, at, input) => {
      const row = input as TimedInput | null;
      return row !== null && row.problem !== null && counts(cells, at, row.timeMs) ? row.problem : null;
    },
  };
}

export const first = timed((time, best) => time < best);
export const last = timed((time, best) => time >= best);

export const any: Operation = {
  width: 1,
  start: (cells, at, input) => {
    cells[at] = (input as TimedInput | null)?.value ?? null;
  },
  add: (cells, at, input) => {
    cells[at] ??= (input as TimedInput | null)?.value ?? null;
  },
  merge: (cells, at, other) => {
    cells[at] ??= cellAt(other, at);
  },
  finish: (cells, at, values) => values.push(cellAt(cells, at) as number | null),
  problem: (cells, at, input) =>
    cells === null || cellAt(cells, at) === null ? ((input as TimedInput | null)?.problem ?? null) : null,
};

function owned(value: TimedInput['value']): Cell {
  return typeof value === 'string' ? ownText(value) : value;
}

function textBytes(value: Cell): number {
  return typeof value === 'string' ? 24 + 2 * value.length : 0;
}
