/** Protobuf records: every kind of field, well-known types, both decoders, and records that claim what they do not hold. */
import { create, createFileRegistry, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  anyPack,
  DurationSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  StringValueSchema,
  TimestampSchema,
} from '@bufbuild/protobuf/wkt';
import * as wkt from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FlattenSpec, ProtobufFormat } from '../../../domain/spec/input-format.ts';
import { CompileProblem } from '../../../formats/compile-problem.ts';
import type { ReadRecord, ValueReader } from '../../../formats/input-reader.ts';
import { javaText } from '../../../formats/java-text.ts';
import { JavaDouble, type JsonValue } from '../../../formats/json-text.ts';
import { noPorts, openValueReader } from '../../../formats/open-reader.ts';
import { FakeRegistry, withId } from '../schema-registry/fake-registry.ts';
import { descriptorFile, descriptorSet, field, mapEntry, wellKnown, type File } from './descriptor-set.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

const row: File = {
  name: 'row.proto',
  package: 'shop',
  syntax: 'proto3',
  dependency: wellKnown,
  enumType: [
    {
      name: 'Color',
      value: [
        { name: 'RED', number: 0 },
        { name: 'BLUE', number: 5 },
      ],
    },
  ],
  messageType: [
    {
      name: 'Row',
      field: [
        field('an_int', 1, 'INT32'),
        field('big', 2, 'INT64'),
        field('unsigned', 3, 'UINT64'),
        field('small_unsigned', 4, 'UINT32'),
        field('flag', 5, 'BOOL'),
        field('text', 6, 'STRING'),
        field('raw', 7, 'BYTES'),
        field('color', 8, 'ENUM', { typeName: '.shop.Color' }),
        field('half', 9, 'FLOAT'),
        field('ratio', 10, 'DOUBLE'),
        field('numbers', 11, 'SINT64', { repeated: true }),
        field('inner', 12, 'MESSAGE', { typeName: '.shop.Row.Inner' }),
        field('inners', 13, 'MESSAGE', { typeName: '.shop.Row.Inner', repeated: true }),
        field('counts', 14, 'MESSAGE', { typeName: '.shop.Row.CountsEntry', repeated: true }),
        field('by_id', 15, 'MESSAGE', { typeName: '.shop.Row.ByIdEntry', repeated: true }),
        field('left', 16, 'STRING', { oneofIndex: 0 }),
        field('right', 17, 'FIXED64', { oneofIndex: 0 }),
        field('maybe', 18, 'INT32', { oneofIndex: 1, proto3Optional: true }),
        field('self', 19, 'MESSAGE', { typeName: '.shop.Row' }),
        field('colors', 20, 'ENUM', { typeName: '.shop.Color', repeated: true }),
      ],
      oneofDecl: [{ name: 'side' }, { name: '_maybe' }],
      nestedType: [
        { name: 'Inner', field: [field('x', 1, 'SFIXED32')] },
        mapEntry('CountsEntry', 'STRING', field('value', 2, 'SINT32')),
        mapEntry('ByIdEntry', 'INT64', field('value', 2, 'MESSAGE', { typeName: '.shop.Row.Inner' })),
      ],
    },
    {
      name: 'Known',
      field: [
        ...(
          [
            ['at', 'Timestamp'],
            ['took', 'Duration'],
            ['mask', 'FieldMask'],
            ['object', 'Struct'],
            ['value', 'Value'],
            ['list', 'ListValue'],
            ['any', 'Any'],
            ['text', 'StringValue'],
            ['number', 'Int64Value'],
            ['flag', 'BoolValue'],
            ['half', 'FloatValue'],
            ['bytes', 'BytesValue'],
          ] as const
        ).map(([name, type], at) => field(name, at + 1, 'MESSAGE', { typeName: `.google.protobuf.${type}` })),
        field('times', 13, 'MESSAGE', { typeName: '.google.protobuf.Timestamp', repeated: true }),
      ],
    },
  ],
};

