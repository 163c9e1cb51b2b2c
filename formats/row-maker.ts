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
import { asFound, dimensionConversion, type DimensionConversion } from './dimension-values.ts';
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
/** Characters of a row or record that a report of it shows. */
const maxInputLength = 2_000;

export class RowMaker {
  readonly #timeColumn: string;
  readonly #timestamp: TimestampParser;
  readonly #transformer: Transformer;
  readonly #dimensions: readonly { name: string; type: string; convert: DimensionConversion }[];
  readonly #metrics: readonly { field: string; kind: string; read: MetricReader }[];
  readonly #discovery: Discovery | null;

  constructor(schema: DataSchema) {
    this.#timeColumn = schema.timestampSpec.column;
    this.#timestamp = createTimestampParser(schema.timestampSpec);
    this.#transformer = new Transformer(schema, presentYear);
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
    this.#discovery = schema.discoverDimensions ? discoveryOf(schema) : null;
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
    const columns = {
      timestampMs: row.timeMs,
      dimensions: this.#dimensions.map(({ name, type, convert }) =>
        converted(convert, row.get(name), problems, type, name),
      ),
      discovered: this.#discovery === null ? null : discover(fields, row, this.#discovery, problems),
      metrics: this.#metrics.map(({ field, kind, read }) => {
        const input = read(row);
        if (input !== refused) return input;
        problems.push(couldNot(row.get(field) ?? null, kind, field));
        return null;
      }),
      problems,
    };
    return problems.length === 0 ? columns : { ...columns, input: () => inputText(fields) };
  }
}

/** A row as people are shown it: as Java prints a map, of bounded length. */
export function inputText(fields: JsonObject): string {
  return cutText(javaText(fields));
}

export function cutText(text: string): string {
  return text.length <= maxInputLength ? text : `${text.slice(0, maxInputLength)}...`;
}

type Discovery = {
  readonly excluded: ReadonlySet<string>;
  /** Lists and objects too, and values stay as they are. */
  readonly isTyped: boolean;
};

function discoveryOf(schema: DataSchema): Discovery {
  const excluded = new Set([
    '',
    '__time',
    ...schema.dimensionExclusions,
    schema.timestampSpec.column,
    ...schema.dimensions.map(({ name }) => name),
    ...schema.metrics.flatMap(({ name, fieldName }) => [name, fieldName ?? name]),
  ]);
  return { excluded, isTyped: schema.discoverTypes };
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

/**
 * Fields of the record that are not excluded, with the value a transform of that name made; what a transform made under a new
 * name is not discovered. As strings only plain values and lists of them are, as in Druid.
 */
function discover(
  fields: JsonObject,
  row: RowView,
  { excluded, isTyped }: Discovery,
  problems: string[],
): ReadonlyMap<string, DimensionValue> {
  const found = new Map<string, DimensionValue>();
  for (const [name, read] of fields) {
    if (excluded.has(name) || (!isTyped && !isPlain(read))) continue;
    const value = row.get(name) ?? null;
    const stored = isTyped ? asFound(value) : converted(asString, value, problems, 'string', name);
    if (stored === null) continue;
    if (name.length <= maxNameLength && !controlCharacter.test(name)) found.set(wellFormed(name), stored);
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
