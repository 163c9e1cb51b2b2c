/**
 * What DuckDB says, as a Headgate error a caller can act on: no file or folder names, no advice about settings that
 * are locked anyway.
 */
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { limitExceeded } from './limits.ts';

type DuckdbError = { readonly type: string; readonly message: string; readonly position: number | null };

/** `sql` makes the position a line and a column; without it none is given. */
export function explainDuckdbError(
  error: unknown,
  locate?: (byteOffset: number) => Place | null,
): HeadgateError {
  const found = readDuckdbError(messageOf(error));
  switch (found.type) {
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
      return new HeadgateError('QUERY_INVALID', `the query failed in the SQL engine (${found.type} error)`, {
        details: { kind: found.type },
      });
    default:
      return invalid(found, locate);
  }
}

type Place = { readonly line: number; readonly column: number };

function invalid(found: DuckdbError, locate?: (byteOffset: number) => Place | null): HeadgateError {
  const place = found.position === null ? null : (locate?.(found.position) ?? null);
  const at = place ? ` (line [${place.line}], column [${place.column}])` : '';
  return new HeadgateError('QUERY_INVALID', `${withoutPaths(found.message)}${at}`, {
    details: {
      kind: found.type,
      ...(place ? { line: String(place.line), column: String(place.column) } : {}),
    },
  });
}

function readDuckdbError(text: string): DuckdbError {
  const start = text.indexOf('{"exception_type"');
  if (start >= 0) {
    try {
      const parsed = JSON.parse(text.slice(start)) as Record<string, string>;
      const position = Number(parsed['position'] ?? NaN);
      return {
        type: parsed['exception_type'] ?? 'Unknown',
        message: firstParagraph(parsed['exception_message'] ?? ''),
        position: Number.isFinite(position) ? position : null,
      };
    } catch {
      // Not JSON after all: the text is what there is.
    }
  }
  const plain = /^([A-Z][A-Za-z ]+?) Error: ([\s\S]*)$/.exec(text);
  if (/^interrupted/i.test(plain?.[2] ?? text)) return { type: 'Interrupt', message: text, position: null };
  return { type: plain?.[1] ?? 'Unknown', message: firstParagraph(plain?.[2] ?? text), position: null };
}

/** Suggestions of catalog names would show tables of DuckDB's own. */
function firstParagraph(text: string): string {
  return (
    text.split(/\n\s*(?:Did you mean|LINE \d+:|Possible solutions|Candidate functions)/)[0]?.trim() ?? ''
  );
}

function withoutPaths(text: string): string {
  return text.replaceAll(/(?:file:\/\/)?\/(?:[\w.%@+~-]+\/)+[\w.%@+~-]*/g, '<file>');
}