const proto2: File = {
  name: 'two.proto',
  package: 'two',
  syntax: 'proto2',
  enumType: [{ name: 'Closed', value: [{ name: 'ONE', number: 1 }] }],
  messageType: [
    {
      name: 'Two',
      field: [
        field('must', 1, 'INT32', { required: true }),
        field('zero', 2, 'INT32'),
        field('text', 3, 'STRING'),
        field('closed', 4, 'ENUM', { typeName: '.two.Closed' }),
        field('group', 5, 'GROUP', { typeName: '.two.Two.Group' }),
        field('unpacked', 6, 'INT32', { repeated: true }),
      ],
      nestedType: [{ name: 'Group', field: [field('x', 1, 'INT32')] }],
    },
  ],
};

const registryOf = (...files: File[]) =>
  createFileRegistry(
    create(FileDescriptorSetSchema, {
      file: [
        ...Object.values(wkt)
          .filter(
            (one): one is typeof wkt.file_google_protobuf_any => (one as { kind?: string }).kind === 'file',
          )
          .map(({ proto }) => proto)
          .filter(({ name }) => wellKnown.includes(name)),
        ...files.map((file) => create(FileDescriptorProtoSchema, file)),
      ],
    }),
  );

function descOf(file: File, name: string) {
  const desc = registryOf(file).getMessage(name);
  if (desc === undefined) throw new Error(`no message ${name}`);
  return desc;
}

const rowDesc = descOf(row, 'shop.Row');
const knownDesc = descOf(row, 'shop.Known');

function inline(
  descriptorString: string,
  protoMessageType: string | null,
  flatten: FlattenSpec | null = null,
): ProtobufFormat {
  return { type: 'protobuf', flatten, decoder: { type: 'inline', descriptorString, protoMessageType } };
}

function open(format: ProtobufFormat): ValueReader {
  return openValueReader(format, noPorts);
}

const rowReader = open(inline(descriptorSet(row), 'Row'));
const knownReader = open(inline(descriptorSet(row), 'shop.Known'));
const twoReader = open(inline(descriptorSet(proto2), null));

function fields({ rows, problems }: ReadRecord): Record<string, unknown> {
  expect(problems).toEqual([]);
  return Object.fromEntries(rows[0] ?? []);
}

function readRow(value: MessageInitShape<typeof rowDesc>): Record<string, unknown> {
  return fields(rowReader.read(toBinary(rowDesc, create(rowDesc, value))));
}

function readKnown(value: MessageInitShape<typeof knownDesc>): Record<string, unknown> {
  return fields(knownReader.read(toBinary(knownDesc, create(knownDesc, value))));
}

