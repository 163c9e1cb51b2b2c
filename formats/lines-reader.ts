/** `lines` records: each line is a row with the one field `line`; an empty line is the empty text. */
import { unreadable, type ValueReader } from './input-reader.ts';
import { linesOf } from './text-lines.ts';

export function createLinesReader(): ValueReader {
  return {
    read: (value) => {
      const found = linesOf(value);
      if ('problem' in found) return unreadable(found.problem);
      return { rows: found.lines.map((line) => new Map([['line', line]])), problems: [] };
    },
    rowsStandAlone: true,
    prepare: null,
  };
}
