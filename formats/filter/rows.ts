/** Filters that look at several fields of a row: columnComparison and expression. */
import { CompileProblem } from '../compile-problem.ts';
import { compileExpression } from '../expression/expression.ts';
import { JavaDouble, type JsonValue } from '../json-text.ts';
import { readExtraction, type Extraction } from './extraction.ts';
import type { FilterReader } from './filter-reader.ts';
import { textsOf, type Match, type Matcher } from './match.ts';
import { overMultiValues } from './multi-values.ts';

/** Whether two columns share a value; two without any do. */
export function columnComparison(reader: FilterReader): Matcher {
  reader.allow('dimensions');
  const dimensions = reader.list('dimensions', 'two dimensions');
  if (dimensions.length !== 2) throw reader.problem('dimensions', 'two dimensions');
  const [first, second] = dimensions.map((_, index) => readDimension(reader, index));
  return (row) => {
    const ones = valuesOf(row.get(first?.column ?? '') ?? null, first?.extraction ?? null);
    const others = valuesOf(row.get(second?.column ?? '') ?? null, second?.extraction ?? null);
    return ones.some((one) => others.includes(one));
  };
}

type Dimension = { readonly column: string; readonly extraction: Extraction | null };

/** A name, or an object of type default or extraction. */
function readDimension(reader: FilterReader, index: number): Dimension {
  const value = reader.list('dimensions', 'two dimensions')[index];
  const expected = 'the name of a field, or an object of type default or extraction';
  if (typeof value === 'string') return { column: value, extraction: null };
  const dimension = reader.inner(value, `dimensions[${index}]`, expected);
  const type = dimension.optionalText('type', expected) ?? 'default';
  if (type !== 'default' && type !== 'extraction') throw dimension.problem('type', 'default or extraction');
  dimension.allow(
    'dimension',
    'outputName',
    'outputType',
    ...(type === 'extraction' ? ['extractionFn'] : []),
  );
  return {
    column: dimension.text('dimension', 'the name of a field'),
    extraction: readExtraction(dimension),
  };
}

function valuesOf(value: JsonValue, extraction: Extraction | null): readonly (string | null)[] {
  const texts = Array.isArray(value)
    ? (value as readonly JsonValue[]).map((item) => (item === null ? null : (textsOf(item)[0] ?? null)))
    : textsOf(value);
  const values = texts.length === 0 ? [null] : texts;
  return extraction === null ? values : values.map((text) => extraction(text));
}

export function expression(reader: FilterReader): Matcher {
  reader.allow('expression', 'filterTuning');
  const text = reader.text('expression', 'an expression');
  const values = overMultiValues(text, compiled(text, reader));
  return (row, unknown) => values(row).some((value) => truth(value) ?? unknown);
}

/** The problems of an expression are at its place. */
function compiled(text: string, { presentYear, at }: FilterReader): ReturnType<typeof compileExpression> {
  try {
    return compileExpression(text, { presentYear });
  } catch (error) {
    if (!(error instanceof CompileProblem)) throw error;
    const { expected, remedy } = error;
    throw new CompileProblem(expected, {
      at: `${at}.expression`,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}

/** Numbers above zero and the word `true` are true; of a list any of its items. */
function truth(value: JsonValue): Match {
  if (value === null) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  if (value instanceof JavaDouble) return value.value > 0;
  if (typeof value === 'number' || typeof value === 'bigint') return value > 0;
  return Array.isArray(value) && (value as readonly JsonValue[]).some((item) => truth(item) === true);
}
