/**
 * What a Kafka source can be told: limits with their defaults, and the consumer properties it understands.
 *
 * Properties keep the names and meaning of Kafka's Java consumer. Those not listed here have no effect; which of them
 * a spec may carry at all is decided by domain/spec. Settings hold secrets: they stay in the process that connects.
 */
import { HeadgateError } from '../../domain/errors.ts';
import type { PropertyValues } from '../../domain/spec/property-value.ts';
import type { BackoffLimits } from './backoff.ts';
import { noSecrets, resolveProperties, type SecretEnvironment } from './resolve-properties.ts';
import { securityNow, type Security } from './security.ts';
import { oneTopic, topicsMatching, type TopicChoice } from './topic-choice.ts';

export type KafkaSettings = {
  readonly topics: TopicChoice;
  readonly bootstrapServers: readonly string[];
  readonly isCommittedOnly: boolean;
  readonly clientId: string;
  /** Batches waiting to be polled, of one reader. One batch larger than this still comes. */
  readonly bufferedBytesMax: number;
  /** What a compressed batch may grow to; one that would be larger fails its partition. */
  readonly decompressedBytesMax: number;
  readonly fetchBytesMax: number;
  readonly partitionBytesMax: number;
  readonly fetchBytesMin: number;
  readonly fetchWaitMs: number;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly security: Security;
  readonly reconnect: BackoffLimits;
  readonly retry: BackoffLimits;
  /** An answer may be larger than `fetchBytesMax` by one batch; this bounds a broken or foreign server. */
  readonly answerBytesMax: number;
  /** How long a reader keeps trying while nothing answers. */
  readonly unreachableAfterMs: number;
  /** The same for describe and positions, whose callers have their own pace. */
  readonly askUnreachableAfterMs: number;
  /** How long a reader believes that a missing topic or partition is only news that has not spread yet. */
  readonly missingAfterMs: number;
};

export type KafkaSourceOptions = {
  /** The topic, or with `matches` what the topics have in common, as users know it. */
  readonly topic: string;
  /** Reads every topic of the cluster for whose name this is true; partitions are `topic:number` then. */
  readonly matches?: ((topic: string) => boolean) | undefined;
  /** host:port, or [ipv6]:port. */
  readonly bootstrapServers: readonly string[];
  readonly isolationLevel: 'read_committed' | 'read_uncommitted';
  readonly clientId: string;
  readonly consumerProperties?: PropertyValues;
  /** Where the variables are that properties may name; without it none may. */
  readonly secrets?: SecretEnvironment;
  readonly maxBufferedBytes?: number;
  /** Of one partition in one answer, at most; one batch larger than this still comes. */
  readonly maxPartitionBytes?: number;
  readonly maxDecompressedBytes?: number;
  /** For tests: shorter patience. */
  readonly patience?: Partial<Patience>;
};

type Patience = Pick<
  KafkaSettings,
  'unreachableAfterMs' | 'askUnreachableAfterMs' | 'missingAfterMs' | 'answerBytesMax'
>;

const mebibyte = 1024 * 1024;

const defaultPatience: Patience = {
  unreachableAfterMs: 30_000,
  askUnreachableAfterMs: 10_000,
  missingAfterMs: 5_000,
  answerBytesMax: 256 * mebibyte,
};

export function kafkaSettings(options: KafkaSourceOptions): KafkaSettings {
  const properties = resolveProperties(options.consumerProperties ?? {}, options.secrets ?? noSecrets);
  const patience = { ...defaultPatience, ...options.patience };
  const number = (name: string, fallback: number, least: number): number =>
    wholeNumber(properties, { name, fallback, least });
  const bufferedBytesMax = options.maxBufferedBytes ?? 8 * mebibyte;
  // Half is being read while the other half is on its way.
  const fetchBytesMax = Math.min(
    number('fetch.max.bytes', 50 * mebibyte, 1),
    Math.ceil(bufferedBytesMax / 2),
  );
  const retryMs = number('retry.backoff.ms', 100, 1);
  const reconnectMs = number('reconnect.backoff.ms', 50, 1);
  const reconnectMaxMs = number('reconnect.backoff.max.ms', 1_000, 1);
  return {
    topics:
      options.matches === undefined
        ? oneTopic(options.topic)
        : topicsMatching(options.topic, options.matches),
    bootstrapServers: options.bootstrapServers,
    isCommittedOnly: options.isolationLevel === 'read_committed',
    clientId: properties['client.id'] ?? options.clientId,
    bufferedBytesMax,
    decompressedBytesMax: options.maxDecompressedBytes ?? 256 * mebibyte,
    fetchBytesMax,
    partitionBytesMax: Math.min(
      number('max.partition.fetch.bytes', mebibyte, 1),
      fetchBytesMax,
      options.maxPartitionBytes ?? Infinity,
    ),
    fetchBytesMin: number('fetch.min.bytes', 1, 0),
    fetchWaitMs: number('fetch.max.wait.ms', 1_000, 0),
    // A dead connection must be noticed early enough to try others before the reader gives up.
    requestTimeoutMs: Math.min(
      number('request.timeout.ms', 30_000, 1),
      Math.ceil(patience.unreachableAfterMs / 3),
    ),
    connectTimeoutMs: number('socket.connection.setup.timeout.ms', 3_000, 1),
    reconnect: { minMs: reconnectMs, maxMs: Math.max(reconnectMs, reconnectMaxMs) },
    retry: { minMs: retryMs, maxMs: Math.max(retryMs, 1_000) },
    security: securityNow(properties, options.bootstrapServers),
    ...patience,
  };
}

function wholeNumber(
  properties: Readonly<Record<string, string>>,
  rule: { readonly name: string; readonly fallback: number; readonly least: number },
): number {
  const text = properties[rule.name];
  if (text === undefined) return rule.fallback;
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  if (value >= rule.least && value <= 0x7fffffff) return value;
  throw new HeadgateError(
    'SPEC_INVALID',
    // The text may come from a variable of the environment, and is not shown.
    `consumerProperties: ${rule.name} is another text, expected a whole number from ${rule.least} to 2147483647`,
  );
}
