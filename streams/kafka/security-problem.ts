/** What is wrong with a property of TLS or SASL, without any part of its value: told when a spec is checked, or when a connection is made. */
import { HeadgateError } from '../../domain/errors.ts';

export class SecurityProblem extends Error {
  readonly key: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string | undefined;

  constructor(key: string, found: string, expected: string, remedy?: string) {
    super(`${key}: found ${found}, expected ${expected}`);
    this.name = 'SecurityProblem';
    this.key = key;
    this.found = found;
    this.expected = expected;
    this.remedy = remedy;
  }

  /** For a connection that is to be made now. */
  asError(): HeadgateError {
    const remedy = this.remedy === undefined ? '' : `; ${this.remedy}`;
    return new HeadgateError(
      this.key.startsWith('sasl.') ? 'STREAM_AUTH_FAILED' : 'STREAM_TLS_FAILED',
      `consumerProperties: ${this.message}${remedy}`,
      { details: { property: this.key } },
    );
  }
}
