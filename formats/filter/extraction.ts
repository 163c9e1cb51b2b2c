/**
 * Extraction functions: what a filter makes of a value before it looks at it. Texts in, texts out; null is no value.
 *
 * JavaScript and lookups are refused by name, and so is `time` with SimpleDateFormat's patterns.
 */
import { readGranularity } from '../../domain/spec/granularity-value.ts';
import { floor } from '../../domain/granularity.ts';
import { timeZone, utc } from '../../domain/time-zones.ts';
import { CompileProblem } from '../compile-problem.ts';
import { doubleOfText, javaTrim, refused } from '../conversions.ts';
import { ExpressionFailure } from '../expression/failure.ts';
import { timeFormatter } from '../expression/time-format.ts';
import { parseIsoTime } from '../iso-time.ts';
import { compileJavaPattern } from '../java-pattern.ts';
import { javaText } from '../java-text.ts';
import { JavaDouble } from '../json-text.ts';
import { compileTimePattern } from '../time-pattern/compile.ts';
import { longOfDigits } from './constants.ts';
import type { FilterReader } from './filter-reader.ts';
import type { ValueTest } from './match.ts';
import { searchQuery } from './patterns.ts';

/** May throw `ExpressionFailure`: the record is unparseable. */
export type Extraction = (value: string | null) => string | null;

/** Null: the filter has none. Throws `CompileProblem`. */
export function readExtraction(reader: FilterReader): Extraction | null {
  const value = reader.get('extractionFn');
  return value === undefined ? null : extractionOf(reader.inner(value, 'extractionFn', expected), 0);
}

/** The test of what the function makes of a value; numbers come to it as texts. */
export function withExtraction(extraction: Extraction | null, test: ValueTest): ValueTest {
  if (extraction === null) return test;
  const text = (value: string | null): ReturnType<ValueTest['text']> => test.text(extraction(value));
  return {
    text,
    long: (value) => text(String(value)),
    double: (value) => text(javaText(new JavaDouble(value))),
  };
}

const maxDepth = 20;
const noSuch: { readonly [type: string]: string } = {
  javascript: 'another function: JavaScript is not run',
  lookup: 'another function: there are no lookups',
  registeredLookup: 'another function: there are no lookups',
};

const expected = 'an extraction function: an object with a type';

function extractionOf(reader: FilterReader, depth: number): Extraction {
  const type = reader.text('type', 'the type of an extraction function');
  const why = Object.hasOwn(noSuch, type) ? noSuch[type] : undefined;
  if (why !== undefined) throw reader.problem('type', why);
  if (type === 'cascade') return cascade(reader, depth);
  const make = Object.hasOwn(functions, type) ? functions[type] : undefined;
  if (make === undefined)
    throw reader.problem('type', `one of ${[...Object.keys(functions), 'cascade'].join(', ')}`);
  return make(reader);
}

function cascade(reader: FilterReader, depth: number): Extraction {
  reader.allow('extractionFns');
  if (depth >= maxDepth) throw new CompileProblem(`at most ${maxDepth} levels`, { at: reader.at });
  const all = reader
    .list('extractionFns', 'a list of extraction functions')
    .map((inner, index) => extractionOf(reader.inner(inner, `extractionFns[${index}]`, expected), depth + 1));
  return (value) => all.reduce<string | null>((result, extraction) => extraction(result), value);
}

/** Of a value that is there; null stays null. */
function ofText(make: (text: string) => string | null): Extraction {
  return (value) => (value === null ? null : make(value));
}

const functions: { readonly [type: string]: (reader: FilterReader) => Extraction } = {
  identity: (reader) => {
    reader.allow();
    return (value) => value;
  },
  upper: (reader) => {
    reader.allow('locale');
    return ofText((text) => text.toUpperCase());
  },
  lower: (reader) => {
    reader.allow('locale');
    return ofText((text) => text.toLowerCase());
  },
  strlen: (reader) => {
    reader.allow();
    return ofText((text) => String(text.length));
  },
  substring: (reader) => {
    reader.allow('index', 'length');
    const index = reader.integer('index', 0, null);
    const length = reader.integer('length', 1, null);
    if (index === null) throw reader.problem('index', 'a whole number of at least 0');
    return ofText((text) => {
      if (index >= text.length) return null;
      return text.slice(index, length === null ? undefined : index + length);
    });
  },
  partial: (reader) => {
    reader.allow('expr');
    const pattern = compileJavaPattern(reader.text('expr', 'a regular expression'), {
      at: reader.place('expr'),
    });
    return ofText((text) => (pattern.find(text) === null ? null : text));
  },
  searchQuery: (reader) => {
    reader.allow('query');
    const matches = searchQuery(reader);
    return ofText((text) => (matches(text) ? text : null));
  },
  regex,
  stringFormat,
  bucket,
  timeFormat,
  time,
};

