/** Reads `metricsSpec`: aggregators with a column of their own. */
import type { Json } from '../json.ts';
import { nearest } from './field-names.ts';
import { defaultK, defaultLgK, defaultMaxStringBytes } from './metric-defaults.ts';
import { columnComplaint } from './names.ts';
import type { SectionReader } from './parse-reader.ts';
import { text, wholeNumber } from './parse-values.ts';
import { render } from './problem.ts';
import { isPlainObject } from './raw.ts';
import { refusalOf } from './refused-aggregators.ts';
import type { MetricSpec, MetricType } from './spec.ts';

export const metricTypes = [
  'count',
  'longSum',
  'longMin',
  'longMax',
  'longFirst',
  'longLast',
  'longAny',
  'floatSum',
  'floatMin',
  'floatMax',
  'floatFirst',
  'floatLast',
  'floatAny',
  'doubleSum',
  'doubleMin',
  'doubleMax',
  'doubleFirst',
  'doubleLast',
  'doubleAny',
  'stringFirst',
  'stringLast',
  'HLLSketchBuild',
  'quantilesDoublesSketch',
] as const satisfies readonly MetricType[];

/** Kept in memory for every group. */
const maxStringBytesMax = 1024 * 1024;
/** Filters within filters; more are a mistake. */
const filtersMax = 16;

export function readMetrics(section: SectionReader, dimensions: ReadonlySet<string>): readonly MetricSpec[] {
  const seen = new Set<string>();
  const metrics: MetricSpec[] = [];
  for (const { value, path } of section.items('metricsSpec')) {
    if (!isPlainObject(value)) {
      section.problemAt(path, render(value), 'an aggregator: an object with type and name');
      continue;
    }
    const reader = section.at(value, path);
    const metric = readMetric(reader);
    if (metric === null) continue;
    checkName(reader, metric.name, dimensions, seen);
    seen.add(metric.name);
    metrics.push(metric);
  }
  return metrics;
}

function checkName(
  reader: SectionReader,
  name: string,
  dimensions: ReadonlySet<string>,
  seen: ReadonlySet<string>,
): void {
  const path = reader.pathOf('name');
  const found = render(name);
  const remedy = 'give the metric another name';
  if (name === '__time') reader.problemAt(path, found, 'another name; __time is the time of a row');
  else if (dimensions.has(name))
    reader.problemAt(path, `${found}, which is a dimension too`, 'each column once', remedy);
  else if (seen.has(name)) reader.problemAt(path, `${found} a second time`, 'each column once', remedy);
}

/** A `filtered` aggregator is the one within it, with filters; its own name wins. */
function readMetric(outermost: SectionReader): MetricSpec | null {
  const filters: Json[] = [];
  let reader = outermost;
  let name = readName(reader);
  while (reader.get('type') === 'filtered') {
    const filter = readFilter(reader);
    if (filter === null || !isPlainObject(reader.get('aggregator'))) {
      if (filter !== null) reader.problem('aggregator', 'the aggregator that the filter is for: an object');
      return null;
    }
    filters.push(filter);
    if (filters.length > filtersMax) {
      reader.problem('aggregator', `at most ${filtersMax} filtered aggregators within each other`);
      return null;
    }
    reader = reader.section('aggregator', 'required');
    const inner = readName(reader);
    if (name === null || name === '') name = inner;
  }
  if (name === null || name === '') outermost.problem('name', 'the name of the column');
  const metric = readPlain(reader, name ?? '');
  if (metric === null || metric.name === '') return null;
  return filters.length === 0 ? metric : { ...metric, filters };
}

/** Null: not given, or a problem that is told; '' is not a name either. */
function readName(reader: SectionReader): string | null {
  const name = reader.get('name');
  if (name === undefined) return null;
  const complaint =
    typeof name === 'string' ? (name === '' ? null : columnComplaint(name)) : 'the name of the column';
  if (complaint === null) return String(name);
  reader.problem('name', complaint);
  return 'another';
}

