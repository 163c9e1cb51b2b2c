/** Avro and protobuf records for the fuzzer, written by the libraries' own writers. */
import { create, createFileRegistry, fromJson, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import avsc from 'avsc';
import type { FormatCase } from './format-cases.ts';

const avroSchema = {
  type: 'record',
  name: 'Click',
  fields: [
    { name: 't', type: 'long' },
    { name: 's', type: ['null', 'string'] },
    { name: 'd', type: 'double' },
    { name: 'list', type: { type: 'array', items: 'string' } },
    { name: 'map', type: { type: 'map', values: 'int' } },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    { name: 'bytes', type: 'bytes' },
    { name: 'inner', type: { type: 'record', name: 'Inner', fields: [{ name: 'x', type: 'float' }] } },
  ],
} as const;

function avroRecords(): Buffer[] {
  const type = avsc.Type.forSchema(avroSchema as unknown as avsc.Schema);
  return [
    {
      t: 5,
      s: 'text',
      d: 1.5,
      list: ['a', 'b'],
      map: { k: 1 },
      kind: 'A',
      bytes: Buffer.from('x'),
      inner: { x: 1 },
    },
    {
      t: 1_600_000_000_000,
      s: null,
      d: -0,
      list: [],
      map: {},
      kind: 'B',
      bytes: Buffer.alloc(40),
      inner: { x: 2.5 },
    },
  ].map((record) => type.toBuffer(record));
}

const { STRING, INT64, DOUBLE, MESSAGE, BYTES } = FieldDescriptorProto_Type;
const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label;

function descriptors() {
  const field = (name: string, number: number, type: FieldDescriptorProto_Type, label = OPTIONAL) => ({
    name,
    number,
    type,
    label,
    jsonName: name,
    ...(type === MESSAGE ? { typeName: '.fuzz.Click' } : {}),
  });
  return create(FileDescriptorSetSchema, {
    file: [
      {
        name: 'click.proto',
        package: 'fuzz',
        syntax: 'proto3',
        messageType: [
          {
            name: 'Click',
            field: [
              field('t', 1, INT64),
              field('s', 2, STRING),
              field('d', 3, DOUBLE),
              field('list', 4, STRING, REPEATED),
              field('inner', 5, MESSAGE),
              field('bytes', 6, BYTES),
            ],
          },
        ],
      },
    ],
  });
}

function protobufRecords(): Buffer[] {
  const desc = createFileRegistry(descriptors()).getMessage('fuzz.Click');
  if (desc === undefined) throw new Error('no message fuzz.Click');
  return [
    { t: '5', s: 'text', d: 1.5, list: ['a', 'b'], inner: { t: '1', inner: { s: 'deep' } }, bytes: 'eHl6' },
    { t: '1600000000000', s: 'é' },
  ].map((record) => Buffer.from(toBinary(desc, fromJson(desc, record))));
}

const flattenSpec = {
  useFieldDiscovery: true,
  fields: [{ type: 'path', name: 'deep', expr: '$.inner.x' }],
};

export const binaryCases: readonly FormatCase[] = [
  {
    name: 'avro_stream',
    inputFormat: {
      type: 'avro_stream',
      flattenSpec,
      avroBytesDecoder: { type: 'schema_inline', schema: avroSchema },
    },
    records: avroRecords(),
  },
  {
    name: 'protobuf',
    inputFormat: {
      type: 'protobuf',
      protoBytesDecoder: {
        type: 'inline',
        descriptorString: Buffer.from(toBinary(FileDescriptorSetSchema, descriptors())).toString('base64'),
        protoMessageType: 'Click',
      },
    },
    records: protobufRecords(),
  },
];
