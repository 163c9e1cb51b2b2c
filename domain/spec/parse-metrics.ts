/** Reads `metricsSpec`: aggregators with a column of their own. */
import { nearest } from './field-names.ts';
import { columnComplaint } from './names.ts';
import type { SectionReader } from './parse-reader.ts';
import { text } from './parse-values.ts';
import { render } from './problem.ts';
import { isPlainObject } from './raw.ts';
import type { MetricSpec, MetricType } from './spec.ts';

const metricTypes = [
  'count',
  'longSum',
  'longMin',
  'longMax',
  'floatSum',
  'floatMin',
  'floatMax',
  'doubleSum',
  'doubleMin',
  'doubleMax',
] as const satisfies readonly MetricType[];

/** Of Druid and its usual extensions. */
const laterPattern =
  /^((string|long|float|double)(First|Last|Any)(Fold)?|filtered|expression|cardinality|hyperUnique|(theta|quantilesDoubles|arrayOfDoubles|tDigest|Kll(Doubles|Floats)|moment)Sketch(Merge|Build)?|HLLSketch(Merge|Build)|(approx|fixedBuckets)Histogram(Fold)?|variance(Fold)?|bloom|ddSketch|spectatorHistogram\w*)$/;

export function readMetrics(section: SectionReader, dimensions: ReadonlySet<string>): readonly MetricSpec[] {
  const seen = new Set<string>();
  const metrics: MetricSpec[] = [];
  for (const { value, path } of section.items('metricsSpec')) {
    if (!isPlainObject(value)) {
      section.problemAt(path, render(value), 'an aggregator: an object with type and name');
      continue;
    }
    const metric = readMetric(section.at(value, path));
    if (metric === null) continue;
    const namePath = section.at(value, path).pathOf('name');
    const found = render(metric.name);
    if (metric.name === '__time')
      section.problemAt(namePath, found, 'another name; __time is the time of a row');
    else if (dimensions.has(metric.name))
      section.problemAt(
        namePath,
        `${found}, which is a dimension too`,
        'each column once',
        'give the metric another name',
      );
    else if (seen.has(metric.name))
      section.problemAt(
        namePath,
        `${found} a second time`,
        'each column once',
        'give the metric another name',
      );
    seen.add(metric.name);
    metrics.push(metric);
  }
  return metrics;
}

function readMetric(reader: SectionReader): MetricSpec | null {
  const type = readType(reader);
  const name = reader.require('name', text('the name of the column'), null);
  const complaint = name === null ? null : columnComplaint(name);
  if (complaint !== null) reader.problem('name', complaint);
  if (type === null || name === null || complaint !== null) return null;
  if (type === 'count') {
    if (reader.has('fieldName'))
      reader.warning('fieldName', 'nothing; count counts rows and has no input field');
    return { type, name, fieldName: null };
  }
  // An expression in its place has its own message: it is not supported yet.
  if (reader.has('expression') && !reader.has('fieldName')) return null;
  const fieldName = reader.require('fieldName', text('the name of the input field'), null);
  return fieldName === null ? null : { type, name, fieldName };
}

function readType(reader: SectionReader): MetricType | null {
  const value = reader.get('type');
  const known = metricTypes.find((type) => type === value);
  if (known !== undefined) return known;
  const expected = `one of ${metricTypes.join(', ')}`;
  if (typeof value !== 'string' || value.length > 60) reader.problem('type', expected);
  else if (laterPattern.test(value)) reader.problem('type', `${expected}; ${value} is not supported yet`);
  else {
    const near = nearest(value, metricTypes);
    reader.problem('type', expected, near === null ? undefined : `did you mean ${near}?`);
  }
  return null;
}
