/**
 * Which topics of a cluster a `topicPattern` means: those whose whole name it matches, as in Java, run by RE2.
 *
 * Names that begin with `__` are Kafka's own (consumer offsets, transactions, share groups) and those of tools beside it:
 * a pattern such as `.*` does not mean them. Only a pattern that begins with `__` itself does.
 */
import { compileJavaPattern } from './java-pattern.ts';

/** Throws `CompileProblem`. */
export function topicMatcher(pattern: string): (topic: string) => boolean {
  const { matchWhole } = compileJavaPattern(pattern, { at: 'ioConfig.topicPattern' });
  const meansInternal = /^\^?__/.test(pattern);
  return (topic) => (meansInternal || !topic.startsWith('__')) && matchWhole(topic) !== null;
}

/** Of a spec; undefined: it reads one topic, by name. */
export function topicsOf(io: {
  readonly topic: string;
  readonly isPattern: boolean;
}): ((topic: string) => boolean) | undefined {
  return io.isPattern ? topicMatcher(io.topic) : undefined;
}