/** The group of a match; without a match the value itself, or what is to stand for it. */
function regex(reader: FilterReader): Extraction {
  reader.allow('expr', 'index', 'replaceMissingValue', 'replaceMissingValueWith');
  const pattern = compileJavaPattern(reader.text('expr', 'a regular expression'), {
    at: reader.place('expr'),
  });
  const index = reader.integer('index', 0, 1) ?? 1;
  if (index > pattern.groupCount) throw reader.problem('index', `a group from 0 to ${pattern.groupCount}`);
  const replaces = reader.flag('replaceMissingValue');
  const replacement = reader.optionalText('replaceMissingValueWith', 'a text');
  return (value) => {
    const found = value === null ? null : pattern.find(value);
    if (found !== null) return found[index] ?? (replaces ? replacement : null);
    return replaces ? replacement : value;
  };
}

/** `%s` is the value; `%%` is a percent sign. Other conversions of Java are refused. */
function stringFormat(reader: FilterReader): Extraction {
  reader.allow('format', 'nullHandling');
  const format = reader.text('format', 'a format with %s');
  if (/%(?!s|%|1\$s)/.test(format.replaceAll('%%', '')))
    throw reader.problem('format', 'a format of %s and %% only');
  const handling = (reader.optionalText('nullHandling', 'a word') ?? 'nullString').toLowerCase();
  if (!['nullstring', 'emptystring', 'returnnull'].includes(handling))
    throw reader.problem('nullHandling', 'nullString, emptyString or returnNull');
  return (value) => {
    if (value === null && handling === 'returnnull') return null;
    const text = value ?? (handling === 'nullstring' ? 'null' : '');
    return format.replace(/%%|%(?:1\$)?s/g, (part) => (part === '%%' ? '%' : text));
  };
}

function bucket(reader: FilterReader): Extraction {
  reader.allow('size', 'offset');
  const number = (name: string, fallback: number): number => {
    const text = reader.optionalText(name, 'a number');
    const found = text === null ? fallback : doubleOfText(text);
    if (found === refused || !Number.isFinite(found)) throw reader.problem(name, 'a number');
    return found;
  };
  const [size, offset] = [number('size', 1), number('offset', 0)];
  if (size === 0) throw reader.problem('size', 'a number other than 0');
  return ofText((text) => {
    const found = doubleOfText(javaTrim(text));
    if (found === refused) return null;
    const start = Math.floor((found - offset) / size) * size + offset;
    return start % 1 === 0 ? String(BigInt(start)) : javaText(new JavaDouble(start));
  });
}

/** An instant, in milliseconds or in ISO 8601, cut and printed. A value that is none spoils its record, as in Druid. */
function timeFormat(reader: FilterReader): Extraction {
  reader.allow('format', 'timeZone', 'locale', 'granularity', 'asMillis');
  const pattern = reader.optionalText('format', 'a pattern of Joda-Time');
  const zoneName = reader.optionalText('timeZone', 'a time zone') ?? 'UTC';
  const zone = timeZone(zoneName);
  if (zone === null)
    throw reader.problem('timeZone', 'an IANA name such as Europe/Berlin or an offset such as +05:45');
  const granularity = readGranularity(reader.get('granularity') ?? 'none');
  if (granularity.kind === 'wrong') throw reader.problem('granularity', granularity.expected);
  const asMillis = reader.flag('asMillis');
  const print = pattern === null && asMillis ? String : formatterAt(reader, pattern, zone);
  return ofText((text) => {
    const ms = longOfDigits(text) ?? parseIsoTime(text, 'strict');
    if (ms === null || Number.isNaN(Number(ms)))
      throw new ExpressionFailure(`timeFormat: found "${text.slice(0, 60)}", expected a time`);
    return print(floor(granularity.granularity, Number(ms)));
  });
}

function formatterAt(
  reader: FilterReader,
  pattern: string | null,
  zone: NonNullable<ReturnType<typeof timeZone>>,
): (ms: number) => string {
  return atPlace(reader.place('format'), () => timeFormatter(pattern, zone));
}

/** Reads a time by one pattern and prints it by another; what cannot be read stays as it is. */
function time(reader: FilterReader): Extraction {
  reader.allow('timeFormat', 'resultFormat', 'joda');
  const from = reader.text('timeFormat', 'a pattern');
  const to = reader.text('resultFormat', 'a pattern');
  if (!reader.flag('joda'))
    throw reader.problem(
      'joda',
      'true',
      "patterns of Java's SimpleDateFormat are not read, those of Joda-Time are",
    );
  const parse = atPlace(reader.place('timeFormat'), () => compileTimePattern(from, reader.presentYear));
  const print = atPlace(reader.place('resultFormat'), () => timeFormatter(to, utc));
  return ofText((text) => {
    const ms = parse(text);
    return ms === null ? text : print(ms);
  });
}

function atPlace<T>(at: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof CompileProblem)) throw error;
    const { expected, remedy } = error;
    throw new CompileProblem(expected, { at, ...(remedy === undefined ? {} : { remedy }) });
  }
}
