/** Every command is in the README; what operators use is in the runbook, with its HTTP form where it is an order. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chapterNames } from '../../domain/explain/chapters.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const names = [...read('cli/main.ts').matchAll(/^ {2}'?([a-z][a-z-]*)'?: \{/gm)].map(
  (match) => match[1] ?? '',
);
/** Not for operators at night. */
const others = ['demo', 'dev', 'sample', 'sql', 'api', 'worker'];

/** In code, whole: `reset` is not named by `reset-offsets`. */
function isNamed(text: string, name: string): boolean {
  return new RegExp(`[\`(, ]${name}[\\s\`,]`).test(text);
}

describe('the documents of the command line', () => {
  it('are about the commands there are', () => {
    expect(names).toContain('reset-offsets');
    expect(names.length).toBeGreaterThan(25);
  });

  it.each(names)('%s is in the README', (name) => {
    expect(isNamed(read('README.md'), name)).toBe(true);
  });

  it.each(names.filter((name) => !others.includes(name)))('%s is in the runbook', (name) => {
    expect(isNamed(read('docs/operations.md'), name)).toBe(true);
  });

  it('name the topics of explain as they are', () => {
    for (const [, kind] of read('docs/operations.md').matchAll(/--kind (\w+)/g))
      expect(chapterNames).toContain(kind);
  });
});
