/** Filters that look into texts: like, regex, search. User patterns run in linear time. */
import { compileJavaPattern } from '../java-pattern.ts';
import { likePattern } from '../expression/like-pattern.ts';
import { readExtraction, withExtraction } from './extraction.ts';
import type { FilterReader } from './filter-reader.ts';
import { matchColumn, textTest, type Matcher } from './match.ts';

type TextMatcher = (text: string) => boolean;

/** Null never has a pattern, and never has it not. */
function matchTexts(reader: FilterReader, matches: TextMatcher): Matcher {
  const column = reader.text('dimension', 'the name of a field');
  const test = textTest((value) => (value === null ? null : matches(value)));
  return matchColumn(column, withExtraction(readExtraction(reader), test));
}

export function like(reader: FilterReader): Matcher {
  reader.allow('dimension', 'pattern', 'escape', 'extractionFn', 'filterTuning');
  const pattern = reader.text('pattern', 'a pattern of LIKE');
  const escape = reader.optionalText('escape', 'one character');
  if (escape !== null && escape.length !== 1) throw reader.problem('escape', 'one character');
  return matchTexts(reader, likePattern(withoutLastEscape(pattern, escape), escape));
}

/** An escape character with nothing behind it stands for nothing. */
function withoutLastEscape(pattern: string, escape: string | null): string {
  if (escape === null) return pattern;
  let length = 0;
  while (length < pattern.length && pattern.charAt(pattern.length - 1 - length) === escape) length += 1;
  return length % 2 === 1 ? pattern.slice(0, -1) : pattern;
}

export function regex(reader: FilterReader): Matcher {
  reader.allow('dimension', 'pattern', 'extractionFn', 'filterTuning');
  return matchTexts(reader, regexMatcher(reader, 'pattern'));
}

function regexMatcher(reader: FilterReader, name: string): TextMatcher {
  const source = reader.text(name, 'a regular expression');
  const pattern = compileJavaPattern(source, { at: reader.place(name) });
  return (text) => pattern.find(text) !== null;
}

export function search(reader: FilterReader): Matcher {
  reader.allow('dimension', 'query', 'extractionFn', 'filterTuning');
  return matchTexts(reader, searchQuery(reader));
}

/** The `query` of a filter or an extraction function. */
export function searchQuery(reader: FilterReader): TextMatcher {
  const query = reader.inner(reader.get('query'), 'query', 'an object with a type');
  const type = query.text('type', 'contains, insensitive_contains, fragment, regex or all');
  switch (type) {
    case 'contains':
      query.allow('value', 'caseSensitive');
      return contains([query.optionalText('value', 'a text')], query.flag('caseSensitive'));
    case 'insensitive_contains':
      query.allow('value');
      return contains([query.optionalText('value', 'a text')], false);
    case 'fragment': {
      query.allow('values', 'caseSensitive');
      const values = query.list('values', 'a list of texts').map(String);
      return contains(values, query.flag('caseSensitive'));
    }
    case 'regex':
      query.allow('pattern');
      return regexMatcher(query, 'pattern');
    case 'all':
      query.allow();
      return () => true;
    default:
      throw query.problem('type', 'contains, insensitive_contains, fragment, regex or all');
  }
}

/** All of the parts are in the text. A part that is null is in no text. */
function contains(parts: readonly (string | null)[], caseSensitive: boolean): TextMatcher {
  const fold = (text: string): string => (caseSensitive ? text : text.toUpperCase().toLowerCase());
  const folded = parts.map((part) => (part === null ? null : fold(part)));
  return (text) => {
    const whole = fold(text);
    return folded.every((part) => part !== null && whole.includes(part));
  };
}
