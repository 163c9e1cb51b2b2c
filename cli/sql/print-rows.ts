/** Rows of an answer as a table, or line by line; only as many are held as are shown, the others are counted. */
import { RowSplitter, readRow } from './answer-rows.ts';
import type { Cell } from './answer-rows.ts';
import { rowsText, tsvLine } from './formats.ts';
import type { RunSettings } from './run-statement.ts';
import { write } from './screen.ts';
import type { Screen } from './screen.ts';

/** From here on somebody waiting wants to see that something happens. */
const progressFromRows = 1_000;
const progressEveryMs = 200;

/** What there is to say: `3 rows`. */
export async function printRows(
  screen: Screen,
  text: AsyncIterable<string>,
  settings: RunSettings,
): Promise<string> {
  const splitter = new RowSplitter();
  const progress = new Progress(screen);
  const held: Cell[][] = [];
  let names: string[] | null = null;
  let count = 0;
  for await (const chunk of text) {
    let lines = '';
    for (const row of splitter.push(chunk)) {
      if (names === null) {
        names = readRow(row).map((cell) => cell.text);
        if (settings.format === 'tsv' && settings.header) lines += tsvLine(readRow(row));
        continue;
      }
      count++;
      if (settings.format === 'tsv') lines += tsvLine(readRow(row));
      else if (settings.rowsMax === 0 || held.length < settings.rowsMax) held.push(readRow(row));
    }
    await write(screen.out, lines);
    progress.show(count);
  }
  splitter.end();
  progress.clear();
  if (settings.format === 'tsv') return said(count, count);
  if (count === 0 && settings.ifEmpty !== undefined) return settings.ifEmpty;
  const options = { width: screen.size()?.columns ?? null, dim: screen.dim };
  await write(screen.out, rowsText(settings.format, names ?? [], held, options));
  return said(count, held.length);
}

function said(count: number, shown: number): string {
  const rows = `${count.toLocaleString('en-US')} row${count === 1 ? '' : 's'}`;
  return shown === count ? rows : `${rows}, the first ${shown.toLocaleString('en-US')} shown (see --rows)`;
}

/** One line of stderr that is written over itself, on a terminal only. */
class Progress {
  readonly #screen: Screen;
  #nextMs = 0;
  #isShown = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  show(rows: number): void {
    if (!this.#screen.errIsTerminal || rows <= progressFromRows || performance.now() < this.#nextMs) return;
    this.#nextMs = performance.now() + progressEveryMs;
    this.#isShown = true;
    this.#screen.err.write(`\r${rows.toLocaleString('en-US')} rows\x1b[K`);
  }

  clear(): void {
    if (this.#isShown) this.#screen.err.write('\r\x1b[K');
  }
}
