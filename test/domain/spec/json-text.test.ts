import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { replaceSpans, scanJson, type JsonSpan } from '../../../domain/spec/json-text.ts';

/** The value again, from the spans alone. */
function valueOf(span: JsonSpan): unknown {
  if (span.kind === 'leaf') return span.value;
  if (span.kind === 'array') return span.items.map(valueOf);
  return Object.fromEntries(span.members.map((member) => [member.key, valueOf(member.value)]));
}

/** Every span of a tree, outermost first. */
function allSpans(span: JsonSpan): JsonSpan[] {
  if (span.kind === 'array') return [span, ...span.items.flatMap(allSpans)];
  if (span.kind === 'object') return [span, ...span.members.flatMap((member) => allSpans(member.value))];
  return [span];
}

describe('scanJson', () => {
  it('finds every value where it stands', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 1, '\t', ' \n'), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        const root = scanJson(text);
        if (root === null) throw new Error('not scanned');
        expect(valueOf(root)).toEqual(JSON.parse(text));
        for (const span of allSpans(root))
          expect(JSON.parse(text.slice(span.start, span.end))).toEqual(valueOf(span));
      }),
      { seed: 46, numRuns: 500 },
    );
  });

  it.each(['', ' ', '{', '[1,]', '{"a"}', 'undefined', "{'a':1}", '1 2', '\u00a01'])(
    '%j is not JSON',
    (text) => {
      expect(scanJson(text)).toBeNull();
    },
  );

  it.each([
    ['arrays', `${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['objects', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
  ])('gives up on %s nested too deeply', (_name, text) => {
    expect(scanJson(text)).toBeNull();
  });

  it('reads a text of a megabyte in one leaf', () => {
    const text = JSON.stringify('\\"x'.repeat(300_000));
    expect(scanJson(text)?.end).toBe(text.length);
  });
});

describe('replaceSpans', () => {
  it('replaces each, and nothing else', () => {
    const text = '{"a": 1, "b":[2 , {"c":"3"}]}';
    const root = scanJson(text);
    const leaves = root === null ? [] : allSpans(root).filter((span) => span.kind === 'leaf');
    expect(replaceSpans(text, leaves, 'x')).toBe('{"a": x, "b":[x , {"c":x}]}');
  });
});
