/** Which fields of a flattened record become dimensions by themselves. */
import { describe, expect, test } from 'vitest';
import { plainJson, type FlattenField, type JsonFormat } from '../../../domain/spec/input-format.ts';
import type { DataSchema } from '../../../domain/spec/spec.ts';
import { createRecordParser } from '../../../formats/record-parser.ts';
import { RowIndex } from '../../../segments/row-index.ts';
import { aSchema, anInput } from '../../support/data-schema.ts';

const record = '{"t":1,"a":"x","o":{"k":1},"n":null}';
const city: FlattenField = { type: 'tree', name: 'city', expr: null, nodes: ['o'] };
const missing: FlattenField = { type: 'path', name: 'missing', expr: '$.nothing', nodes: [] };

function discovered(
  format: Partial<JsonFormat>,
  schema: Partial<DataSchema> = {},
): {
  readonly values: unknown;
  readonly columns: readonly string[];
} {
  const whole = aSchema({ discoverDimensions: true, ...schema });
  const parser = createRecordParser(whole, { ...plainJson, ...format }, 2026);
  const index = new RowIndex(whole);
  const { rows } = parser.parse(anInput(Buffer.from(record)));
  for (const row of rows) index.add(row);
  return {
    values: Object.fromEntries(rows[0]?.discovered ?? []),
    columns: index.census().flatMap(({ discovered: names }) => names),
  };
}

describe('without a flattenSpec', () => {
  test('plain fields that hold something', () => {
    expect(discovered({})).toEqual({ values: { a: 'x' }, columns: ['a'] });
  });

  test('keepNullColumns: a null makes a column too', () => {
    const { values, columns } = discovered({ keepNullColumns: true });
    expect(values).toEqual({ a: 'x', n: null });
    expect([...columns].sort()).toEqual(['a', 'n']);
  });

  test('the same for rows that are joined', () => {
    expect([...discovered({ keepNullColumns: true }, { rollup: false }).columns].sort()).toEqual(['a', 'n']);
  });
});

describe('with a flattenSpec', () => {
  const fields = [city, missing];

  test('what it names, whatever that holds', () => {
    const { values, columns } = discovered({ flatten: { useFieldDiscovery: true, fields } });
    expect(values).toEqual({ a: 'x', city: '{k=1}', missing: null });
    expect([...columns].sort()).toEqual(['a', 'city', 'missing']);
  });

  test('and nothing else, without field discovery', () => {
    const flatten = { useFieldDiscovery: false, fields };
    expect(discovered({ flatten }).values).toEqual({ city: '{k=1}', missing: null });
    expect(discovered({ flatten, keepNullColumns: true }).values).toEqual({ city: '{k=1}', missing: null });
    expect(Object.keys(discovered({ flatten }, { discoverTypes: true }).values as object)).toEqual([
      'city',
      'missing',
    ]);
  });
});
