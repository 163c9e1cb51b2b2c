/** What a report and a letter may hold of a hostile record. */
import { expect, it } from 'vitest';
import { shownDetails } from '../../../../activities/ingest/thread/parse-reports.ts';

it('says a few of very many reasons, and how many more there are', () => {
  const shown = shownDetails(Array.from({ length: 3_000 }, (_, at) => `reason ${at}`));
  expect(shown).toHaveLength(21);
  expect(shown.slice(-2)).toEqual(['reason 19', 'and 2980 more']);
});

it('cuts a long reason, and leaves no half of a character', () => {
  expect(shownDetails([`${'x'.repeat(999)}😀`, 'a\0b'])).toEqual([`${'x'.repeat(999)}?`, 'a\ufffdb']);
});
