/** Every code has a status; what is not ours says nothing but where to look. */
import { describe, expect, it } from 'vitest';
import { druidErrorBody, plainErrorBody, statusOfCode, toHttpError } from '../../api/errors.ts';
import { HeadgateError, errorCodes } from '../../domain/errors.ts';

describe('errors', () => {
  it('have a status each, and none beyond the list', () => {
    expect(Object.keys(statusOfCode).sort()).toEqual(Object.keys(errorCodes).sort());
  });

  it('tell nothing of a fault of ours', () => {
    const http = toHttpError(new TypeError('cannot read password of undefined'), 'r1');
    expect(http).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(plainErrorBody(http)).toEqual({
      error: 'internal error; the log of the api process has it under request r1',
      errorCode: 'INTERNAL',
    });
  });

  it.each([
    ['time', 504, 'TIMEOUT', 'Query timeout'],
    ['concurrent', 429, 'CAPACITY_EXCEEDED', 'druidException'],
    ['memory', 400, 'INVALID_INPUT', 'druidException'],
    ['rows', 400, 'INVALID_INPUT', 'druidException'],
  ])('make of the %s limit a %i of category %s', (limit, status, category, error) => {
    const http = toHttpError(new HeadgateError('QUERY_LIMIT', 'too much', { details: { limit } }), 'r');
    expect(http.status).toBe(status);
    expect(druidErrorBody(http)).toMatchObject({
      error,
      category,
      errorMessage: 'too much',
      context: { limit },
    });
  });

  it('have the shape of DruidException for SQL', () => {
    const details = { line: '1', column: '15' };
    const http = toHttpError(new HeadgateError('QUERY_INVALID', `Object 'x' not found`, { details }), 'r');
    expect(druidErrorBody(http)).toEqual({
      error: 'druidException',
      errorCode: 'invalidInput',
      persona: 'USER',
      category: 'INVALID_INPUT',
      errorMessage: `Object 'x' not found`,
      context: { sourceType: 'sql', line: '1', column: '15', headgateCode: 'QUERY_INVALID' },
    });
  });
});