/** Null: the library refuses it. */
function decoded(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    return fromBinary(rowDesc, bytes) as unknown as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Bytes written field by field. */
function wire(write: (writer: BinaryWriter) => BinaryWriter): Uint8Array {
  return write(new BinaryWriter()).finish();
}

describe('a Protobuf record', () => {
  test('has the fields that are set, by their JSON names, with every digit', () => {
    const found = readRow({
      anInt: -5,
      big: 9_007_199_254_740_993n,
      unsigned: 18_446_744_073_709_551_615n,
      smallUnsigned: 4_294_967_295,
      flag: true,
      text: 'é',
      raw: Buffer.from([0xff]),
      color: 5,
      half: Math.fround(0.1),
      ratio: 1,
      numbers: [-1n, 2n],
      maybe: 0,
    });
    expect(found).toEqual({
      anInt: -5,
      big: 9_007_199_254_740_993n,
      unsigned: 18_446_744_073_709_551_615n,
      smallUnsigned: 4_294_967_295,
      flag: true,
      text: 'é',
      raw: '/w==',
      color: 'BLUE',
      half: new JavaDouble(Math.fround(0.1)),
      ratio: new JavaDouble(1),
      numbers: [-1, 2],
      maybe: 0,
    });
    expect([javaText(found['half'] as JsonValue), javaText(found['ratio'] as JsonValue)]).toEqual([
      '0.1',
      '1.0',
    ]);
  });

  test('leaves out what is not set, and in proto3 what has its default', () => {
    expect(readRow({})).toEqual({});
    const zeros = wire((writer) =>
      writer
        .tag(1, WireType.Varint)
        .int32(0)
        .tag(6, WireType.LengthDelimited)
        .string('')
        .tag(8, WireType.Varint)
        .int32(0),
    );
    expect(fields(rowReader.read(zeros))).toEqual({});
    const negativeZero = wire((writer) => writer.tag(10, WireType.Bit64).double(-0));
    expect(fields(rowReader.read(negativeZero))).toEqual({ ratio: new JavaDouble(-0) });
  });

  test('has messages, lists and maps within', () => {
    expect(
      readRow({
        inner: { x: 1 },
        inners: [{ x: 2 }, {}],
        counts: { a: -1, b: 0 },
        byId: { '9007199254740993': { x: 3 } },
        self: { text: 'deep' },
        colors: [0, 5, 7],
      } as never),
    ).toEqual({
      inner: new Map([['x', 1]]),
      inners: [new Map([['x', 2]]), new Map()],
      counts: new Map([
        ['a', -1],
        ['b', 0],
      ]),
      byId: new Map([['9007199254740993', new Map([['x', 3]])]]),
      self: new Map([['text', 'deep']]),
      colors: ['RED', 'BLUE', 'UNKNOWN_ENUM_VALUE_Color_7'],
    });
  });

  test('counts the last value of a field and of a oneof, and merges the parts of a message', () => {
    const bytes = wire((writer) =>
      writer
        .tag(1, WireType.Varint).int32(1)
        .tag(1, WireType.Varint).int32(2)
        .tag(16, WireType.LengthDelimited).string('left')
        .tag(17, WireType.Bit64).fixed64(7n)
        .tag(19, WireType.LengthDelimited).bytes(wire((inner) => inner.tag(6, WireType.LengthDelimited).string('kept')))
        .tag(19, WireType.LengthDelimited).bytes(wire((inner) => inner.tag(1, WireType.Varint).int32(9))),
    ); // prettier-ignore
    expect(fields(rowReader.read(bytes))).toEqual({
      anInt: 2,
      right: 7,
      self: new Map<string, unknown>([
        ['anInt', 9],
        ['text', 'kept'],
      ]),
    });
  });

  test('skips unknown fields, and fields of another kind than the descriptor says', () => {
    const bytes = wire((writer) =>
      writer
        .tag(999, WireType.Varint)
        .int32(1)
        .tag(1, WireType.LengthDelimited)
        .string('no int')
        .tag(2, WireType.Varint)
        .int64(3n),
    );
    expect(fields(rowReader.read(bytes))).toEqual({ big: 3 });
  });

  test('reads numbers of a list packed or not', () => {
    const bytes = wire((writer) =>
      writer
        .tag(11, WireType.Varint).sint64(1n)
        .tag(11, WireType.LengthDelimited).bytes(wire((inner) => inner.sint64(2n).sint64(3n))),
    ); // prettier-ignore
    expect(fields(rowReader.read(bytes))).toEqual({ numbers: [1, 2, 3] });
  });

  test('gives well-known types in their canonical form, wherever they stand', () => {
    const time = create(TimestampSchema, { seconds: 1_577_836_800n, nanos: 120_000_000 });
    const object = { a: 1, b: [true, null], c: { d: 'x' } };
    expect(
      readKnown({
        at: time,
        took: { seconds: -1n, nanos: -500_000 },
        mask: { paths: ['user_name', 'a.b_c'] },
        object,
        value: { kind: { case: 'nullValue', value: 0 } },
        list: { values: [{ kind: { case: 'numberValue', value: 2 } }] },
        text: '',
        number: 9_007_199_254_740_993n,
        flag: false,
        half: Math.fround(0.1),
        bytes: Buffer.from('a'),
        times: [time, { seconds: 0n, nanos: 1 }],
      } as never),
    ).toEqual({
      at: '2020-01-01T00:00:00.120Z',
      took: '-1.000500s',
      mask: 'userName,a.bC',
      object: new Map<string, unknown>([
        ['a', new JavaDouble(1)],
        ['b', [true, null]],
        ['c', new Map([['d', 'x']])],
      ]),
      value: null,
      list: [new JavaDouble(2)],
      text: '',
      number: 9_007_199_254_740_993n,
      flag: false,
      half: new JavaDouble(Math.fround(0.1)),
      bytes: 'YQ==',
      times: ['2020-01-01T00:00:00.120Z', '1970-01-01T00:00:00.000000001Z'],
    });
  });

  test('opens an Any whose type is known, and shows the bytes of another', () => {
    const inner = create(rowDesc, { text: 'a' });
    expect(readKnown({ any: anyPack(rowDesc, inner) } as never)).toEqual({
      any: new Map([
        ['@type', 'type.googleapis.com/shop.Row'],
        ['text', 'a'],
      ]),
    });
    const wrapped = anyPack(StringValueSchema, create(StringValueSchema, { value: 'x' }));
    expect(readKnown({ any: wrapped } as never)).toEqual({
      any: new Map([
        ['@type', 'type.googleapis.com/google.protobuf.StringValue'],
        ['value', 'x'],
      ]),
    });
    expect(readKnown({ any: { typeUrl: 'x/y.Z', value: Buffer.from('a') } } as never)).toEqual({
      any: new Map([
        ['@type', 'x/y.Z'],
        ['value', 'YQ=='],
      ]),
    });
  });

  test.each([
    [
      'a time after the year 9999',
      { at: create(TimestampSchema, { seconds: 253_402_300_800n }) },
      /Timestamp/,
    ],
    ['a time of negative nanoseconds', { at: create(TimestampSchema, { nanos: -1 }) }, /Timestamp/],
    [
      'a duration in both directions',
      { took: create(DurationSchema, { seconds: 1n, nanos: -1 }) },
      /Duration/,
    ],
  ])('with %s is one problem', (_name, value, says) => {
    const { rows, problems } = knownReader.read(toBinary(knownDesc, create(knownDesc, value as never)));
    expect([rows, problems]).toEqual([[], [expect.stringMatching(says)]]);
  });

  test('of proto2 has what is set, also zeros; must have what is required; knows only the symbols of its enums', () => {
    const bytes = wire((writer) =>
      writer
        .tag(1, WireType.Varint).int32(0)
        .tag(2, WireType.Varint).int32(0)
        .tag(3, WireType.LengthDelimited).bytes(Uint8Array.of(0xff))
        .tag(4, WireType.Varint).int32(9)
        .tag(5, WireType.StartGroup).tag(1, WireType.Varint).int32(4).tag(5, WireType.EndGroup)
        .tag(6, WireType.Varint).int32(1)
        .tag(6, WireType.Varint).int32(2),
    ); // prettier-ignore
    expect(fields(twoReader.read(bytes))).toEqual({
      must: 0,
      zero: 0,
      text: '\ufffd',
      group: new Map([['x', 4]]),
      unpacked: [1, 2],
    });
    expect(twoReader.read(new Uint8Array()).problems).toEqual([
      'record is no two.Two: the required field must of two.Two is missing',
    ]);
  });

  test('is flattened by paths', () => {
    const flatten: FlattenSpec = {
      useFieldDiscovery: true,
      fields: [{ type: 'path', name: 'x', expr: '$.inner.x', nodes: [] }],
    };
    const reader = open(inline(descriptorSet(row), 'Row', flatten));
    const { rows } = reader.read(toBinary(rowDesc, create(rowDesc, { inner: { x: 8 } } as never)));
    expect(rows[0]?.get('x')).toBe(8);
  });

  test.each([
    ['a text of 2^31 bytes', [0x32, 0x80, 0x80, 0x80, 0x80, 0x08, 0x61], /premature EOF|claims/],
    ['a message of 2^31 bytes', [0x62, 0x80, 0x80, 0x80, 0x80, 0x08, 0x61], /claims 2147483648 more bytes/],
    [
      'packed numbers of 2^31 bytes',
      [0x5a, 0x80, 0x80, 0x80, 0x80, 0x08, 0x01],
      /claims 2147483648 more bytes/,
    ],
    ['half a number', [0x08, 0x80], /./],
    ['a number of eleven bytes', [0x10, ...Array<number>(11).fill(0x80)], /./],
    ['a group that never ends', [0x0b], /./],
    ['the end of a group that never began', [0x0c], /a group ends/],
    ['a wire type nobody knows', [0x0f], /illegal tag/],
    ['field number 0', [0x00], /illegal tag/],
    ['text that is not UTF-8', [0x32, 0x01, 0xff], /text is not UTF-8/],
    ['a message that ends within a number', [0x62, 0x01, 0x0d, 1, 2, 3, 4], /ends too early/],
    [
      '100,001 messages',
      Array.from({ length: 100_001 }, () => [0x6a, 0x00]).flat(),
      /more than 100000 messages/,
    ],
  ])('that claims %s is one problem, at once', (_name, bytes, says) => {
    const { rows, problems } = rowReader.read(Uint8Array.from(bytes));
    expect([rows, problems]).toEqual([[], [expect.stringMatching(says)]]);
  });

  test('nested too deep is one problem', () => {
    let bytes = new Uint8Array();
    for (let left = 70; left > 0; left--) {
      const inner = bytes;
      bytes = Uint8Array.from(wire((writer) => writer.tag(19, WireType.LengthDelimited).bytes(inner)));
    }
    expect(rowReader.read(bytes).problems).toEqual([
      'record is no shop.Row: it is nested deeper than 64 levels',
    ]);
  });

  test('of any bytes is one row or one problem', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(rowReader, knownReader, twoReader),
        fc.uint8Array({ maxLength: 40 }),
        (reader, bytes) => {
          const { rows, problems } = reader.read(bytes);
          expect(rows.length + problems.length).toBe(1);
        },
      ),
      { seed, numRuns: 5_000 },
    );
  });

  test('cut short anywhere has what the library finds in it, or is one problem', () => {
    const values = fc.record({
      text: fc.string(),
      big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      numbers: fc.array(fc.bigInt({ min: -5n, max: 5n })),
      anInt: fc.integer(),
      inner: fc.record({ x: fc.integer() }),
    });
    fc.assert(
      fc.property(values, fc.nat(60), (value, length) => {
        const bytes = Uint8Array.from(toBinary(rowDesc, create(rowDesc, value as never))).subarray(0, length);
        const library = decoded(bytes);
        const { rows, problems } = rowReader.read(bytes);
        expect([problems.length === 0, rows.length]).toEqual(library === null ? [false, 0] : [true, 1]);
        const found = Object.fromEntries(rows[0] ?? []);
        if (library !== null)
          expect([found['text'] ?? '', BigInt((found['big'] ?? 0) as number), found['anInt'] ?? 0]).toEqual([
            library['text'],
            library['big'],
            library['anInt'],
          ]);
      }),
      { seed, numRuns: 2_000 },
    );
  });
});

