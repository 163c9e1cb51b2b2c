/** What DuckDB says reaches a caller without file names, its own catalog, or advice about locked settings. */
import { describe, expect, it } from 'vitest';
import { explainDuckdbError } from '../../query/duckdb-errors.ts';

function asJson(type: string, message: string, position?: number): Error {
  const fields = {
    exception_type: type,
    exception_message: message,
    ...(position === undefined ? {} : { position: String(position) }),
  };
  return new Error(JSON.stringify(fields));
}

describe('explainDuckdbError', () => {
  it('gives type, first paragraph and place', () => {
    const error = explainDuckdbError(
      asJson('Catalog', 'Table with name x does not exist!\nDid you mean "pg_class"?', 14),
      (offset) => ({ line: 1, column: offset + 1 }),
    );
    expect(error).toMatchObject({
      code: 'QUERY_INVALID',
      message: 'Table with name x does not exist! (line [1], column [15])',
      details: { kind: 'Catalog', line: '1', column: '15' },
    });
  });

  it.each([
    [
      'Out of Memory',
      'failed to allocate\n\nPossible solutions:\n* SET threads',
      'QUERY_LIMIT',
      /needs more memory/,
    ],
    ['Interrupt', 'Interrupted!', 'QUERY_LIMIT', /was stopped/],
    [
      'IO',
      'Cannot open file "/srv/deep/clicks/x.parquet": denied',
      'QUERY_INVALID',
      /SQL engine \(IO error\)/,
    ],
    ['Permission', 'Cannot access file "/etc/passwd"', 'QUERY_INVALID', /SQL engine \(Permission error\)/],
    [
      'Invalid Input',
      'file:///srv/deep/a.parquet and /srv/deep/b.parquet differ',
      'QUERY_INVALID',
      /^<file> and <file> differ$/,
    ],
  ])('%s', (type, message, code, says) => {
    const error = explainDuckdbError(asJson(type, message));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.message).not.toMatch(/\/srv|\/etc/);
  });

  it('reads plain texts too', () => {
    expect(explainDuckdbError(new Error('Binder Error: no such thing\nLINE 1: x')).message).toBe(
      'no such thing',
    );
    expect(explainDuckdbError(new Error('INTERRUPT Error: Interrupted!')).code).toBe('QUERY_LIMIT');
  });
});
