/** Reads the formats of text lines: csv, tsv, regex and lines (druid.md 1.3). */
import { z } from 'zod';
import type { DelimitedFormat, LinesFormat, RegexFormat } from './input-format.ts';
import type { SectionReader } from './parse-reader.ts';
import { flag, intMax, text, wholeNumber } from './parse-values.ts';

/** Control-A. */
const standardListDelimiter = '\u0001';
const maxColumns = 10_000;

const columnNames = z
  .array(z.string({ error: 'an array of names of columns, all of them texts' }), {
    error: 'an array of names of columns',
  })
  .max(maxColumns, { error: `at most ${maxColumns} columns` });

export function readDelimitedFormat(section: SectionReader, type: DelimitedFormat['type']): DelimitedFormat {
  const delimiter = type === 'csv' ? ',' : section.read('delimiter', text('a text that is not empty'), '\t');
  const columns = readColumns(section, delimiter);
  return {
    type,
    columns: columns === null || columns.length === 0 ? null : columns,
    findColumnsFromHeader: readFindColumns(section, columns),
    skipHeaderRows: Math.max(0, section.read('skipHeaderRows', wholeNumber(-intMax, intMax), 0)),
    listDelimiter: readListDelimiter(section, delimiter),
    delimiter,
    tryParseNumbers: section.read('tryParseNumbers', flag, false),
  };
}

/** A column without a name gets the name that Druid gives it. */
function readColumns(section: SectionReader, delimiter: string): readonly string[] | null {
  const columns = section.read('columns', columnNames, null);
  if (columns === null) return null;
  const names = columns.map((name, index) => (name === '' ? `column_${index + 1}` : name));
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    section.problemAt(
      section.pathOf('columns'),
      `the name ${JSON.stringify(twice)} twice`,
      'different names',
    );
  const wrong = names.find((name) => name.includes(delimiter));
  if (wrong !== undefined)
    section.problemAt(
      section.pathOf('columns'),
      `the name ${JSON.stringify(wrong)}`,
      `names without the delimiter ${JSON.stringify(delimiter)}`,
    );
  return names;
}

/** `hasHeaderRow` is its older name, and counts only where the columns are not listed, as in Druid. */
function readFindColumns(section: SectionReader, columns: readonly string[] | null): boolean {
  const find = section.read('findColumnsFromHeader', flag, null);
  const older = section.read('hasHeaderRow', flag, null);
  // Columns that are wrong have been spoken of already.
  if (columns === null ? section.has('columns') : columns.length > 0) return find ?? false;
  if (find !== null && older !== null)
    section.problem(
      'hasHeaderRow',
      'nothing, for findColumnsFromHeader is given',
      'keep findColumnsFromHeader',
    );
  else if (find !== true && older !== true)
    section.problem('columns', 'the names of the columns, or findColumnsFromHeader: true');
  return find ?? older ?? false;
}

function readListDelimiter(section: SectionReader, delimiter: string | null): string {
  const list = section.read('listDelimiter', text('a text that is not empty'), standardListDelimiter);
  if (list === delimiter)
    section.problem('listDelimiter', `another text than the delimiter ${JSON.stringify(delimiter)}`);
  return list;
}

export function readRegexFormat(section: SectionReader): RegexFormat {
  return {
    type: 'regex',
    pattern: section.require('pattern', z.string({ error: 'a regular expression' }), ''),
    columns: section.read('columns', columnNames, null),
    listDelimiter: readListDelimiter(section, null),
  };
}

export const linesFormat: LinesFormat = { type: 'lines' };