describe('a descriptor', () => {
  test.each([
    ['that is no base64', '%%%', null, /base64/],
    ['that is empty', '', null, /base64/],
    ['of other bytes', 'AQID', null, /compiled descriptor set/],
    ['without a file', descriptorSet(), null, /base64/],
    ['without messages', descriptorSet({ name: 'a.proto' }), null, /a message of the descriptor set/],
    ['without the message', descriptorSet(row), 'Nowhere', /a message of the descriptor set/],
    [
      'whose import is missing',
      descriptorSet({
        ...row,
        name: 'b.proto',
        messageType: [{ name: 'M', field: [field('a', 1, 'MESSAGE', { typeName: '.other.M' })] }],
      }),
      null,
      /compiled descriptor set/,
    ],
  ])('%s is refused when the spec is checked', (_name, descriptor, type, says) => {
    expect(() => open(inline(descriptor, type))).toThrow(CompileProblem);
    expect(() => open(inline(descriptor, type))).toThrow(says);
  });

  test('may have its files in any order, and a message be named in short or from its outer message on', () => {
    const user: File = {
      name: 'user.proto',
      package: 'u',
      syntax: 'proto3',
      dependency: ['row.proto'],
      messageType: [{ name: 'User', field: [field('row', 1, 'MESSAGE', { typeName: '.shop.Row' })] }],
    };
    const set = descriptorSet(user, row);
    for (const name of [null, 'User', 'u.User', 'Inner', 'Row.Inner', 'shop.Row.Inner'])
      expect(open(inline(set, name)).read(new Uint8Array())).toEqual({ rows: [new Map()], problems: [] });
  });
});

