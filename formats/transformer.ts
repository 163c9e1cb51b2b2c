/**
 * `transformSpec`: fields made by expressions over the fields as read, then the filter over both.
 *
 * A transform hides an input field of its name and is not seen by other transforms (druid.md 1.2). One named `__time` makes
 * the row's time; where it gives none, or one that cannot be stored, the record is unparseable.
 */
import { maxInstantMs, minInstantMs } from '../domain/granularity.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { longOf, refused } from './conversions.ts';
import { compileExpression, ExpressionFailure, type Expression } from './expression/expression.ts';
import { compileFilter, type RowFilter } from './filter/filter.ts';
import { javaText } from './java-text.ts';
import type { JsonObject, JsonValue } from './json-text.ts';
import { metricNumber } from './metric-inputs.ts';
import type { RowView } from './row-view.ts';

export class InputView implements RowView {
  readonly timeMs: number;
  readonly #fields: JsonObject;

  constructor(fields: JsonObject, timeMs: number) {
    this.#fields = fields;
    this.timeMs = timeMs;
  }

  get(name: string): JsonValue | undefined {
    return name === '__time' ? this.timeMs : this.#fields.get(name);
  }
}

export class TransformedView implements RowView {
  readonly timeMs: number;
  readonly #input: RowView;
  readonly #made: ReadonlyMap<string, JsonValue>;

  constructor(input: RowView, made: ReadonlyMap<string, JsonValue>, timeMs: number) {
    this.#input = input;
    this.#made = made;
    this.timeMs = timeMs;
  }

  get(name: string): JsonValue | undefined {
    if (name === '__time') return this.timeMs;
    return this.#made.has(name) ? this.#made.get(name) : this.#input.get(name);
  }
}

export class Transformer {
  readonly #transforms: readonly { readonly name: string; readonly expression: Expression }[];
  readonly #filter: RowFilter | null;

  /** `presentYear`: years of two digits are near it. */
  constructor({ transforms, filter }: Pick<DataSchema, 'transforms' | 'filter'>, presentYear: number) {
    this.#transforms = transforms.map(({ name, expression }) => ({
      name,
      expression: compileExpression(expression, { presentYear }),
    }));
    this.#filter = filter === null ? null : compileFilter(filter, { presentYear });
  }

  /** Null: the filter drops the row. Throws `ExpressionFailure`. */
  apply(fields: JsonObject, timeMs: number): RowView | null {
    const input = new InputView(fields, timeMs);
    const row = this.#transforms.length === 0 ? input : this.#transformed(input);
    return this.#filter === null || this.#filter(row) ? row : null;
  }

  #transformed(input: RowView): RowView {
    const made = new Map<string, JsonValue>();
    for (const { name, expression } of this.#transforms) made.set(name, evaluated(name, expression, input));
    const time = made.get('__time');
    return new TransformedView(input, made, time === undefined ? input.timeMs : timeOf(time));
  }
}

function evaluated(name: string, expression: Expression, input: RowView): JsonValue {
  try {
    return expression.evaluate(input);
  } catch (error) {
    if (!(error instanceof ExpressionFailure)) throw error;
    throw new ExpressionFailure(`could not transform value for ${name}: ${error.message}`);
  }
}

/** Numbers and texts of numbers, as a metric reads them; fractions are cut. */
function timeOf(value: JsonValue): number {
  const number = metricNumber(value);
  if (number === null) throw new ExpressionFailure('could not transform value for __time: it is null');
  const ms = number === refused ? NaN : Number(longOf(number));
  if (!(ms >= minInstantMs && ms < maxInstantMs))
    throw new ExpressionFailure(
      `could not transform value for __time: found ${javaText(value).slice(0, 64)}, expected milliseconds since 1970`,
    );
  return ms;
}
