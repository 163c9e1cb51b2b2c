/**
 * Records to rows, the plain path: short, complete, and the oracle for every faster one (design.md 7).
 *
 * A record is taken whole or not at all, as in a Druid task: text that is not JSON, an object that is no object, or one
 * timestamp that cannot be read makes the whole record unparseable, with one message. A single column that cannot be
 * converted only makes its value null (processedWithError). Nothing a record holds can throw out of here.
 */
import type { DimensionValue, MetricInput, ParsedRow } from '../domain/rows.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import {
  dimensionConversion,
  metricConversion,
  refused,
  type DimensionConversion,
  type MetricConversion,
} from './conversions.ts';
import { javaText, wellFormed } from './java-text.ts';
import { JsonTextError, parseJsonObjects, type JsonObject, type JsonValue } from './json-text.ts';
import { createTimestampParser, type TimestampParser } from './timestamp.ts';

export type ParsedRecord = {
  readonly rows: readonly ParsedRow[];
  /** One message when the record is unparseable; `rows` is empty then. */
  readonly unparseable: readonly string[];
  /** A tombstone: no value at all, thrown away with reason `null`. A blank value is unparseable, as in Druid. */
  readonly empty: boolean;
};

export interface RecordParser {
  parse(record: { readonly value: Uint8Array | null }): ParsedRecord;
}

/** A larger record is unparseable (reliability.md S11). */
export const maxRecordBytes = 8 * 1024 * 1024;
/** Discovered names become column names of a file and of SQL: longer ones, and control characters, are not accepted. */
const maxNameLength = 512;

export function createRecordParser(schema: DataSchema): RecordParser {
  const parser = new JsonRecordParser(schema);
  return { parse: (record) => parser.parse(record.value) };
}

const tombstone: ParsedRecord = { rows: [], unparseable: [], empty: true };

class JsonRecordParser {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #timeColumn: string;
  readonly #timestamp: TimestampParser;
  readonly #dimensions: readonly { name: string; type: string; convert: DimensionConversion }[];
  readonly #metrics: readonly { field: string; kind: string; convert: MetricConversion }[];
  readonly #notDiscovered: ReadonlySet<string> | null;

  constructor(schema: DataSchema) {
    this.#timeColumn = schema.timestampSpec.column;
    this.#timestamp = createTimestampParser(schema.timestampSpec);
    this.#dimensions = schema.dimensions.map((spec) => ({
      name: spec.name,
      type: spec.type,
      convert: dimensionConversion(spec),
    }));
    this.#metrics = schema.metrics.map((spec) => ({
      field: spec.fieldName ?? spec.name,
      kind: spec.type,
      convert: metricConversion(spec.type),
    }));
    this.#notDiscovered = schema.discoverDimensions
      ? new Set([
          '',
          '__time',
          ...schema.dimensionExclusions,
          schema.timestampSpec.column,
          ...schema.dimensions.map(({ name }) => name),
          ...schema.metrics.flatMap(({ name, fieldName }) => [name, fieldName ?? name]),
        ])
      : null;
  }

  parse(value: Uint8Array | null): ParsedRecord {
    if (value === null) return tombstone;
    try {
      const rows = this.#objects(value).map((object) => this.#row(object));
      return { rows, unparseable: [], empty: false };
    } catch (error) {
      if (!(error instanceof Unparseable || error instanceof JsonTextError)) throw error;
      return { rows: [], unparseable: [error.message], empty: false };
    }
  }

  #objects(value: Uint8Array): JsonObject[] {
    if (value.byteLength > maxRecordBytes)
      throw new Unparseable(`record has ${value.byteLength} bytes; at most ${maxRecordBytes} are read`);
    const objects = parseJsonObjects(this.#decode(value));
    if (objects.length === 0) throw new Unparseable('record is blank; expected JSON objects');
    return objects;
  }

  #decode(value: Uint8Array): string {
    try {
      return this.#decoder.decode(value);
    } catch {
      throw new Unparseable('record is not UTF-8');
    }
  }

  #row(object: JsonObject): ParsedRow {
    const time = object.get(this.#timeColumn);
    const timestampMs = this.#timestamp(time);
    if (timestampMs === null) throw new Unparseable(`timestamp [${excerpt(time ?? null)}] is unparseable`);
    const problems: string[] = [];
    return {
      timestampMs,
      dimensions: this.#dimensions.map(({ name, type, convert }) =>
        converted(convert, object.get(name), problems, type, name),
      ),
      discovered: this.#notDiscovered === null ? null : discover(object, this.#notDiscovered, problems),
      metrics: this.#metrics.map(({ field, kind, convert }) =>
        converted(convert, metricValue(object, field, kind, timestampMs), problems, kind, field),
      ),
      problems,
    };
  }
}

class Unparseable extends Error {}

/** `__time` is the row's own time, whatever the record holds under that name; `count` looks at nothing. */
function metricValue(
  object: JsonObject,
  field: string,
  kind: string,
  timestampMs: number,
): JsonValue | undefined {
  if (kind === 'count') return undefined;
  return field === '__time' ? timestampMs : object.get(field);
}

function converted<T extends DimensionValue | MetricInput>(
  convert: (value: JsonValue) => T | typeof refused,
  value: JsonValue | undefined,
  problems: string[],
  type: string,
  name: string,
): T | null {
  if (value === undefined || value === null) return null;
  const result = convert(value);
  if (result !== refused) return result;
  problems.push(`could not convert value [${excerpt(value)}] to ${type} for column [${name}]`);
  return null;
}

const asString = dimensionConversion({ name: '', type: 'string', multiValueHandling: 'sorted_array' });

/** Root fields that hold a plain value or a list of plain values; objects stay undiscovered, as in Druid. */
function discover(
  object: JsonObject,
  notDiscovered: ReadonlySet<string>,
  problems: string[],
): ReadonlyMap<string, DimensionValue> {
  const found = new Map<string, DimensionValue>();
  for (const [name, value] of object) {
    if (value === null || notDiscovered.has(name) || !isPlain(value)) continue;
    const text = converted(asString, value, problems, 'string', name);
    if (text === null) continue;
    if (name.length <= maxNameLength && !controlCharacter.test(name)) found.set(wellFormed(name), text);
    else problems.push(`field name [${excerpt(name)}] is too long or holds control characters; not stored`);
  }
  return found;
}

const controlCharacter = /[\u0000-\u001f\u007f]/;

function isPlain(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && !(item instanceof Map));
  return !(value instanceof Map);
}

/** Enough of a value to find it by. */
function excerpt(value: JsonValue): string {
  const text = javaText(value);
  return text.length <= 64 ? text : `${text.slice(0, 64)}...`;
}