describe('records of a registry', () => {
  let registry: FakeRegistry;

  beforeEach(async () => {
    registry = await FakeRegistry.open();
    registry.ids.set(1, { schema: descriptorFile(row), schemaType: 'PROTOBUF' });
  });

  afterEach(async () => {
    await registry.close();
  });

  async function read(bytes: Uint8Array): Promise<ReadRecord> {
    const settings = { urls: [registry.url], capacity: 10, config: {}, headers: {} };
    const reader = open({
      type: 'protobuf',
      flatten: null,
      decoder: { type: 'schema_registry', registry: settings },
    });
    await reader.prepare?.(bytes);
    return reader.read(bytes);
  }

  const text = wire((writer) => writer.tag(6, WireType.LengthDelimited).string('a'));

  test.each([
    ['the first message', [0], text, new Map([['text', 'a']])],
    ['the first message, counted', [2, 0], text, new Map([['text', 'a']])],
    ['a message within the first', [4, 0, 0], [0x0d, 7, 0, 0, 0], new Map([['x', 7]])],
    ['the second message', [2, 2], [], new Map()],
  ])('say that they are %s', async (_name, places, body, found) => {
    expect(await read(withId(1, Uint8Array.from([...places, ...body])))).toEqual({
      rows: [found],
      problems: [],
    });
    expect(registry.asked.map(({ path }) => path)).toEqual(['/schemas/ids/1?format=serialized']);
  });

  test('are read with the files that the schema imports', async () => {
    const user: File = {
      name: 'user.proto',
      syntax: 'proto3',
      dependency: ['shop/row.proto', 'confluent/meta.proto'],
      messageType: [{ name: 'User', field: [field('row', 1, 'MESSAGE', { typeName: '.shop.Row' })] }],
    };
    registry.ids.set(2, {
      schema: descriptorFile(user),
      schemaType: 'PROTOBUF',
      references: [{ name: 'shop/row.proto', subject: 'row', version: 1 }],
    });
    registry.versions.set('row/1', { schema: descriptorFile(row), schemaType: 'PROTOBUF' });
    expect(await read(withId(2, Uint8Array.from([0, 0x0a, text.length, ...text])))).toEqual({
      rows: [new Map([['row', new Map([['text', 'a']])]])],
      problems: [],
    });
  });

  test.each([
    ['no message', [4, 0, 98], /has no message 0\.49/],
    ['places without end', [100], /does not say which message/],
    ['a negative place', [2, 1], /does not say which message/],
    ['too many places', [0x84, 0x08], /does not say which message/],
    ['nothing', [], /does not say which message/],
  ])('that name %s are one problem', async (_name, places, says) => {
    expect((await read(withId(1, Uint8Array.from(places)))).problems).toEqual([expect.stringMatching(says)]);
  });

  test('of a schema in text are one problem that says what is missing', async () => {
    registry.ids.set(3, { schema: 'syntax = "proto3"; message A {}', schemaType: 'PROTOBUF' });
    expect((await read(withId(3, Uint8Array.of(0)))).problems).toEqual([
      expect.stringMatching(/schema 3 cannot be used: the descriptor of a file in base64.*format=serialized/),
    ]);
  });
});
