/** Rows come out of an answer the same however it is cut into chunks, and numbers keep the digits they came with. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowSplitter, readRow } from '../../../cli/sql/answer-rows.ts';

function read(...chunks: string[]): string[][] {
  const splitter = new RowSplitter();
  const rows = chunks.flatMap((chunk) => splitter.push(chunk));
  splitter.end();
  return rows.map((row) => readRow(row).map((cell) => `${cell.kind}:${cell.text}`));
}

describe('RowSplitter', () => {
  it('knows numbers, texts, nulls and truth values', () => {
    expect(read('[["a"],[1.0,-12345678901234567890,1e300,"1",null,"null",true,""]]\n')).toEqual([
      ['text:a'],
      [
        'number:1.0',
        'number:-12345678901234567890',
        'number:1e300',
        'text:1',
        'null:null',
        'text:null',
        'boolean:true',
        'text:',
      ],
    ]);
    expect(read('[]')).toEqual([]);
    expect(read('[[],[ 1 , "a" ]]')).toEqual([[], ['number:1', 'text:a']]);
  });

  it('keeps a nested value as its text', () => {
    expect(read('[[[1,"]"],{"a":[","]},2]]')).toEqual([['text:[1,"]"]', 'text:{"a":[","]}', 'number:2']]);
  });

  it('gives the same rows whatever the chunks', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom('"', '\\', '],[', '\\"'),
      fc.integer(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(fc.array(cell)), fc.array(fc.nat(12)), (rows, sizes) => {
        const text = JSON.stringify(rows);
        const chunks: string[] = [];
        let at = 0;
        for (const size of sizes) chunks.push(text.slice(at, (at += size)));
        const expected = rows.map((row) =>
          row.map(
            (value) => `${value === null ? 'null' : typeof value === 'number' ? 'number' : 'text'}:${value}`,
          ),
        );
        expect(read(...chunks, text.slice(at))).toEqual(expected);
      }),
    );
  });

  it.each(['', '[', '[["a"],[1', '[["a"],[1]'])('refuses %j, which ended in the middle', (text) => {
    expect(() => read(text)).toThrow(/stopped before its end/);
  });

  it('reads a cell of many chunks in linear time', () => {
    const splitter = new RowSplitter();
    const startedMs = performance.now();
    splitter.push('[["');
    for (let round = 0; round < 2_000; round++) splitter.push('x'.repeat(4_096));
    expect(splitter.push('"]]')[0]?.length).toBe(2_000 * 4_096 + 4);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
