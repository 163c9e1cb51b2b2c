/**
 * The Kafka client properties a spec may carry: an allow-list (reliability.md S3), never a map passed through.
 *
 * Client properties have been a way to read files, to call other hosts and to load classes. So a key that is not
 * listed is refused by name, and what is listed is translated by hand in `streams/kafka`.
 */
import { securityProperties } from './security-properties.ts';

export type PropertyClass = 'works' | 'noEffect';

export type ConsumerProperty = {
  readonly key: string;
  readonly class: PropertyClass;
  readonly meaning: string;
  /** Values that ask for nothing special: nothing is said of them, and nothing is kept. */
  readonly neutral?: readonly string[];
  /** The only values known, as written. */
  readonly values?: readonly string[];
  /** Values known and refused by name, with the reason and what to do. */
  readonly refused?: Readonly<Record<string, string>>;
  /** A text this long still makes sense; without it 10,000 characters. */
  readonly lengthMax?: number;
  /** A whole number from here to 2147483647. */
  readonly least?: number;
};

export const providerKey = 'druid.dynamic.config.provider';

/** In the order of the page. */
export const consumerProperties: readonly ConsumerProperty[] = [
  {
    key: 'bootstrap.servers',
    class: 'works',
    meaning: 'Brokers to begin with: host:port, comma separated. Required.',
  },
  {
    key: 'isolation.level',
    class: 'works',
    values: ['read_committed', 'read_uncommitted'],
    meaning: 'Whether records of aborted transactions are left out; read_committed when not given.',
  },
  ...securityProperties,
  { key: 'client.id', class: 'works', meaning: 'The name brokers log.' },
  size('fetch.min.bytes', 0, 'The least a broker answers with.'),
  size('fetch.max.bytes', 1, 'The most a broker answers with.'),
  size(
    'fetch.max.wait.ms',
    0,
    'How long a broker waits for fetch.min.bytes (1000). Up to 4 s where nothing comes and fetch.min.bytes is 0 or 1: the first record ends the wait.',
  ),
  size('max.partition.fetch.bytes', 1, 'The most a broker answers with per partition.'),
  size('request.timeout.ms', 1, 'Time for one request.'),
  size('socket.connection.setup.timeout.ms', 1, 'Time for a connection to stand.'),
  size('reconnect.backoff.ms', 1, 'The first wait before connecting again.'),
  size('reconnect.backoff.max.ms', 1, 'The longest wait before connecting again.'),
  size('retry.backoff.ms', 1, 'The first wait before asking again.'),
  noEffect('group.id', 'No consumer group is used: partitions and positions are assigned by the supervisor.'),
  noEffect('group.instance.id', 'No consumer group is used.'),
  noEffect('session.timeout.ms', 'No consumer group is used.'),
  noEffect('heartbeat.interval.ms', 'No consumer group is used.'),
  noEffect('max.poll.interval.ms', 'No consumer group is used.'),
  noEffect('max.poll.records', 'A poll answers what a fetch brought.'),
  {
    ...noEffect(
      'auto.offset.reset',
      'Positions are stored; ioConfig.useEarliestOffset says where reading starts.',
    ),
    neutral: ['none'],
  },
  { ...noEffect('enable.auto.commit', 'Positions are never committed to Kafka.'), neutral: ['false'] },
  noEffect('auto.commit.interval.ms', 'Positions are never committed to Kafka.'),
  { ...noEffect('allow.auto.create.topics', 'A consumer here never creates a topic.'), neutral: ['false'] },
  { ...noEffect('check.crcs', 'Checksums are always checked.'), neutral: ['true'] },
  noEffect('exclude.internal.topics', 'The topic is named.'),
  noEffect('metadata.max.age.ms', 'Metadata is fetched every ioConfig.period.'),
  noEffect('client.dns.lookup', 'All addresses of a name are tried.'),
  noEffect('client.rack', 'Partitions are read from their leaders.'),
  noEffect('connections.max.idle.ms', 'A connection stays open while its task reads.'),
  noEffect('default.api.timeout.ms', 'request.timeout.ms bounds every call.'),
  noEffect('receive.buffer.bytes', 'The system chooses.'),
  noEffect('send.buffer.bytes', 'The system chooses.'),
  noEffect('retry.backoff.max.ms', 'Waits end at a second.'),
  noEffect('socket.connection.setup.timeout.max.ms', 'socket.connection.setup.timeout.ms is the only one.'),
  {
    key: providerKey,
    class: 'works',
    meaning:
      'More properties: {"type": "environment", "variables": {"sasl.jaas.config": "KAFKA_JAAS"}} takes them from the environment of the process that connects, {"type": "mapString", "config": {...}} as written.',
  },
];

/** Whole families, looked at in this order before the list is given up on. */
export const propertyFamilies: readonly {
  readonly pattern: RegExp;
  readonly meaning: string;
  /** What to do; else to leave it out. */
  readonly remedy?: string;
}[] = [
  {
    pattern: /^ssl\.(truststore|keystore)\.location$/,
    meaning: 'it names a file of the worker',
    remedy:
      'give the certificates and keys themselves, as PEM: ssl.truststore.certificates, ssl.keystore.certificate.chain and ssl.keystore.key (docs/kafka-security.md says how to convert a store)',
  },
  { pattern: /\.location$/, meaning: 'it names a file of the worker' },
  { pattern: /^sasl\.oauthbearer\./, meaning: 'it makes the worker call an address or read a file' },
  { pattern: /^sasl\.kerberos\.kinit/, meaning: 'it is a command line' },
  {
    pattern:
      /\.class(es)?$|(de)?serializer$|^interceptor|^metric\.reporters$|^partition\.assignment\.strategy$|^security\.providers$/,
    meaning: 'it names code to load',
  },
  { pattern: /^plugin\.|\.library\.|^config\.providers/, meaning: 'it names code to load' },
  { pattern: /^sasl\.kerberos\./, meaning: 'GSSAPI (Kerberos) is not supported' },
  { pattern: /^sasl\.login\./, meaning: 'it belongs to OAUTHBEARER and GSSAPI, which are not supported' },
  {
    pattern: /^sasl\.(username|password)$/,
    meaning: 'it is a name of another Kafka client',
    remedy: 'write both into sasl.jaas.config',
  },
];

function noEffect(key: string, meaning: string): ConsumerProperty {
  return { key, class: 'noEffect', meaning };
}

function size(key: string, least: number, meaning: string): ConsumerProperty {
  return { key, class: 'works', least, meaning };
}
