/** The fuzzers in short; `npm run fuzz` is the long form. */
import { expect, test } from 'vitest';
import { fuzzBatch } from './fuzz-batches.ts';
import { formatNames, fuzzFormat } from './fuzz-formats.ts';
import { Random } from './random.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

test('damaged record batches', { timeout: 60_000 }, () => {
  const random = new Random(seed);
  for (let at = 0; at < 5_000; at += 1) fuzzBatch(random);
});

test('damaged records of every format', { timeout: 60_000 }, () => {
  const random = new Random(seed);
  for (let at = 0; at < 10_000; at += 1) fuzzFormat(random);
});

test('every input format has cases', () => {
  for (const type of ['json', 'csv', 'tsv', 'regex', 'lines', 'kafka', 'avro', 'protobuf'])
    expect(
      formatNames.some((name) => name.startsWith(type)),
      type,
    ).toBe(true);
});
