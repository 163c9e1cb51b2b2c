/** Cases of fields.test.ts for the formats besides json, and a format in which each field means something. */
import { plainJson } from '../../../domain/spec/input-format.ts';
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';

type Case = {
  readonly value: unknown;
  readonly read: (spec: SupervisorSpec) => unknown;
  readonly becomes: unknown;
  readonly standard?: unknown;
};

const header = { type: 'csv', findColumnsFromHeader: true };
const listed = { type: 'csv', columns: ['a'] };
const kafka = { type: 'kafka', valueFormat: { type: 'json' } };

const schema = { type: 'record', name: 'Row', fields: [] };
const avro = { type: 'avro_stream', avroBytesDecoder: { type: 'schema_inline', schema } };
const protobuf = { type: 'protobuf', protoBytesDecoder: { type: 'inline', descriptorString: 'Cg==' } };

const bases: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  columns: header,
  findColumnsFromHeader: listed,
  hasHeaderRow: listed,
  skipHeaderRows: listed,
  listDelimiter: listed,
  delimiter: { ...listed, type: 'tsv' },
  tryParseNumbers: listed,
  pattern: { type: 'regex', pattern: '(.*)' },
  valueFormat: kafka,
  keyFormat: kafka,
  headerFormat: kafka,
  headerColumnPrefix: kafka,
  keyColumnName: kafka,
  timestampColumnName: kafka,
  topicColumnName: kafka,
  partitionColumnName: kafka,
  offsetColumnName: kafka,
  avroBytesDecoder: avro,
  binaryAsString: avro,
  extractUnionsByType: avro,
  protoBytesDecoder: protobuf,
};

const prefix = 'ioConfig.inputFormat.';

export function otherFormatBase(path: string): Readonly<Record<string, unknown>> | null {
  return path.startsWith(prefix) ? (bases[path.slice(prefix.length)] ?? null) : null;
}

const csv = {
  type: 'csv',
  columns: ['a'],
  findColumnsFromHeader: false,
  skipHeaderRows: 0,
  listDelimiter: '\u0001',
  delimiter: ',',
  tryParseNumbers: false,
};

const cases: Readonly<Record<string, Omit<Case, 'read'>>> = {
  columns: { value: ['b', ''], becomes: ['b', 'column_2'], standard: null },
  findColumnsFromHeader: { value: 'true', becomes: true, standard: false },
  hasHeaderRow: { value: true, becomes: undefined, standard: undefined },
  skipHeaderRows: { value: '2', becomes: 2, standard: 0 },
  listDelimiter: { value: '||', becomes: '||', standard: '\u0001' },
  delimiter: { value: '||', becomes: '||', standard: '\t' },
  tryParseNumbers: { value: true, becomes: true, standard: false },
  pattern: { value: '(a)', becomes: '(a)' },
  valueFormat: { value: listed, becomes: csv },
  keyFormat: { value: { type: 'json' }, becomes: plainJson, standard: null },
  headerFormat: { value: { type: 'string' }, becomes: undefined, standard: undefined },
  headerColumnPrefix: { value: '', becomes: '', standard: 'kafka.header.' },
  keyColumnName: { value: 'k', becomes: 'k', standard: 'kafka.key' },
  timestampColumnName: { value: 't', becomes: 't', standard: 'kafka.timestamp' },
  topicColumnName: { value: 't', becomes: 't', standard: 'kafka.topic' },
  avroBytesDecoder: {
    value: { type: 'multiple_schemas_inline', schemas: { 7: schema } },
    becomes: { type: 'multiple_schemas_inline', schemas: { 7: schema } },
  },
  binaryAsString: { value: true, becomes: true, standard: false },
  extractUnionsByType: { value: true, becomes: true, standard: false },
  protoBytesDecoder: {
    value: { type: 'schema_registry', url: 'http://registry:8081' },
    becomes: {
      type: 'schema_registry',
      registry: { urls: ['http://registry:8081'], capacity: 1000, config: {}, headers: {} },
    },
  },
};

/** One entry per row of class `works`. */
export const otherFormatCases: Readonly<Record<string, Case>> = Object.fromEntries(
  Object.entries(cases).map(([name, rest]) => [
    `${prefix}${name}`,
    {
      ...rest,
      read: (spec: SupervisorSpec) =>
        (spec.io.inputFormat as Record<string, unknown>)[name.endsWith('BytesDecoder') ? 'decoder' : name],
    },
  ]),
);
