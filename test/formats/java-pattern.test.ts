/** Patterns written for Java: what they match here, and what is refused by name. */
import { describe, expect, test } from 'vitest';
import { CompileProblem } from '../../formats/compile-problem.ts';
import { compileJavaPattern } from '../../formats/java-pattern.ts';

function matches(pattern: string, text: string): boolean {
  return compileJavaPattern(pattern, { at: 'pattern' }).matchWhole(text) !== null;
}

describe('a pattern', () => {
  test.each([
    ['.*', 'a\rb', false],
    ['.*', 'a\u2028b', false],
    ['(?s).*', 'a\r\nb', true],
    ['a\\sb', 'a\u000bb', true],
    ['a[\\s,]b', 'a\u000bb', true],
    ['a\\Sb', 'a\u000bb', false],
    ['a\\hb', 'a\u00a0b', true],
    ['a\\Hb', 'a\u00a0b', false],
    ['a\\vb', 'a\u0085b', true],
    ['a\\Rb', 'a\r\nb', true],
    ['\\p{Alpha}+', 'abC', true],
    ['[\\p{Digit}x]+', '1x', true],
    ['\\P{Upper}', 'A', false],
    ['[\\p{Punct}]+', '!-/:[`{~', true],
    ['\\p{IsLatin}+', 'é', true],
    ['\\p{L}\\p{Nd}', 'é5', true],
    ['\\u0041\\x42\\0103', 'ABC', true],
    ['\\e\\cA', '\u001b\u0001', true],
    ['\\é', 'é', true],
    ['\\Q(.*)\\E', '(.*)', true],
    ['\\Q.', '.', true],
    ['\\Q.', 'a', false],
    ['[.]', 'a', false],
    ['[]a]+', ']a', true],
    ['[^]a]', ']', false],
    ['(?i)ABC', 'abc', true],
    ['(?<name>a)(?:b)', 'ab', true],
    ['a{2,3}?', 'aaa', true],
    ['a|ab', 'ab', true],
    ['', '', true],
    ['', 'a', false],
  ])('%s against %j: %s', (pattern, text, isMatch) => {
    expect(matches(pattern, text)).toBe(isMatch);
  });

  test.each([
    ['(a)\\1', /references back/],
    ['(?<n>a)\\k<n>', /references back/],
    ['(?=a)', /looking ahead/],
    ['(?!a)', /looking ahead/],
    ['(?<=a)b', /looking behind/],
    ['(?<!a)b', /looking behind/],
    ['(?>a)', /atomic groups/],
    ['a++', /possessive/],
    ['a*+', /possessive/],
    ['a?+', /possessive/],
    ['a{2}+', /possessive/],
    ['[a-z&&[^b]]', /have in common/],
    ['[a[b]]', /class within a class/],
    ['[\\H]', /\\H within a class/],
    ['(?x) a', /flag \(\?x\)/],
    ['(?iu)a', /flag \(\?u\)/],
    ['a\\Z', /without \\Z/],
    ['\\G', /without \\G/],
    ['(', /missing closing \)/],
    ['a**', /repetition/],
    ['[b-a]', /range/],
    ['a{1001}', /repeat/],
    ['a'.repeat(10_001), /at most 10000/],
  ])('%s is refused', (pattern, says) => {
    expect(() => matches(pattern, 'a')).toThrow(CompileProblem);
    expect(() => matches(pattern, 'a')).toThrow(says);
  });

  test.each(['(a+)+$', '(a|aa)+$', '(.*)*x', '(a*)*b', '([a-z]+)*=', '(x+x+)+y'])(
    '%s takes no longer for a text that nearly matches',
    (pattern) => {
      expect(matches(pattern, `${'a'.repeat(50_000)}!`)).toBe(false);
    },
  );
});
