/** The place where a text stops being JSON: found for every text that `JSON.parse` refuses, for none that it takes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFlaw, parseJsonBody } from '../../api/json-body.ts';

const seed = Number(process.env['SEED'] ?? 20260101);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findFlaw', () => {
  it('agrees with JSON.parse on texts one edit away from JSON', () => {
    const edited = fc
      .tuple(
        fc.jsonValue({ maxDepth: 5 }),
        fc.nat(),
        fc.constantFrom('', '"', ',', '}', ']', '{', ':', '0', '-', '.', 'e', '\\', '\n', 'x', '\u0007'),
      )
      .map(([value, place, insert]) => {
        const text = JSON.stringify(value, null, place % 3);
        const at = place % (text.length + 1);
        return text.slice(0, at) + insert + text.slice(at + (place % 2));
      });
    fc.assert(
      fc.property(edited, (text) => (findFlaw(text) === null) === isJson(text)),
      { seed, numRuns: 3_000 },
    );
  });

  it.each([
    ['', 0],
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['{"a" 1}', 5],
    ['01', 1],
    ['"a\nb"', 0],
    ['[1]]', 3],
    ['tru', 0],
  ])('%j breaks at %i', (text, at) => {
    expect(findFlaw(text)).toEqual({ kind: 'syntax', at });
  });

  it('takes 64 levels and no more, and is not recursive', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(findFlaw(nested(64))).toBeNull();
    expect(findFlaw(nested(65))).toEqual({ kind: 'depth', at: 64 });
    expect(findFlaw(nested(1_000_000))?.kind).toBe('depth');
  });
});

describe('parseJsonBody', () => {
  it('keeps the text as it came', () => {
    const text = '{ "n": 12345678901234567890, "n": 2 }';
    expect(parseJsonBody(Buffer.from(text))).toEqual({ text, value: { n: 2 } });
  });

  it('takes an empty body for none', () => {
    expect(parseJsonBody(Buffer.from(' \n'))).toBeUndefined();
  });
});
