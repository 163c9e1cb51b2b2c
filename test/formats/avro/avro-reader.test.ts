/** Avro records: every type, every decoder, and records that claim what they do not hold. */
import avro, { type Schema } from 'avsc';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AvroFormat, FlattenSpec } from '../../../domain/spec/input-format.ts';
import { CompileProblem } from '../../../formats/compile-problem.ts';
import { javaText } from '../../../formats/java-text.ts';
import { JavaDouble, type JsonValue } from '../../../formats/json-text.ts';
import { noPorts, openValueReader } from '../../../formats/open-reader.ts';
import type { ReadRecord, ValueReader } from '../../../formats/input-reader.ts';
import { FakeRegistry, withId } from '../schema-registry/fake-registry.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function inline(schema: unknown, changes: Partial<AvroFormat> = {}): AvroFormat {
  return {
    type: 'avro_stream',
    flatten: null,
    binaryAsString: false,
    extractUnionsByType: false,
    decoder: { type: 'schema_inline', schema: schema as never },
    ...changes,
  };
}

function record(...fields: unknown[]): Schema {
  return {
    type: 'record',
    name: 'Row',
    namespace: 'test',
    fields: fields.map((type, at) => ({ name: `f${at}`, type })),
  } as unknown as Schema;
}

/** Longs of 64 bits as bigint, for writing. */
const long = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (one: bigint, other: bigint) => (one === other ? 0 : one < other ? -1 : 1),
});

function written(schema: Schema, value: unknown): Buffer {
  return avro.Type.forSchema(schema, { registry: { long }, wrapUnions: true }).toBuffer(value);
}

function open(format: AvroFormat): ValueReader {
  return openValueReader(format, noPorts);
}

function values({ rows, problems }: ReadRecord): unknown[] {
  expect(problems).toEqual([]);
  return [...(rows[0] ?? new Map<string, JsonValue>()).values()];
}

function read(schema: Schema, value: unknown, changes: Partial<AvroFormat> = {}): unknown[] {
  return values(open(inline(schema, changes)).read(written(schema, value)));
}

