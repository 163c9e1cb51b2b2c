/** Reads an `inputFormat` of type json (druid.md 1.3). */
import { nearest } from './field-names.ts';
import type { JsonFormat } from './input-format.ts';
import { readFlattenSpec } from './parse-flatten-spec.ts';
import type { SectionReader } from './parse-reader.ts';
import { flag } from './parse-values.ts';

/** Switches of Jackson's JSON parser that change what is read. */
const readingFeatures = [
  'ALLOW_COMMENTS',
  'ALLOW_YAML_COMMENTS',
  'ALLOW_UNQUOTED_FIELD_NAMES',
  'ALLOW_SINGLE_QUOTES',
  'ALLOW_UNQUOTED_CONTROL_CHARS',
  'ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER',
  'ALLOW_NUMERIC_LEADING_ZEROS',
  'ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS',
  'ALLOW_LEADING_DECIMAL_POINT_FOR_NUMBERS',
  'ALLOW_TRAILING_DECIMAL_POINT_FOR_NUMBERS',
  'ALLOW_NON_NUMERIC_NUMBERS',
  'ALLOW_MISSING_VALUES',
  'ALLOW_TRAILING_COMMA',
  'STRICT_DUPLICATE_DETECTION',
];

/** Switches about how Jackson works; the rows are the same. */
const otherFeatures = [
  'AUTO_CLOSE_SOURCE',
  'IGNORE_UNDEFINED',
  'INCLUDE_SOURCE_IN_LOCATION',
  'USE_FAST_DOUBLE_PARSER',
  'USE_FAST_BIG_NUMBER_PARSER',
];

const knownFeatures = [...readingFeatures, ...otherFeatures];

export function readJsonFormat(format: SectionReader): JsonFormat {
  const assumeNewlineDelimited = format.read('assumeNewlineDelimited', flag, false);
  const useJsonNodeReader = format.read('useJsonNodeReader', flag, false);
  if (assumeNewlineDelimited && useJsonNodeReader)
    format.problem('useJsonNodeReader', 'false, for assumeNewlineDelimited is true', 'keep one of the two');
  return {
    type: 'json',
    flatten: readFlattenSpec(format),
    features: readFeatures(format, assumeNewlineDelimited ? 'lines' : 'objects'),
    assumeNewlineDelimited,
    useJsonNodeReader,
    keepNullColumns: format.read('keepNullColumns', flag, false),
  };
}

function readFeatures(format: SectionReader, reader: 'lines' | 'objects'): JsonFormat['features'] {
  const section = format.section('featureSpec', 'optional', 'an object of feature names and true or false');
  const features: Record<string, boolean> = {};
  for (const name of Object.keys(section.raw)) {
    if (!knownFeatures.includes(name)) {
      const near = nearest(name, knownFeatures);
      section.problem(
        name,
        "nothing; it is no switch of Jackson's JSON parser",
        near === null ? 'the page docs/input-formats.md lists them' : `did you mean ${near}?`,
      );
      continue;
    }
    const isOn = section.read(name, flag, null);
    if (isOn === null) continue;
    features[name] = isOn;
    if (isOn && reader === 'objects' && readingFeatures.includes(name))
      section.warning(
        name,
        'nothing; it has no effect without assumeNewlineDelimited, as in Druid',
        'write one object per line and set assumeNewlineDelimited, or leave it out',
      );
  }
  return features;
}
