/**
 * The same statement again and again. On a terminal every answer takes the place of the one before, without flicker;
 * elsewhere they follow each other.
 */
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { cutToWidth, printable } from './display-width.ts';
import type { Outcome } from './run-statement.ts';
import { write } from './screen.ts';
import type { Screen } from './screen.ts';

export type WatchOptions = {
  readonly screen: Screen;
  readonly everyMs: number;
  readonly title: string;
  readonly stop: AbortSignal;
  readonly run: (screen: Screen) => Promise<Outcome>;
  readonly tellProblem: (screen: Screen, error: unknown) => void;
};

/** Until `stop`. What fails at once is a mistake and thrown; what fails later may be better the next time. */
export async function watch({ screen, everyMs, title, stop, run, tellProblem }: WatchOptions): Promise<void> {
  for (let round = 0; !stop.aborted; round++) {
    const startedMs = performance.now();
    const page = screen.size() === null ? null : new Page(screen, `${title}, every ${everyMs / 1000} s`);
    try {
      await run(page?.screen ?? screen);
    } catch (error) {
      if (round === 0) throw error;
      tellProblem(page?.screen ?? screen, error);
    }
    if (stop.aborted) return;
    await page?.show(round === 0);
    const leftMs = Math.max(0, everyMs - (performance.now() - startedMs));
    await sleep(leftMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Both streams of one run, put onto the terminal in one piece. */
class Page {
  readonly screen: Screen;
  readonly #target: Screen;
  readonly #title: string;
  #text = '';

  constructor(target: Screen, title: string) {
    this.#target = target;
    this.#title = title;
    const both = new Writable({
      write: (chunk: Buffer | string, _encoding, done) => {
        this.#text += chunk.toString();
        done();
      },
    });
    this.screen = { ...target, out: both, err: both, errIsTerminal: false };
  }

  async show(isFirst: boolean): Promise<void> {
    const size = this.#target.size() ?? { columns: 80, rows: 24 };
    const time = new Date().toTimeString().slice(0, 8);
    const head = this.#target.dim(cutToWidth(`${time}  ${printable(this.#title)}`, size.columns));
    const lines = [head, ...this.#text.replace(/\n$/, '').split('\n')];
    // A page longer than the window would scroll, and the next one would not cover it.
    const shown =
      lines.length < size.rows ? lines : [...lines.slice(0, size.rows - 3), '…', lines.at(-1) ?? ''];
    const clear = isFirst ? '\x1b[2J' : '';
    // Without wrapping: a long line would take two rows, and move the rest.
    const [wrapOff, wrapOn] = ['\x1b[?7l', '\x1b[?7h'];
    const body = shown.map((line) => `${line}\x1b[K\n`).join('');
    await write(this.#target.out, `${clear}\x1b[H${wrapOff}${body}\x1b[J${wrapOn}`);
  }
}
