/**
 * The error numbers of the Kafka protocol that a reader, or who commits offsets of a group, can meet; and what those of a
 * fetch mean for the partition they are about.
 *
 * A number that is not listed is taken as passing trouble: it is retried with back-off and named in messages.
 */
export const kafkaError = {
  NONE: 0,
  UNKNOWN_SERVER_ERROR: -1,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  BROKER_NOT_AVAILABLE: 8,
  REPLICA_NOT_AVAILABLE: 9,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  INVALID_TOPIC_EXCEPTION: 17,
  ILLEGAL_GENERATION: 22,
  INVALID_GROUP_ID: 24,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  UNSUPPORTED_SASL_MECHANISM: 33,
  ILLEGAL_SASL_STATE: 34,
  UNSUPPORTED_VERSION: 35,
  KAFKA_STORAGE_ERROR: 56,
  SASL_AUTHENTICATION_FAILED: 58,
  FETCH_SESSION_ID_NOT_FOUND: 70,
  INVALID_FETCH_SESSION_EPOCH: 71,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  UNSUPPORTED_COMPRESSION_TYPE: 76,
  OFFSET_NOT_AVAILABLE: 78,
  UNKNOWN_TOPIC_ID: 100,
  INCONSISTENT_TOPIC_ID: 103,
  FETCH_SESSION_TOPIC_ID_ERROR: 106,
} as const satisfies Record<string, number>;

export type FetchVerdict =
  /** The position is not in the log: ask for its bounds. */
  | 'outOfRange'
  /** Another broker leads, or another topic has the name now: only fresh metadata can tell. */
  | 'refresh'
  /** Try again after a while. */
  | 'retry'
  /** The broker found its own log broken. */
  | 'corrupt'
  /** The broker cannot give these batches to this version of the protocol. */
  | 'codec'
  /** Not allowed to read. */
  | 'forbidden';

const verdicts: Readonly<Record<number, FetchVerdict>> = {
  [kafkaError.OFFSET_OUT_OF_RANGE]: 'outOfRange',
  [kafkaError.CORRUPT_MESSAGE]: 'corrupt',
  [kafkaError.UNKNOWN_TOPIC_OR_PARTITION]: 'refresh',
  [kafkaError.LEADER_NOT_AVAILABLE]: 'refresh',
  [kafkaError.NOT_LEADER_OR_FOLLOWER]: 'refresh',
  [kafkaError.REPLICA_NOT_AVAILABLE]: 'refresh',
  [kafkaError.KAFKA_STORAGE_ERROR]: 'refresh',
  [kafkaError.FENCED_LEADER_EPOCH]: 'refresh',
  [kafkaError.UNKNOWN_LEADER_EPOCH]: 'refresh',
  [kafkaError.UNKNOWN_TOPIC_ID]: 'refresh',
  [kafkaError.INCONSISTENT_TOPIC_ID]: 'refresh',
  [kafkaError.UNSUPPORTED_COMPRESSION_TYPE]: 'codec',
  [kafkaError.TOPIC_AUTHORIZATION_FAILED]: 'forbidden',
};

export function fetchVerdict(errorCode: number): FetchVerdict {
  return verdicts[errorCode] ?? 'retry';
}

const names = new Map<number, string>(Object.entries(kafkaError).map(([name, code]) => [code, name]));

/** "NOT_LEADER_OR_FOLLOWER (6)". */
export function nameKafkaError(errorCode: number): string {
  const name = names.get(errorCode);
  return name === undefined ? `error ${errorCode}` : `${name} (${errorCode})`;
}
