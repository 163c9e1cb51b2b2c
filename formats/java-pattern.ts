/**
 * Regular expressions that users write for Java, run by RE2: matching takes time linear in the text, whatever the pattern
 * (reliability.md S9). Never `new RegExp` of what a user wrote.
 *
 * Where Java and RE2 read the same letters differently, the pattern is rewritten first (java-pattern-syntax.ts); what RE2
 * cannot do is refused by name.
 */
import { RE2JS, RE2JSException } from 're2js';
import { CompileProblem } from './compile-problem.ts';
import { toRe2 } from './java-pattern-syntax.ts';

/** Patterns are for lines of a log, not programs. */
const maxPatternLength = 10_000;

export type JavaPattern = {
  readonly groupCount: number;
  /** The groups of a match of the whole text, null for one that takes no part; null when the text does not match. */
  readonly matchWhole: (text: string) => readonly (string | null)[] | null;
  /** The first match anywhere in the text: all of it, then its groups. */
  readonly find: (text: string) => readonly (string | null)[] | null;
};

/** Throws `CompileProblem` at `at`. */
export function compileJavaPattern(source: string, { at }: { readonly at: string }): JavaPattern {
  if (source.length > maxPatternLength)
    throw new CompileProblem(`a pattern of at most ${maxPatternLength} characters`, { at });
  const pattern = compiled(source, at);
  const groupCount = pattern.groupCount();
  return {
    groupCount,
    matchWhole: (text) => {
      const matcher = pattern.matcher(text);
      if (!matcher.matches()) return null;
      return Array.from({ length: groupCount }, (_, group) => matcher.group(group + 1) ?? null);
    },
    find: (text) => {
      const matcher = pattern.matcher(text);
      if (!matcher.find()) return null;
      return Array.from({ length: groupCount + 1 }, (_, group) => matcher.group(group) ?? null);
    },
  };
}

function compiled(source: string, at: string): RE2JS {
  const translated = toRe2(source);
  if ('cannot' in translated)
    throw new CompileProblem(`a pattern without ${translated.cannot}`, {
      at,
      remedy: 'patterns run in linear time (RE2), which cannot do this',
    });
  try {
    return RE2JS.compile(translated.pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const reason = error.message.replace(/^error parsing regexp: /, '');
    throw new CompileProblem(`a regular expression of RE2 (${reason.slice(0, 120)})`, { at });
  }
}
