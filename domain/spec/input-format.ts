/** `ioConfig.inputFormat` after validation: how the bytes of a record become rows (druid.md 1.3). Plain JSON. */
import type { Json } from '../json.ts';
import type { PropertyValues } from './property-value.ts';

export type FlattenField = {
  readonly type: 'root' | 'path' | 'jq' | 'tree';
  readonly name: string;
  /** A field name (root), a JsonPath (path) or a jq program; null for tree. */
  readonly expr: string | null;
  /** For tree: field names from the outside in. */
  readonly nodes: readonly string[];
};

export type FlattenSpec = {
  /** Fields of the outermost object are fields of the row too. */
  readonly useFieldDiscovery: boolean;
  readonly fields: readonly FlattenField[];
};

export type JsonFormat = {
  readonly type: 'json';
  readonly flatten: FlattenSpec | null;
  /** Switches of Jackson's reader by their name, as posted. */
  readonly features: Readonly<Record<string, boolean>>;
  readonly assumeNewlineDelimited: boolean;
  readonly useJsonNodeReader: boolean;
  readonly keepNullColumns: boolean;
};

export type DelimitedFormat = {
  readonly type: 'csv' | 'tsv';
  /** Null: from the header line. */
  readonly columns: readonly string[] | null;
  /** A header line counts more than `columns`. */
  readonly findColumnsFromHeader: boolean;
  readonly skipHeaderRows: number;
  /** Separates the values of one column; Druid's default is control-A. */
  readonly listDelimiter: string;
  /** Separates columns: a comma for csv. */
  readonly delimiter: string;
  readonly tryParseNumbers: boolean;
};

export type RegexFormat = {
  readonly type: 'regex';
  readonly pattern: string;
  /** Null: `column_1`, `column_2`, ... */
  readonly columns: readonly string[] | null;
  readonly listDelimiter: string;
};

export type LinesFormat = { readonly type: 'lines' };

/** Where Confluent-style schemas come from; `config` and `headers` may hold references to secrets. */
export type SchemaRegistry = {
  readonly urls: readonly string[];
  readonly capacity: number;
  readonly config: PropertyValues;
  readonly headers: PropertyValues;
};

export type AvroFormat = {
  readonly type: 'avro_stream';
  readonly flatten: FlattenSpec | null;
  readonly binaryAsString: boolean;
  readonly extractUnionsByType: boolean;
  readonly decoder:
    | { readonly type: 'schema_inline'; readonly schema: Json }
    | { readonly type: 'multiple_schemas_inline'; readonly schemas: Readonly<Record<string, Json>> }
    | { readonly type: 'schema_registry'; readonly registry: SchemaRegistry };
};

export type ProtobufFormat = {
  readonly type: 'protobuf';
  readonly flatten: FlattenSpec | null;
  readonly decoder:
    | {
        readonly type: 'inline';
        /** A compiled descriptor set (`protoc --descriptor_set_out --include_imports`), base64. */
        readonly descriptorString: string;
        readonly protoMessageType: string | null;
      }
    | { readonly type: 'schema_registry'; readonly registry: SchemaRegistry };
};

/** What one record's bytes can be by themselves. */
export type PayloadFormat =
  JsonFormat | DelimitedFormat | RegexFormat | LinesFormat | AvroFormat | ProtobufFormat;

export const headerEncodings = ['UTF-8', 'UTF-16', 'UTF-16BE', 'UTF-16LE', 'US-ASCII', 'ISO-8859-1'] as const;

export type HeaderEncoding = (typeof headerEncodings)[number];

/** The record as a whole: value, key, headers and where it lies. A field of the value hides the others of its name. */
export type KafkaFormat = {
  readonly type: 'kafka';
  readonly valueFormat: PayloadFormat;
  readonly keyFormat: PayloadFormat | null;
  /** Null: headers make no columns. */
  readonly headerEncoding: HeaderEncoding | null;
  readonly headerColumnPrefix: string;
  readonly keyColumnName: string;
  readonly timestampColumnName: string;
  readonly topicColumnName: string;
};

export type InputFormat = PayloadFormat | KafkaFormat;

export const plainJson: JsonFormat = {
  type: 'json',
  flatten: null,
  features: {},
  assumeNewlineDelimited: false,
  useJsonNodeReader: false,
  keepNullColumns: false,
};