function readFilter(reader: SectionReader): Json | null {
  const filter = reader.get('filter');
  if (isPlainObject(filter)) return filter as Json;
  reader.problem('filter', 'a filter: an object with a type');
  return null;
}

function readPlain(reader: SectionReader, name: string): MetricSpec | null {
  const type = readType(reader);
  if (type === null) return null;
  warnUnused(reader, type);
  if (type === 'count') {
    if (reader.has('fieldName'))
      reader.warning('fieldName', 'nothing; count counts rows and has no input field');
    return { type, name, fieldName: null };
  }
  const input = readInput(reader, type);
  return input === null ? null : { type, name, ...input, ...readOptions(reader, type) };
}

/** As Druid's: sums, minima and maxima take exactly one of the two. */
function readInput(
  reader: SectionReader,
  type: MetricType,
): Pick<MetricSpec, 'fieldName' | 'expression'> | null {
  if (!/(Sum|Min|Max)$/.test(type) || !reader.has('expression')) {
    const fieldName = reader.require('fieldName', text('the name of the input field'), null);
    return fieldName === null ? null : { fieldName };
  }
  const expression = reader.require('expression', text('an expression'), null);
  if (!reader.has('fieldName')) return expression === null ? null : { fieldName: null, expression };
  reader.problem('expression', 'fieldName or expression, not both', 'take one of them out');
  return null;
}

function readOptions(
  reader: SectionReader,
  type: MetricType,
): Omit<MetricSpec, 'type' | 'name' | 'fieldName'> {
  switch (type) {
    case 'HLLSketchBuild':
      return { lgK: reader.read('lgK', wholeNumber(4, 21), defaultLgK) };
    case 'quantilesDoublesSketch':
      return { k: readK(reader) };
    case 'stringFirst':
    case 'stringLast': {
      const bytes = wholeNumber(0, maxStringBytesMax);
      return {
        ...readTime(reader),
        maxStringBytes: reader.read('maxStringBytes', bytes, defaultMaxStringBytes),
      };
    }
    default:
      return isTimed(type) ? readTime(reader) : {};
  }
}

function readTime(reader: SectionReader): Pick<MetricSpec, 'timeColumn'> {
  const timeColumn = reader.read('timeColumn', text('the name of a field'), '__time');
  return timeColumn === '__time' ? {} : { timeColumn };
}

const kExpected = 'a power of two from 2 to 32768';

function readK(reader: SectionReader): number {
  const k = reader.read('k', wholeNumber(2, 32_768), defaultK);
  if (Number.isInteger(Math.log2(k))) return k;
  reader.problem('k', kExpected);
  return defaultK;
}

function isTimed(type: MetricType): boolean {
  return /(First|Last)$/.test(type);
}

/** Fields that other aggregators have. */
function warnUnused(reader: SectionReader, type: MetricType): void {
  const used: Readonly<Record<string, boolean>> = {
    timeColumn: isTimed(type),
    maxStringBytes: type === 'stringFirst' || type === 'stringLast',
    lgK: type === 'HLLSketchBuild',
    k: type === 'quantilesDoublesSketch',
    filter: false,
    aggregator: false,
    expression: /(Sum|Min|Max)$/.test(type),
  };
  for (const [field, isUsed] of Object.entries(used))
    if (!isUsed && reader.has(field))
      reader.warning(field, `nothing; ${type} has no ${field}`, 'leave it out, or see docs/aggregators.md');
}

function readType(reader: SectionReader): MetricType | null {
  const value = reader.get('type');
  const known = metricTypes.find((type) => type === value);
  if (known !== undefined) return known;
  const expected = `one of ${metricTypes.join(', ')}, filtered`;
  const refusal = typeof value === 'string' ? refusalOf(value) : null;
  if (typeof value !== 'string' || value.length > 60) reader.problem('type', expected);
  else if (refusal !== null) reader.problem('type', `another aggregator: ${refusal.why}`, refusal.remedy);
  else {
    const near = nearest(value, [...metricTypes, 'filtered']);
    reader.problem('type', expected, near === null ? undefined : `did you mean ${near}?`);
  }
  return null;
}
