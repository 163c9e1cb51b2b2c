/**
 * Named values to the columns of a row: time, transforms and filter, then one value per dimension and metric.
 *
 * A column that cannot be converted is null and a problem of the row; a time that cannot be read, or an expression that
 * fails, is `Unparseable`.
 */
import type { DimensionValue, ParsedRow } from '../domain/rows.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { ExpressionFailure } from './expression/expression.ts';
import { refused, type Refused } from './conversions.ts';
import { dimensionConversion, type DimensionConversion } from './dimension-values.ts';
import { javaText, wellFormed } from './java-text.ts';
import type { JsonObject, JsonValue } from './json-text.ts';
import { metricInput, type MetricReader } from './metric-inputs.ts';
import type { RowView } from './row-view.ts';
import { createTimestampParser, type TimestampParser } from './timestamp.ts';
import { Transformer } from './transformer.ts';

/** The whole record is unparseable. */
export class Unparseable extends Error {}

/** Discovered names become column names of a file and of SQL: longer ones, and control characters, are not accepted. */
const maxNameLength = 512;

export class RowMaker {
  readonly #timeColumn: string;
  readonly #timestamp: TimestampParser;
  readonly #transformer: Transformer;
  readonly #dimensions: readonly { name: string; type: string; convert: DimensionConversion }[];
  readonly #metrics: readonly { field: string; kind: string; read: MetricReader }[];
  readonly #notDiscovered: ReadonlySet<string> | null;

  constructor(schema: DataSchema) {
    this.#timeColumn = schema.timestampSpec.column;
    this.#timestamp = createTimestampParser(schema.timestampSpec);
    this.#transformer = new Transformer(schema);
    this.#dimensions = schema.dimensions.map((spec) => ({
      name: spec.name,
      type: spec.type,
      convert: dimensionConversion(spec),
    }));
    this.#metrics = schema.metrics.map((spec) => ({
      field: spec.fieldName ?? spec.name,
      kind: spec.type,
      read: metricInput(spec),
    }));
    this.#notDiscovered = schema.discoverDimensions ? notDiscovered(schema) : null;
  }

  /** Null: the filter drops it. Throws `Unparseable`. */
  make(fields: JsonObject): ParsedRow | null {
    const time = fields.get(this.#timeColumn);
    const timeMs = this.#timestamp(time);
    if (timeMs === null) throw new Unparseable(`timestamp [${excerpt(time ?? null)}] is unparseable`);
    const row = this.#transformed(fields, timeMs);
    return row === null ? null : this.#columns(fields, row);
  }

  #transformed(fields: JsonObject, timeMs: number): RowView | null {
    try {
      return this.#transformer.apply(fields, timeMs);
    } catch (error) {
      if (error instanceof ExpressionFailure) throw new Unparseable(error.message);
      throw error;
    }
  }

  #columns(fields: JsonObject, row: RowView): ParsedRow {
    const problems: string[] = [];
    return {
      timestampMs: row.timeMs,
      dimensions: this.#dimensions.map(({ name, type, convert }) =>
        converted(convert, row.get(name), problems, type, name),
      ),
      discovered: this.#notDiscovered === null ? null : discover(fields, this.#notDiscovered, problems),
      metrics: this.#metrics.map(({ field, kind, read }) => {
        const input = read(row);
        if (input !== refused) return input;
        problems.push(couldNot(row.get(field) ?? null, kind, field));
        return null;
      }),
      problems,
    };
  }
}

function notDiscovered(schema: DataSchema): ReadonlySet<string> {
  return new Set([
    '',
    '__time',
    ...schema.dimensionExclusions,
    schema.timestampSpec.column,
    ...schema.dimensions.map(({ name }) => name),
    ...schema.metrics.flatMap(({ name, fieldName }) => [name, fieldName ?? name]),
  ]);
}

function converted(
  convert: (value: JsonValue) => DimensionValue | Refused,
  value: JsonValue | undefined,
  problems: string[],
  type: string,
  name: string,
): DimensionValue {
  if (value === undefined || value === null) return null;
  const result = convert(value);
  if (result !== refused) return result;
  problems.push(couldNot(value, type, name));
  return null;
}

function couldNot(value: JsonValue, type: string, name: string): string {
  return `could not convert value [${excerpt(value)}] to ${type} for column [${name}]`;
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
