/** Addresses of the servers of this test run, for tests whose suffix asks for them. */
import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    headgatePostgres: string | null;
    headgateKafka: string | null;
    headgateTemporal: { address: string; namespace: string; ui: string | null } | null;
  }
}

/** An administrator's URL: tests make databases of their own from it (test/support/database.ts). */
export function postgresUrl(): string {
  return inject('headgatePostgres') ?? wrongSuffix('Postgres', ['pg', 'temporal', 'e2e']);
}

export function kafkaBootstrap(): string {
  return inject('headgateKafka') ?? wrongSuffix('Kafka', ['kafka', 'temporal', 'e2e']);
}

export function temporalAddress(): string {
  return temporalServer().address;
}

export function temporalServer(): { address: string; namespace: string; ui: string | null } {
  return inject('headgateTemporal') ?? wrongSuffix('Temporal', ['temporal', 'e2e']);
}

function wrongSuffix(server: string, suffixes: readonly string[]): never {
  const names = suffixes.map((suffix) => `.${suffix}.test.ts`).join(', ');
  throw new Error(`this test needs ${server}; rename its file so that it ends in one of ${names}`);
}