describe('an Avro record', () => {
  test('has its fields, numbers exact and doubles as Java has them', () => {
    const schema = record('int', 'long', 'long', 'float', 'double', 'boolean', 'string', 'null');
    const value = {
      f0: -5,
      f1: 9_007_199_254_740_993n,
      f2: -9_223_372_036_854_775_808n,
      f3: Math.fround(0.1),
      f4: 1,
      f5: true,
      f6: 'é',
      f7: null,
    };
    const found = read(schema, value);
    expect(found).toEqual([
      -5,
      9_007_199_254_740_993n,
      -9_223_372_036_854_775_808n,
      new JavaDouble(Math.fround(0.1)),
      new JavaDouble(1),
      true,
      'é',
      null,
    ]);
    // A float prints as a float, a double as a double.
    expect([javaText(found[3] as JsonValue), javaText(found[4] as JsonValue)]).toEqual(['0.1', '1.0']);
  });

  test('reads every long exactly', () => {
    const schema = record('long');
    const reader = open(inline(schema));
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const [found] = values(reader.read(written(schema, { f0: value })));
        expect(BigInt(found as bigint)).toBe(value);
        expect(typeof found).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'bigint');
      }),
      { seed, numRuns: 2_000 },
    );
  });

  test('gives bytes and fixed as base64, or as the text they hold', () => {
    const schema = record('bytes', { type: 'fixed', name: 'Two', size: 2 });
    const value = { f0: Buffer.from('é'), f1: Buffer.from([0x61, 0xff]) };
    expect(read(schema, value)).toEqual(['w6k=', 'Yf8=']);
    expect(read(schema, value, { binaryAsString: true })).toEqual(['é', 'a\ufffd']);
  });

  test('gives enums, lists without nulls, maps and records within', () => {
    const inner = { type: 'record', name: 'Inner', fields: [{ name: 'x', type: 'int' }] };
    const schema = record(
      { type: 'enum', name: 'Color', symbols: ['RED', 'BLUE'] },
      { type: 'array', items: ['null', 'int'] },
      { type: 'map', values: inner },
      { type: 'array', items: 'Inner' },
    );
    const value = { f0: 'BLUE', f1: [{ int: 1 }, null, { int: 2 }], f2: { a: { x: 1 } }, f3: [{ x: 2 }] };
    expect(read(schema, value)).toEqual([
      'BLUE',
      [1, 2],
      new Map([['a', new Map([['x', 1]])]]),
      [new Map([['x', 2]])],
    ]);
  });

  test('gives logical types as what they are stored as', () => {
    const schema = record(
      { type: 'int', logicalType: 'date' },
      { type: 'long', logicalType: 'timestamp-millis' },
      { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 },
      { type: 'string', logicalType: 'uuid' },
    );
    const value = { f0: 18_262, f1: 1_577_836_800_000, f2: Buffer.from([1]), f3: 'x' };
    expect(read(schema, value)).toEqual([18_262, 1_577_836_800_000, 'AQ==', 'x']);
  });

  test('may hold itself', () => {
    const schema = {
      type: 'record',
      name: 'Node',
      fields: [
        { name: 'n', type: 'int' },
        { name: 'next', type: ['null', 'Node'] },
      ],
    } as unknown as Schema;
    expect(read(schema, { n: 1, next: { Node: { n: 2, next: null } } })).toEqual([
      1,
      new Map<string, unknown>([
        ['n', 2],
        ['next', null],
      ]),
    ]);
    let deep: unknown = null;
    for (let left = 70; left > 0; left--) deep = { Node: { n: left, next: deep } };
    const { problems } = open(inline(schema)).read(written(schema, { n: 0, next: deep }));
    expect(problems).toEqual(['record is no Avro of its schema: it is nested deeper than 64 levels']);
  });

  test('is flattened by paths; a union of several types by its type only when asked', () => {
    const inner = { type: 'record', name: 'Inner', namespace: 'deep', fields: [{ name: 'x', type: 'int' }] };
    const schema = record(['null', 'int', 'string', inner], ['null', 'int']);
    const flatten: FlattenSpec = {
      useFieldDiscovery: true,
      fields: [
        { type: 'path', name: 'text', expr: '$.f0.string', nodes: [] },
        { type: 'path', name: 'deep', expr: '$.f0.Inner.x', nodes: [] },
        { type: 'path', name: 'plain', expr: '$.f1', nodes: [] },
        { type: 'root', name: 'whole', expr: 'f0', nodes: [] },
      ],
    };
    const found = (value: unknown, extractUnionsByType: boolean): unknown => {
      const reader = open(inline(schema, { flatten, extractUnionsByType }));
      const { rows, problems } = reader.read(written(schema, value));
      expect(problems).toEqual([]);
      return ['text', 'deep', 'plain', 'whole', 'f0'].map((name) => rows[0]?.get(name) ?? null);
    };
    const record0 = { f0: { 'deep.Inner': { x: 5 } }, f1: { int: 6 } };
    const x = new Map([['x', 5]]);
    expect(found({ f0: { string: 'a' }, f1: { int: 6 } }, true)).toEqual(['a', null, 6, 'a', 'a']);
    expect(found(record0, true)).toEqual([null, 5, 6, x, x]);
    expect(found({ f0: null, f1: null }, true)).toEqual([null, null, null, null, null]);
    expect(found(record0, false)).toEqual([null, null, 6, x, x]);
  });

  test.each([
    [
      'an array of 2^31 items',
      { type: 'array', items: 'int' },
      [0x80, 0x80, 0x80, 0x80, 0x10],
      /claims 2147483648 items/,
    ],
    [
      'an array of 2^31 nothings',
      { type: 'array', items: 'null' },
      [0x80, 0x80, 0x80, 0x80, 0x10],
      /claims 2147483648/,
    ],
    [
      'blocks of nothings without end',
      { type: 'array', items: 'null' },
      Array<number>(300)
        .fill(0xfe)
        .flatMap(() => [0x80, 0x88, 0x01]),
      /items without content/,
    ],
    ['a map of 2^31 entries', { type: 'map', values: 'null' }, [0x80, 0x80, 0x80, 0x80, 0x10], /claims/],
    [
      'a map of a million entries',
      { type: 'map', values: 'null' },
      [0x80, 0x89, 0x7a, ...Array<number>(300_000).fill(0)],
      /claims|more than 100000 fields/,
    ],
    [
      'a text of 2^31 bytes',
      'string',
      [0x80, 0x80, 0x80, 0x80, 0x10, 0x61],
      /claims 2147483648 more bytes, and 1 are left/,
    ],
    ['a text of a negative length', 'string', [0x01], /length of -1/],
    ['bytes of 2^62', 'bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], /claims/],
    ['a number of eleven bytes', 'long', Array<number>(11).fill(0x80), /more than 64 bits/],
    ['an int of 40 bits', 'int', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01], /more than 32 bits/],
    ['a type that is not in the union', ['null', 'int'], [0x04], /chooses 2 of 2/],
    ['a negative type of the union', ['null', 'int'], [0x01], /chooses -1 of 2/],
    [
      'a symbol that is not in the enum',
      { type: 'enum', name: 'E', symbols: ['A'] },
      [0x02],
      /chooses 1 of 1/,
    ],
    ['half a double', 'double', [1, 2, 3], /claims 8 more bytes, and 3 are left/],
    ['nothing at all', 'int', [], /claims 1 more bytes/],
  ])('that claims %s is one problem, at once', (_name, type, bytes, says) => {
    const { rows, problems } = open(inline(record(type))).read(Uint8Array.from(bytes));
    expect(rows).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(says)]);
  });

  test('of any bytes is one row or one problem', () => {
    const inner = { type: 'record', name: 'Inner', fields: [{ name: 'x', type: ['null', 'Row'] }] };
    const schema = record(
      ['null', 'string', inner],
      { type: 'array', items: { type: 'map', values: 'double' } },
      { type: 'array', items: 'null' },
      'bytes',
    );
    const reader = open(inline({ ...(schema as object), namespace: undefined }));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const { rows, problems } = reader.read(bytes);
        expect(rows.length + problems.length).toBe(1);
      }),
      { seed, numRuns: 5_000 },
    );
  });
});

