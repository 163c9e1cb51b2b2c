/** Which errors of a connection somebody has to mend, rather than wait for; and what a broker means that forbids a topic. */
import { HeadgateError, isHeadgateError, type ErrorCode } from '../../domain/errors.ts';
import { kafkaError } from './kafka-errors.ts';

const accessCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'STREAM_AUTH_FAILED',
  'STREAM_TLS_FAILED',
  'STREAM_SECRET_MISSING',
]);

export function isAccessProblem(error: unknown): error is HeadgateError {
  return isHeadgateError(error) && accessCodes.has(error.code);
}

/** Null: the number is about something else. */
export function forbidden(
  topic: string,
  broker: string,
  errorCode: number,
  operation: 'Describe' | 'Read',
): HeadgateError | null {
  if (
    errorCode !== kafkaError.TOPIC_AUTHORIZATION_FAILED &&
    errorCode !== kafkaError.CLUSTER_AUTHORIZATION_FAILED
  )
    return null;
  return new HeadgateError(
    'STREAM_AUTH_FAILED',
    `topic ${topic}: Kafka broker ${broker} does not allow this user to ${operation.toLowerCase()} it; ` +
      `grant the user ${operation === 'Describe' ? 'Describe and Read' : 'Read'} on the topic`,
    { details: { broker, topic } },
  );
}
