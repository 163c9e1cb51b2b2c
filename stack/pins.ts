/**
 * The one version of each server that development, tests and docker-compose.yml use.
 * Raising one of them is a change of the product: run the whole test suite on it.
 */
export const serverNames = ['temporal', 'kafka', 'postgres'] as const;
export type ServerName = (typeof serverNames)[number];

export const temporalPin = {
  /** The command line program, built from its Go module; it contains the server and the web UI. */
  goPackage: 'github.com/temporalio/cli/cmd/temporal',
  cli: '1.5.1',
  /** What `temporal --version` must name: a self-built program shows no version of its own. */
  server: '1.29.1',
  namespace: 'default',
  /** Minor version of Go 1. Older ones cannot read the module; from here on Go fetches a newer one of itself if needed. */
  goLeast: 21,
} as const;

export const kafkaPin = {
  version: '4.3.1',
  artifact: 'org.apache.kafka:kafka_2.13:4.3.1',
  /** Same line as the slf4j-api that Kafka brings; without a binding the broker says nothing, ever. */
  logging: 'org.slf4j:slf4j-simple:1.7.36',
  javaLeast: 17,
} as const;

/** Every Postgres from here on will do; npm's binaries are the fallback. */
export const postgresPin = { majorLeast: 14 } as const;

/** Search attributes of our workflows, all of type Keyword. */
export const searchAttributes = [
  'HeadgateSupervisor',
  'HeadgateDataSource',
  'HeadgateState',
  'HeadgateTaskGroup',
] as const;
