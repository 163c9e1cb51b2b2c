/**
 * Rows out of an answer in the format `array`, while it arrives. A number keeps the text it came with, all digits of it.
 *
 * The first row is the names of the columns. An answer that ends in the middle is an error, never a short result.
 */
import { HeadgateError } from '../../domain/errors.ts';

export type Cell = { readonly kind: 'null' | 'number' | 'boolean' | 'text'; readonly text: string };

const quote = 0x22;
const backslash = 0x5c;
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Cuts `[[..],[..]]` into the texts of its rows. Every chunk is looked at once, however long a row is. */
export class RowSplitter {
  /** What earlier chunks had of the row that is open. */
  #parts: string[] = [];
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #isOver = false;

  push(chunk: string): string[] {
    const rows: string[] = [];
    let start = this.#depth >= 2 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const before = this.#depth;
      this.#read(chunk.charCodeAt(at));
      if (before === 1 && this.#depth === 2) start = at;
      if (before !== 2 || this.#depth !== 1) continue;
      rows.push(this.#parts.join('') + chunk.slice(start, at + 1));
      this.#parts = [];
      start = -1;
    }
    if (start >= 0) this.#parts.push(chunk.slice(start));
    return rows;
  }

  end(): void {
    if (!this.#isOver)
      throw new HeadgateError('API_UNREACHABLE', 'the answer stopped before its end; run the query again');
  }

  #read(char: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (this.#inString) {
      if (char === backslash) this.#isEscaped = true;
      else if (char === quote) this.#inString = false;
    } else if (char === quote) this.#inString = true;
    else if (char === openList || char === openObject) this.#depth++;
    else if (char === closeList || char === closeObject) {
      this.#depth--;
      if (this.#depth === 0) this.#isOver = true;
    }
  }
}

/** One row's text as cells. */
export function readRow(row: string): Cell[] {
  const cells: Cell[] = [];
  for (let at = 1; at < row.length - 1; at++) {
    const end = cellEnd(row, at);
    const text = row.slice(at, end).trim();
    if (text !== '') cells.push(cellOf(text));
    at = end;
  }
  return cells;
}

/** Where the comma or bracket after a cell stands. */
function cellEnd(row: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < row.length - 1; at++) {
    const char = row.charCodeAt(at);
    if (inString) {
      if (char === backslash) at++;
      else if (char === quote) inString = false;
    } else if (char === quote) inString = true;
    else if (char === openList || char === openObject) depth++;
    else if (char === closeList || char === closeObject) depth--;
    else if (depth === 0 && row[at] === ',') return at;
  }
  return row.length - 1;
}

function cellOf(text: string): Cell {
  if (text.startsWith('"')) return { kind: 'text', text: String(JSON.parse(text)) };
  if (text === 'null') return { kind: 'null', text };
  if (text === 'true' || text === 'false') return { kind: 'boolean', text };
  return { kind: /^-?\d/.test(text) ? 'number' : 'text', text };
}
