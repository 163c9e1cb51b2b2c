/** Reads `dimensionsSpec`: names or typed objects, in sort order, each column once. */
import { foundTypes, type FoundType } from '../value-kinds.ts';
import { nearest } from './field-names.ts';
import { columnComplaint } from './names.ts';
import type { SectionReader } from './parse-reader.ts';
import { flag, intMax, wholeNumber, word } from './parse-values.ts';
import { render } from './problem.ts';
import { isPlainObject } from './raw.ts';
import type { DimensionSpec, DimensionType } from './spec.ts';

export type ParsedDimensions = {
  readonly dimensions: readonly DimensionSpec[];
  /** Fields that are not listed become dimensions too. */
  readonly discover: boolean;
  /** With types of their own. */
  readonly discoverTypes: boolean;
  readonly exclusions: readonly string[];
  /** As in `DataSchema`. */
  readonly timeSortPosition: number;
};

const types = [
  'string',
  'long',
  'float',
  'double',
  'json',
  'auto',
] as const satisfies readonly DimensionType[];
const handlings = word(['sorted_array', 'sorted_set', 'array']);

export function readDimensions(section: SectionReader): ParsedDimensions {
  const items = section.items('dimensions');
  const timeFirst = section.read('forceSegmentSortByTime', flag, true);
  const seen = new Set<string>();
  const dimensions: DimensionSpec[] = [];
  let timePosition: number | null = null;
  items.forEach(({ value, path }, index) => {
    const dimension = readDimension(section, value, path);
    if (dimension === null) return;
    if (seen.has(dimension.name))
      section.problemAt(path, `${render(dimension.name)} a second time`, 'each dimension once');
    seen.add(dimension.name);
    if (dimension.name !== '__time') dimensions.push(dimension);
    else if (isTimeAllowed(section, { dimension, path, index, timeFirst })) timePosition = dimensions.length;
  });
  const discoverTypes = section.read('useSchemaDiscovery', flag, false);
  const includeAll = section.read('includeAllDimensions', flag, false);
  return {
    dimensions,
    discover: items.length === 0 || includeAll || discoverTypes,
    discoverTypes,
    exclusions: readExclusions(section, seen),
    // Not placed, time comes last of what is listed.
    timeSortPosition: timeFirst ? 0 : (timePosition ?? dimensions.length),
  };
}

function readDimension(section: SectionReader, value: unknown, path: string): DimensionSpec | null {
  if (typeof value === 'string') return isColumn(section, value, path) ? stringDimension(value) : null;
  if (!isPlainObject(value)) {
    section.problemAt(path, render(value), 'the name of a dimension, or an object with type and name');
    return null;
  }
  const reader = section.at(value, path);
  const name = reader.get('name');
  const type = readType(reader);
  const multiValueHandling = reader.read('multiValueHandling', handlings, 'sorted_array' as const);
  const maxStringLength = reader.read('maxStringLength', wholeNumber(0, intMax), null);
  const castToType = readCast(reader);
  if (!isColumn(section, name, reader.pathOf('name')) || type === null) return null;
  return {
    name,
    type,
    multiValueHandling,
    ...(castToType === null || type !== 'auto' ? {} : { castToType }),
    ...(maxStringLength === null || type !== 'string' ? {} : { maxStringLength }),
  };
}

/** Found columns have no float, in Druid either. It ignores a type it does not know: the column would silently be another one. */
function readCast(reader: SectionReader): FoundType | null {
  const value = reader.get('castToType');
  if (value === undefined) return null;
  const name = typeof value === 'string' ? value.toUpperCase().replace('FLOAT', 'DOUBLE') : null;
  const known = foundTypes.find((type) => type.toUpperCase() === name);
  if (known === undefined) reader.problem('castToType', `one of ${foundTypes.join(', ')}`);
  return known ?? null;
}

function stringDimension(name: string): DimensionSpec {
  return { name, type: 'string', multiValueHandling: 'sorted_array' };
}

/** Druid takes an unknown type, `LONG` too, for string: the column would silently be another one. */
function readType(reader: SectionReader): DimensionType | null {
  const value = reader.get('type') ?? 'string';
  const known = types.find((type) => type === value);
  if (known !== undefined) return known;
  if (value === 'spatial')
    reader.problem(
      'type',
      `one of ${types.join(', ')}`,
      'spatial dimensions are refused; list the coordinates as double',
    );
  else {
    const near = typeof value === 'string' && value.length < 60 ? nearest(value, types) : null;
    reader.problem('type', `one of ${types.join(', ')}`, near === null ? undefined : `did you mean ${near}?`);
  }
  return null;
}

function isColumn(section: SectionReader, name: unknown, path: string): name is string {
  const complaint = typeof name === 'string' ? columnComplaint(name) : 'the name of a column';
  if (complaint !== null) section.problemAt(path, render(name), complaint);
  return complaint === null;
}

/** Sorted by time first, naming it first says nothing new; anywhere else it would be another order. */
function isTimeAllowed(
  section: SectionReader,
  placed: {
    readonly dimension: DimensionSpec;
    readonly path: string;
    readonly index: number;
    readonly timeFirst: boolean;
  },
): boolean {
  const { dimension, path, index, timeFirst } = placed;
  if (dimension.type === 'long' && (index === 0 || !timeFirst)) return true;
  section.problemAt(
    path,
    `__time at position ${index} with type ${dimension.type}`,
    timeFirst ? 'no __time here, or first and of type long' : '__time of type long',
    timeFirst
      ? 'leave it out: rows are sorted by time first unless forceSegmentSortByTime is false'
      : 'write {"type": "long", "name": "__time"}',
  );
  return false;
}

function readExclusions(section: SectionReader, dimensions: ReadonlySet<string>): readonly string[] {
  const exclusions: string[] = [];
  for (const { value, path } of section.items('dimensionExclusions')) {
    if (typeof value !== 'string') section.problemAt(path, render(value), 'the name of a field');
    else if (dimensions.has(value))
      section.problemAt(
        path,
        render(value),
        'a field that is not listed in dimensions',
        'take it out of one of the two',
      );
    else exclusions.push(value);
  }
  return exclusions;
}
