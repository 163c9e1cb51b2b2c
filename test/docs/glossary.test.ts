/** The glossary has the words the design stands on, each once, in one or a few sentences, in order. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tableRows } from './markdown.ts';

const page = readFileSync(new URL('../../docs/glossary.md', import.meta.url), 'utf8');
const rows = tableRows(page);
const words = rows.map((cells) => cells[0] ?? '');

describe('docs/glossary.md', () => {
  it('has every word of the design', () => {
    const needed = [
      ...[
        'supervisor',
        'data source',
        'task group',
        'replica',
        'sequence',
        'checkpoint',
        'handoff',
        'segment',
      ],
      ...[
        'interval',
        'taskDuration',
        'lag',
        'task',
        'offset',
        'position',
        'start',
        'end',
        'generation',
        'term',
      ],
      ...[
        'epoch',
        'lease',
        'incarnation',
        'intent',
        'spill',
        'shard',
        'rollup',
        'publish',
        'discard',
        'tombstone',
      ],
    ];
    expect(needed.filter((word) => !words.includes(word))).toEqual([]);
  });

  it('has each word once, in the order of the alphabet, and explains it', () => {
    expect(words).toEqual([...new Set(words)].sort((left, right) => left.localeCompare(right, 'en')));
    for (const [word, meaning] of rows) expect(meaning, word).toMatch(/^[A-Z].{20,}\.$/);
  });
});
