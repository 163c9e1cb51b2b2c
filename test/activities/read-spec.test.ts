/** A stored spec is parsed once per version, and never taken for another one's. */
import { expect, it } from 'vitest';
import { parseStored } from '../../activities/read-spec.ts';

function text(dataSource: string): string {
  return JSON.stringify({
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource,
        timestampSpec: { column: 'ts', format: 'iso' },
        dimensionsSpec: { dimensions: [] },
        granularitySpec: {},
      },
      ioConfig: {
        topic: 'clicks',
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': 'a:1' },
      },
    },
  });
}

it('gives the same spec for the same text, and another one for what a replaced database says', () => {
  const first = parseStored('a', 1, text('one'));
  expect(parseStored('a', 1, text('one'))).toBe(first);
  expect(parseStored('a', 1, text('two')).dataSchema.dataSource).toBe('two');
  expect(parseStored('b', 1, text('one')).dataSchema.dataSource).toBe('one');
  expect(() => parseStored('a', 1, '{}')).toThrow(/version 1/);
});
