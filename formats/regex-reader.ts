/**
 * `regex` records: each line must match as a whole; the groups are the columns. A line that does not match is unparseable by
 * itself. Matching takes time linear in the line, whatever the pattern (java-pattern.ts).
 */
import type { RegexFormat } from '../domain/spec/input-format.ts';
import { unreadable, type ReadRecord, type ValueReader } from './input-reader.ts';
import { compileJavaPattern, type JavaPattern } from './java-pattern.ts';
import type { JsonObject } from './json-text.ts';
import { linesOf } from './text-lines.ts';
import { defaultColumn, rowOf, textValue, type TextValue } from './text-values.ts';

/** Lines times groups: groups may be empty, so that the record's size does not bound them. */
const maxValues = 2_000_000;

type Regex = {
  readonly pattern: JavaPattern;
  readonly names: readonly string[];
  readonly value: TextValue;
};

/** Throws `CompileProblem`. */
export function createRegexReader(format: RegexFormat): ValueReader {
  const pattern = compileJavaPattern(format.pattern, { at: 'pattern' });
  const names = format.columns ?? Array.from({ length: pattern.groupCount }, (_, at) => defaultColumn(at));
  const value = textValue({ listDelimiter: format.listDelimiter, tryParseNumbers: false });
  return { read: (bytes) => read({ pattern, names, value }, bytes), rowsStandAlone: true, prepare: null };
}

function read({ pattern, names, value }: Regex, bytes: Uint8Array): ReadRecord {
  const found = linesOf(bytes);
  if ('problem' in found) return unreadable(found.problem);
  if (found.lines.length * pattern.groupCount > maxValues)
    return unreadable(`record has ${found.lines.length} lines; at most ${maxValues} values are read of one`);
  const rows: JsonObject[] = [];
  const problems: string[] = [];
  for (const line of found.lines) {
    const groups = pattern.matchWhole(line);
    if (groups === null) problems.push(`line [${shortened(line)}] does not match the pattern`);
    else rows.push(rowOf(names, groups, value));
  }
  return { rows, problems };
}

function shortened(line: string): string {
  return line.length <= 64 ? line : `${line.slice(0, 64)}...`;
}
