/** What DuckDB says reaches a caller without file names, its own catalog, our SQL, or advice about locked settings. */
import { describe, expect, it } from 'vitest';
import { explainDuckdbError } from '../../query/duckdb-errors.ts';

function asJson(type: string, message: string): Error {
  return new Error(JSON.stringify({ exception_type: type, exception_message: message, position: '14' }));
}

describe('explainDuckdbError', () => {
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
    ['Conversion', `Could not convert string 'x' to INT64`, 'QUERY_INVALID', /^Could not convert string 'x'/],
    ['Out of Range', 'Overflow in addition of INT64 (1 + 2)!', 'QUERY_INVALID', /^Overflow in addition/],
    ['Invalid Input', '/ by zero', 'QUERY_INVALID', /^\/ by zero$/],
  ])('%s', (type, message, code, says) => {
    const error = explainDuckdbError(asJson(type, message));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.message).not.toMatch(/\/srv|\/etc/);
  });

  it.each(['Binder', 'Catalog', 'Parser', 'Syntax', 'Not implemented', 'Internal'])(
    '%s errors are about our SQL, and say none of it',
    (type) => {
      const error = explainDuckdbError(
        asJson(type, `No function matches 'list_transform(t1.c0)'\n\nLINE 1: select t1."x" from secret`),
      );
      expect(error).toMatchObject({ code: 'QUERY_INVALID', details: { kind: type } });
      expect(error.message).toContain(`${type} error`);
      expect(error.message).not.toMatch(/list_transform|t1|secret/);
    },
  );

  it('gives no advice about settings', () => {
    const advice =
      'Max expression depth limit of 1000 exceeded. Use "SET max_expression_depth TO x" to increase.';
    const error = explainDuckdbError(asJson('Binder', advice));
    expect(error.message).toMatch(/nested too deeply/);
    expect(error.message).not.toMatch(/SET/);
  });

  it('reads plain texts too', () => {
    const message = (text: string): string => explainDuckdbError(new Error(text)).message;
    expect(message('Conversion Error: no such thing\nLINE 1: x')).toBe('no such thing');
    expect(message('Catalog Error: Table x does not exist\nLINE 1: x')).toMatch(/Catalog error/);
    expect(explainDuckdbError(new Error('INTERRUPT Error: Interrupted!')).code).toBe('QUERY_LIMIT');
  });
});
