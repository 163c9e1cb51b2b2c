/** Where output goes and what it may do there, so that a test can look at both streams of a command. */
import type { Writable } from 'node:stream';
import colours from 'picocolors';

export type Screen = {
  /** Data. */
  readonly out: Writable;
  /** Talk. */
  readonly err: Writable;
  /** Size of the terminal data goes to; `null` when it goes elsewhere. Asked anew for each answer: windows change. */
  readonly size: () => { readonly columns: number; readonly rows: number } | null;
  readonly errIsTerminal: boolean;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
};

export function processScreen(): Screen {
  const { stdout, stderr } = process;
  const paint = (isTerminal: boolean) => colours.createColors(isTerminal && colours.isColorSupported);
  return {
    out: stdout,
    err: stderr,
    size: () => (stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : null),
    errIsTerminal: stderr.isTTY === true,
    dim: paint(stdout.isTTY === true).dim,
    red: paint(stderr.isTTY === true).red,
  };
}

/** Waits while the reader is slower than we are. A reader that went away is `cli/main.ts`'s business. */
export async function write(stream: Writable, text: string): Promise<void> {
  if (text === '' || stream.write(text) || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

export function tell(screen: Screen, text: string): void {
  screen.err.write(`${text}\n`);
}