describe('a schema', () => {
  test.each([
    ['of an int', 'int', /a record, not int/],
    [
      'of an unknown type',
      { type: 'record', name: 'R', fields: [{ name: 'a', type: 'x' }] },
      /a schema of Avro/,
    ],
    ['without a name', { type: 'record', fields: [] }, /a schema of Avro/],
    ['with a wrong name', { type: 'record', name: 'a-b', fields: [] }, /invalid name/],
    ['that is nothing', {}, /a schema of Avro/],
  ])('%s is refused when the spec is checked', (_name, schema, says) => {
    expect(() => open(inline(schema))).toThrow(CompileProblem);
    expect(() => open(inline(schema))).toThrow(says);
  });

  test('may have a default no number of JavaScript holds', () => {
    const schema = JSON.parse(
      '{"type":"record","name":"R","fields":[{"name":"a","type":"long","default":9223372036854775807}]}',
    ) as unknown;
    expect(
      open(inline(schema))
        .read(Uint8Array.from([2]))
        .rows[0]?.get('a'),
    ).toBe(1);
  });
});

describe('records of several schemas', () => {
  const reader = open(
    inline(null, {
      decoder: {
        type: 'multiple_schemas_inline',
        schemas: { 1: record('int') as never, 300: record('string') as never },
      },
    }),
  );

  test('say which one they have behind a version', () => {
    expect(reader.read(Uint8Array.from([1, 0, 0, 0, 1, 4])).rows[0]?.get('f0')).toBe(2);
    expect(reader.read(Uint8Array.from([1, 0, 0, 1, 44, 2, 0x61])).rows[0]?.get('f0')).toBe('a');
  });

  test.each([
    [[1, 0, 0, 0, 2, 4], /schema 2 is not in the spec/],
    [[0, 0, 0, 0, 1, 4], /expected version 1/],
    [[1, 0, 0], /3 bytes/],
  ])('%j is one problem', (bytes, says) => {
    expect(reader.read(Uint8Array.from(bytes)).problems).toEqual([expect.stringMatching(says)]);
  });
});

describe('records of a registry', () => {
  let registry: FakeRegistry;

  beforeEach(async () => {
    registry = await FakeRegistry.open();
  });

  afterEach(async () => {
    await registry.close();
  });

  function reader(): ValueReader {
    const settings = { urls: [registry.url], capacity: 10, config: {}, headers: {} };
    return open(inline(null, { decoder: { type: 'schema_registry', registry: settings } }));
  }

  async function readPrepared(from: ValueReader, bytes: Uint8Array): Promise<ReadRecord> {
    await from.prepare?.(bytes);
    return from.read(bytes);
  }

  test('are read by the schema of their id, and those it refers to', async () => {
    const inner = { type: 'record', name: 'Inner', namespace: 'a', fields: [{ name: 'x', type: 'int' }] };
    registry.ids.set(5, {
      schema: JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'i', type: 'a.Inner' }] }),
      references: [{ name: 'a.Inner', subject: 'inner value', version: 2 }],
    });
    registry.versions.set('inner value/2', { schema: JSON.stringify(inner) });
    const found = await readPrepared(reader(), withId(5, Uint8Array.from([4])));
    expect(found).toEqual({ rows: [new Map([['i', new Map([['x', 2]])]])], problems: [] });
    expect(registry.asked.map(({ path }) => path)).toEqual([
      '/schemas/ids/5',
      '/subjects/inner%20value/versions/2',
    ]);
  });

  test.each([
    ['a schema nobody has', 9, /schema 9 cannot be used: the registry does not have it \(404\)/],
    ['a schema that is none', 1, /schema 1 cannot be used: a schema of Avro/],
    ['a schema that is no JSON', 2, /schema 2 cannot be used: JSON/],
    ['a schema of another kind', 3, /schema 3 cannot be used: it is of type PROTOBUF, not AVRO/],
    ['a schema without its references', 4, /it refers to b, version 1: the registry does not have it/],
    ['a schema of no record', 6, /a record, not int/],
  ])('of %s are one problem that names the id', async (_name, id, says) => {
    registry.ids.set(1, { schema: '{"type":"x"}' });
    registry.ids.set(2, { schema: '{' });
    registry.ids.set(3, { schema: '{}', schemaType: 'PROTOBUF' });
    registry.ids.set(4, { schema: '{}', references: [{ name: 'b', subject: 'b', version: 1 }] });
    registry.ids.set(6, { schema: '"int"' });
    const { rows, problems } = await readPrepared(reader(), withId(id, Uint8Array.from([0])));
    expect(rows).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(says)]);
  });

  test.each([[[]], [[0, 0, 0, 0]], [[1, 0, 0, 0, 5, 4]]])('that begin with %j ask nobody', async (bytes) => {
    const from = reader();
    expect(from.prepare?.(Uint8Array.from(bytes))).toBe(null);
    expect(from.read(Uint8Array.from(bytes)).problems).toEqual([expect.stringContaining('zero byte')]);
    expect(registry.asked).toEqual([]);
  });
});
