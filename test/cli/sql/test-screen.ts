/** A screen of streams in memory, a terminal or a pipe. */
import { PassThrough } from 'node:stream';
import type { Screen } from '../../../cli/sql/screen.ts';

export type TestScreen = Screen & { readonly output: () => string; readonly talk: () => string };

export function testScreen(size: { columns: number; rows: number } | null = null): TestScreen {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const [outTexts, errTexts]: [string[], string[]] = [[], []];
  out.on('data', (chunk: Buffer) => outTexts.push(chunk.toString()));
  err.on('data', (chunk: Buffer) => errTexts.push(chunk.toString()));
  const isTerminal = size !== null;
  return {
    out,
    err,
    size: () => size,
    errIsTerminal: isTerminal,
    dim: (text) => (isTerminal ? `<${text}>` : text),
    red: (text) => text,
    output: () => outTexts.join(''),
    talk: () => errTexts.join(''),
  };
}
