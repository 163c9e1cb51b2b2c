/**
 * What DuckDB says, as a Headgate error a caller can act on: no file or folder names, none of the SQL we wrote for the engine,
 * no advice about settings that are locked anyway.
 */
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { limitExceeded } from './limits.ts';

type DuckdbError = { readonly type: string; readonly message: string };

/**
 * Names of tables, columns and functions are resolved before the engine sees a statement: when it complains about one, its
 * words are about our SQL, not about the caller's.
 */
const aboutOurSql: ReadonlySet<string> = new Set([
  'Binder',
  'Catalog',
  'Parser',
  'Syntax',
  'Expression',
  'Not implemented',
  'Planner',
  'Optimizer',
]);

export function explainDuckdbError(error: unknown): HeadgateError {
  const { type, message } = readDuckdbError(messageOf(error));
  if (/max expression depth/i.test(message)) return invalid(type, tooDeep);
  switch (type) {
    case 'Interrupt':
      return limitExceeded('time', 'the query was stopped');
    case 'Out of Memory':
      return limitExceeded(
        'memory',
        'the query needs more memory than a query may use; filter, or aggregate less',
      );
    case 'IO':
    case 'Permission':
    case 'Internal':
    case 'Fatal':
      return invalid(type, `the query failed in the SQL engine (${type} error)`);
    default:
      return invalid(type, aboutOurSql.has(type) ? cannotDo(type) : withoutPaths(message));
  }
}

const tooDeep =
  'the statement is nested too deeply for the SQL engine; nest less, or name parts of it in a WITH clause';

function cannotDo(type: string): string {
  return `the SQL engine cannot do what this statement asks for (${type} error); write it in simpler parts, for example with CAST or a WITH clause`;
}

function invalid(type: string, message: string): HeadgateError {
  return new HeadgateError('QUERY_INVALID', message, { details: { kind: type } });
}

function readDuckdbError(text: string): DuckdbError {
  const start = text.indexOf('{"exception_type"');
  if (start >= 0) {
    try {
      const parsed = JSON.parse(text.slice(start)) as Record<string, string>;
      return {
        type: parsed['exception_type'] ?? 'Unknown',
        message: firstParagraph(parsed['exception_message'] ?? ''),
      };
    } catch {
      // Not JSON after all: the text is what there is.
    }
  }
  const plain = /^([A-Z][A-Za-z ]+?) Error: ([\s\S]*)$/.exec(text);
  if (/^interrupted/i.test(plain?.[2] ?? text)) return { type: 'Interrupt', message: text };
  return { type: plain?.[1] ?? 'Unknown', message: firstParagraph(plain?.[2] ?? text) };
}

/** What follows is about the engine's catalog and settings. */
function firstParagraph(text: string): string {
  return (
    text.split(/\n\s*(?:Did you mean|LINE \d+:|Possible solutions|Candidate functions)/)[0]?.trim() ?? ''
  );
}

function withoutPaths(text: string): string {
  return text.replaceAll(/(?:file:\/\/)?\/(?:[\w.%@+~-]+\/)+[\w.%@+~-]*/g, '<file>');
}
