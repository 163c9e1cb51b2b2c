/**
 * A supervisor whose login or certificates the brokers refuse: its status says so with what to do, nothing is read, no
 * secret is shown anywhere; and once that is mended it goes on by itself, with every row exactly once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority } from '../support/certificates.ts';
import { openDev, postSpec, publishedIds, smallSpec } from '../support/dev.ts';
import type { TestDev } from '../support/dev.ts';
import { jaas, scramModule, SecureKafka } from '../support/secure-kafka.ts';
import { waitFor } from '../support/wait-for.ts';

const topic = 'guarded';
const password = 'canary-secret-of-erin';
let kafka: SecureKafka;
let stranger: Authority;
let dev: TestDev;

beforeAll(async () => {
  kafka = await SecureKafka.start();
  stranger = await Authority.create('a stranger');
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

async function status(id: string): Promise<Status['payload']> {
  return (JSON.parse(await get(`/druid/indexer/v1/supervisor/${id}/status`)) as Status).payload;
}

/** What it says once it is in this state. */
function inState(id: string, state: string): Promise<Status['payload']> {
  return waitFor(
    async () => {
      const now = await status(id);
      return now.detailedState === state ? now : null;
    },
    { what: `the state ${state} of ${id}`, timeoutMs: 90_000, everyMs: 200 },
  );
}

function stored(id: string, count: number): Promise<unknown> {
  return waitFor(async () => (await publishedIds(dev, id)).ids === count, {
    what: `every row of ${id}`,
    timeoutMs: 120_000,
    everyMs: 500,
  });
}

async function produce(to: string, first: number, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => {
    const id = first + index;
    const ts = new Date(Date.UTC(2026, 0, 1) + id * 1_000).toISOString();
    return { partition: id % 2, value: JSON.stringify({ ts, id, site: 'x' }) };
  });
  await kafka.producer.send({ topic: to, acks: -1, messages });
}

function specOf(id: string, bootstrap: string, properties: Record<string, unknown>): Record<string, unknown> {
  const spec = smallSpec({ id, topic: id, bootstrap }) as {
    spec: { ioConfig: { consumerProperties: Record<string, unknown> } };
  };
  Object.assign(spec.spec.ioConfig.consumerProperties, properties);
  return spec;
}

const guarded = {
  'security.protocol': 'SASL_SSL',
  'sasl.mechanism': 'SCRAM-SHA-512',
  'ssl.truststore.type': 'PEM',
  'druid.dynamic.config.provider': {
    type: 'environment',
    variables: { 'sasl.jaas.config': 'KAFKA_ERIN_JAAS', 'ssl.truststore.certificates': 'KAFKA_AUTHORITY' },
  },
};

describe('a supervisor whose login is refused', () => {
  it('says so with what to do, and goes on by itself once the user exists', async () => {
    await produce(topic, 0, 1_000);
    await postSpec(dev, specOf(topic, kafka.at('TLSLOGIN'), guarded));
    const refused = await inState(topic, 'UNABLE_TO_CONNECT_TO_STREAM');
    expect(refused).toMatchObject({ state: 'UNHEALTHY_SUPERVISOR', healthy: false });
    expect(refused.headgate.reason).toMatch(/refuses the SCRAM-SHA-512 login: wrong user name or password/);
    expect(refused.headgate.remedy).toMatch(/correct sasl\.mechanism and sasl\.jaas\.config/);
    expect(refused.recentErrors.at(-1)).toMatchObject({ exceptionClass: 'STREAM_AUTH_FAILED' });
    await kafka.addScramUser('erin', password, 'SCRAM-SHA-512');
    await inState(topic, 'RUNNING');
    await produce(topic, 1_000, 1_000);
    await stored(topic, 2_000);
    expect(await publishedIds(dev, topic)).toEqual({ rows: 2_000, ids: 2_000 });
    const shown = await Promise.all(
      ['', '/status', '/history', '/stats'].map((rest) =>
        get(`/druid/indexer/v1/supervisor/${topic}${rest}`),
      ),
    );
    expect(shown[0]).toContain('KAFKA_ERIN_JAAS');
    expect(shown.join('\n')).not.toMatch(/canary-secret|BEGIN CERTIFICATE/);
  });
});

const refusals: [id: string, wrong: () => Record<string, unknown>, reason: RegExp, remedy: RegExp][] = [
  [
    'unknown-authority',
    () => ({ ...withTls(), 'ssl.truststore.certificates': stranger.certificate }),
    /signed by an authority that is not trusted/,
    /ssl\.truststore\.certificates/,
  ],
  [
    'plain-on-tls',
    () => ({}),
    /speaks TLS on this port, and security\.protocol asks for none/,
    /security\.protocol/,
  ],
];

function withTls(): Record<string, unknown> {
  return {
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': kafka.authority.certificate,
  };
}

describe('a supervisor that a port with TLS refuses', () => {
  it.each(refusals)(
    '%s: says so with what to do, and goes on once that is done',
    async (id, wrong, reason, remedy) => {
      await kafka.admin.createTopics({ topics: [{ topic: id, numPartitions: 2 }], waitForLeaders: true });
      await produce(id, 0, 500);
      await postSpec(dev, specOf(id, kafka.at('TLS'), wrong()));
      const refused = await inState(id, 'UNABLE_TO_CONNECT_TO_STREAM');
      expect(refused).toMatchObject({ state: 'UNHEALTHY_SUPERVISOR', healthy: false });
      expect(refused.headgate.reason).toMatch(reason);
      expect(`${refused.headgate.reason} ${refused.headgate.remedy ?? ''}`).toMatch(remedy);
      expect(refused.headgate.remedy).not.toBeNull();
      expect(refused.recentErrors.at(-1)).toMatchObject({ exceptionClass: 'STREAM_TLS_FAILED' });
      await postSpec(dev, specOf(id, kafka.at('TLS'), withTls()));
      await inState(id, 'RUNNING');
      await stored(id, 500);
      expect(await publishedIds(dev, id)).toEqual({ rows: 500, ids: 500 });
    },
  );
});
