/**
 * A supervisor whose login the brokers refuse: its status says so with what to do, nothing is read, no secret is shown
 * anywhere; and once the user exists it goes on by itself, with every row exactly once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDev, postSpec, publishedIds, smallSpec } from '../support/dev.ts';
import type { TestDev } from '../support/dev.ts';
import { jaas, scramModule, SecureKafka } from '../support/secure-kafka.ts';
import { waitFor } from '../support/wait-for.ts';

const topic = 'guarded';
const password = 'canary-secret-of-erin';
let kafka: SecureKafka;
let dev: TestDev;
let produced = 0;

beforeAll(async () => {
  kafka = await SecureKafka.start();
  await kafka.admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
  dev = await openDev({
    ingestWorkers: 1,
    env: {
      KAFKA_ERIN_JAAS: jaas(scramModule, 'erin', password),
      KAFKA_AUTHORITY: kafka.authority.certificate,
    },
  });
}, 300_000);

afterAll(async () => {
  await dev?.[Symbol.asyncDispose]();
  await kafka?.stop();
}, 120_000);

type Status = {
  readonly payload: {
    readonly state: string;
    readonly detailedState: string;
    readonly healthy: boolean;
    readonly recentErrors: readonly { readonly exceptionClass: string; readonly message: string }[];
    readonly headgate: { readonly reason: string; readonly remedy: string | null };
  };
};

async function get(path: string): Promise<string> {
  const answer = await fetch(`${dev.api}${path}`);
  return answer.text();
}

async function status(): Promise<Status['payload']> {
  return (JSON.parse(await get(`/druid/indexer/v1/supervisor/${topic}/status`)) as Status).payload;
}

async function produce(count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => {
    const id = produced + index;
    const ts = new Date(Date.UTC(2026, 0, 1) + id * 1_000).toISOString();
    return { partition: id % 2, value: JSON.stringify({ ts, id, site: 'x' }) };
  });
  await kafka.producer.send({ topic, acks: -1, messages });
  produced += count;
}

function guardedSpec(): Record<string, unknown> {
  const spec = smallSpec({ id: topic, topic, bootstrap: kafka.at('TLSLOGIN') }) as {
    spec: { ioConfig: { consumerProperties: Record<string, unknown> } };
  };
  Object.assign(spec.spec.ioConfig.consumerProperties, {
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': 'SCRAM-SHA-512',
    'ssl.truststore.type': 'PEM',
    'druid.dynamic.config.provider': {
      type: 'environment',
      variables: { 'sasl.jaas.config': 'KAFKA_ERIN_JAAS', 'ssl.truststore.certificates': 'KAFKA_AUTHORITY' },
    },
  });
  return spec;
}

describe('a supervisor whose login is refused', () => {
  it('says so with what to do, and goes on by itself once the user exists', async () => {
    await produce(1_000);
    await postSpec(dev, guardedSpec());
    const refused = await waitFor(
      async () => {
        const now = await status();
        return now.detailedState === 'UNABLE_TO_CONNECT_TO_STREAM' ? now : null;
      },
      { what: 'the state UNABLE_TO_CONNECT_TO_STREAM', timeoutMs: 90_000, everyMs: 200 },
    );
    expect(refused).toMatchObject({ state: 'UNHEALTHY_SUPERVISOR', healthy: false });
    expect(refused.headgate.reason).toMatch(/refuses the SCRAM-SHA-512 login: wrong user name or password/);
    expect(refused.headgate.remedy).toMatch(/correct sasl\.mechanism and sasl\.jaas\.config/);
    expect(refused.recentErrors.at(-1)).toMatchObject({ exceptionClass: 'STREAM_AUTH_FAILED' });
    await kafka.addScramUser('erin', password, 'SCRAM-SHA-512');
    await waitFor(async () => (await status()).detailedState === 'RUNNING', {
      what: 'the state RUNNING',
      timeoutMs: 90_000,
      everyMs: 200,
    });
    await produce(1_000);
    await waitFor(async () => (await publishedIds(dev, topic)).ids === produced, {
      what: 'every row',
      timeoutMs: 120_000,
      everyMs: 500,
    });
    expect(await publishedIds(dev, topic)).toEqual({ rows: produced, ids: produced });
    const shown = await Promise.all(
      ['', '/status', '/history', '/stats'].map((rest) =>
        get(`/druid/indexer/v1/supervisor/${topic}${rest}`),
      ),
    );
    expect(shown[0]).toContain('KAFKA_ERIN_JAAS');
    expect(shown.join('\n')).not.toMatch(/canary-secret|BEGIN CERTIFICATE/);
  });
});
