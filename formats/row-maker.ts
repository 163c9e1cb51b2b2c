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
import { couldNot, excerpt } from './could-not.ts';
import { asFound, dimensionConversion, type DimensionConversion } from './dimension-values.ts';
import { discoveryOf } from './flatten/flattener.ts';
import { javaText, wellFormed } from './java-text.ts';
import type { JsonObject, JsonValue } from './json-text.ts';
import { metricFields, metricInput, type MetricReader } from './metric-inputs.ts';
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
  readonly #metrics: readonly MetricReader[];
  readonly #hasLateProblems: boolean;
  readonly #discovery: Discovery | null;

  constructor(schema: DataSchema, presentYear: number) {
    this.#timeColumn = schema.timestampSpec.column;
    this.#timestamp = createTimestampParser(schema.timestampSpec, presentYear);
    this.#transformer = new Transformer(schema, presentYear);
    this.#dimensions = schema.dimensions.map((spec) => ({
      name: spec.name,
      type: spec.type,
      convert: dimensionConversion(spec),
    }));
    this.#metrics = schema.metrics.map((spec) => metricInput(spec, { presentYear }));
    this.#hasLateProblems = schema.metrics.some(({ type }) => /(First|Last|Any)$/.test(type));
    this.#discovery = schema.discoverDimensions ? discoveryIn(schema) : null;
  }

  /** Null: the filter drops it. Throws `Unparseable`. */
  make(fields: JsonObject): ParsedRow | null {
    const time = fields.get(this.#timeColumn);
    const timeMs = this.#timestamp(time);
    if (timeMs === null) throw new Unparseable(`timestamp [${excerpt(time ?? null)}] is unparseable`);
    try {
      const row = this.#transformer.apply(fields, timeMs);
      return row === null ? null : this.#columns(fields, row);
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
      metrics: this.#metrics.map((read) => read(row, problems)),
      problems,
    };
    if (problems.length === 0 && !this.#hasLateProblems) return columns;
    return { ...columns, input: () => inputText(fields) };
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

function discoveryIn(schema: DataSchema): Discovery {
  const excluded = new Set([
    '',
    '__time',
    ...schema.dimensionExclusions,
    schema.timestampSpec.column,
    ...schema.dimensions.map(({ name }) => name),
    ...schema.metrics.flatMap((spec) => [spec.name, ...metricFields(spec)]),
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

const asString = dimensionConversion({ name: '', type: 'string', multiValueHandling: 'sorted_array' });

/**
 * Fields of the record that are not excluded, with the value a transform of that name made; what a transform made under a new
 * name is not discovered. As strings only plain values and lists of them are, as in Druid, and what a flattenSpec names. A null is a column in
 * which there may be nothing else.
 */
function discover(
  fields: JsonObject,
  row: RowView,
  { excluded, isTyped }: Discovery,
  problems: string[],
): ReadonlyMap<string, DimensionValue> {
  const { named, others, nulls } = discoveryOf(fields);
  const found = new Map<string, DimensionValue>();
  for (const [name, read] of fields) {
    if (excluded.has(name)) continue;
    const isRead = others && (read === null ? nulls : isTyped || isPlain(read));
    if (!isRead && !named.has(name)) continue;
    const value = row.get(name) ?? null;
    const stored = isTyped ? asFound(value) : converted(asString, value, problems, 'string', name);
    if (stored === null && read !== null) continue;
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
