/** Schemas by id: asked for once, kept up to a number, asked for again only where nobody had them. */
import { expect, test } from 'vitest';
import { RegisteredSchemas, type SchemaSource } from '../../../formats/schema-registry/registered-schemas.ts';

class Source implements SchemaSource {
  readonly asked: number[] = [];
  readonly #missing: ReadonlySet<number>;

  constructor(missing: readonly number[] = []) {
    this.#missing = new Set(missing);
  }

  schema(id: number): ReturnType<SchemaSource['schema']> {
    this.asked.push(id);
    return Promise.resolve(
      this.#missing.has(id)
        ? { kind: 'none', reason: 'nobody has it' }
        : { kind: 'schema', type: 'AVRO', text: String(id), references: [] },
    );
  }
}

function schemas(
  source: SchemaSource,
  capacity = 10,
  now: () => number = () => 0,
): RegisteredSchemas<string> {
  return new RegisteredSchemas({ source, capacity, now, compile: ({ text }) => ({ use: text }) });
}

test('a schema is asked for once, also by those who come while it is on its way', async () => {
  const source = new Source();
  const kept = schemas(source);
  expect(kept.get(1)).toBe(undefined);
  await Promise.all([kept.prepare(1), kept.prepare(1)]);
  expect([kept.prepare(1), kept.get(1), source.asked]).toEqual([null, { use: '1' }, [1]]);
});

test('the schemas used last are kept', async () => {
  const source = new Source();
  const kept = schemas(source, 2);
  await kept.prepare(1);
  await kept.prepare(2);
  kept.get(1);
  await kept.prepare(3);
  expect([kept.get(1), kept.get(2), kept.get(3)]).toEqual([{ use: '1' }, undefined, { use: '3' }]);
});

test('what nobody has is known for a while, then asked for again', async () => {
  const source = new Source([9]);
  let nowMs = 0;
  const kept = schemas(source, 10, () => nowMs);
  await kept.prepare(9);
  nowMs = 29_999;
  expect([kept.prepare(9), kept.get(9)]).toEqual([null, { reason: 'nobody has it' }]);
  nowMs = 30_000;
  await kept.prepare(9);
  expect(source.asked).toEqual([9, 9]);
});

test('a registry that cannot be asked is asked again', async () => {
  let down = true;
  const source: SchemaSource = {
    schema: (id) => (down ? Promise.reject(new Error('down')) : new Source().schema(id)),
  };
  const kept = schemas(source);
  await expect(kept.prepare(1)).rejects.toThrow('down');
  down = false;
  await kept.prepare(1);
  expect(kept.get(1)).toEqual({ use: '1' });
});
