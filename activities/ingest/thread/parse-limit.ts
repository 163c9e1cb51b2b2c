/** The end of a task that could not read more rows than its spec allows (`maxParseExceptions`). */
import { HeadgateError } from '../../../domain/errors.ts';

export function parseLimitExceeded(about: {
  readonly taskId: string;
  readonly found: number;
  readonly limit: number;
  /** A few of the problems, as lines. */
  readonly first: readonly string[];
}): HeadgateError {
  const { taskId, found, limit, first } = about;
  return new HeadgateError(
    'PARSE_LIMIT_EXCEEDED',
    `task ${taskId}: ${found} rows could not be parsed, maxParseExceptions allows ${limit}; first: ${first.join(' | ')}; correct the data, the spec or the limit`,
    { details: { found, limit, first } },
  );
}
