/** Logins over real sockets to a broker that answers as it likes: what is sent, what is believed, what is told. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broker } from '../../../../streams/kafka/broker.ts';
import { metadata } from '../../../../streams/kafka/messages/metadata.ts';
import { kafkaSettings, type KafkaSettings } from '../../../../streams/kafka/settings.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { LoginBroker } from './login-broker.ts';

const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';
let server: LoginBroker;
let brokers: Broker[] = [];
let users = 0;

beforeEach(async () => {
  server = await LoginBroker.start();
});

afterEach(async () => {
  for (const broker of brokers) broker.close();
  brokers = [];
  await server.stop();
});

/** Each with credentials of its own: what another test was refused is remembered for ten seconds. */
function settings(mechanism = 'PLAIN', password = 'canary-secret'): KafkaSettings {
  users += 1;
  const module = mechanism === 'PLAIN' ? plain : scram;
  return kafkaSettings({
    topic: 'clicks',
    bootstrapServers: [`127.0.0.1:${server.port}`],
    isolationLevel: 'read_committed',
    clientId: 'test',
    consumerProperties: {
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': mechanism,
      'sasl.jaas.config': `${module} required username="canary-user-${users}" password="${password}";`,
      'request.timeout.ms': '300',
    },
  });
}

function broker(of = settings()): Broker {
  const opened = new Broker({ host: '127.0.0.1', port: server.port }, of);
  brokers.push(opened);
  return opened;
}

function ask(of: Broker): Promise<unknown> {
  return of.request(metadata, { topics: ['clicks'] }, 10_000);
}

const apis = () => server.seen.map(({ api }) => api);

describe('a login', () => {
  it('comes before the first request, once for a connection', async () => {
    const connection = broker();
    await Promise.all([ask(connection), ask(connection)]);
    await ask(connection);
    expect(apis()).toEqual([18, 17, 36, 3, 3, 3]);
    expect(server.seen[2]?.bytes).toBe(`\0canary-user-${users}\0canary-secret`);
  });

  it.each([
    [
      { errorCode: 58, message: 'Account is locked' },
      /wrong user name or password \(it says: Account is locked\)/,
    ],
    [{ errorCode: 58, message: 'no canary-secret' }, /wrong user name or password; /],
    [{ errorCode: 58, message: `bad ${Buffer.from('canary-secret').toString('base64')}` }, /password; /],
    [{ errorCode: 58, message: 'CANARY-USER-' }, /it says/],
    [{ errorCode: 58, message: 'x'.repeat(1_000) }, /password; /],
    [{ errorCode: 58, message: 'a\u001b[31mb' }, /password; /],
    [{ errorCode: 7 }, /REQUEST_TIMED_OUT \(7\)/],
  ])('that is answered with %j is told without a secret', async (answer, words) => {
    server.authenticate = () => answer;
    const error: unknown = await ask(broker()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STREAM_AUTH_FAILED' });
    expect(String(error)).toMatch(words);
    expect(String(error)).not.toMatch(/canary-secret|canary-user/);
  });

  it('is tried once, however many connections want it', async () => {
    server.authenticate = () => ({ errorCode: 58 });
    const shared = settings();
    const all = Array.from({ length: 10 }, () => broker(shared));
    const asked = [...all, ...all].map((connection) => ask(connection));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(apis().filter((api) => api === 36)).toHaveLength(1);
  });

  it('that nobody answers ends in time, and so do those that wait for it', async () => {
    server.authenticate = () => undefined;
    const shared = settings();
    const outcomes = await Promise.allSettled([
      ask(broker(shared)),
      ask(broker(shared)),
      ask(broker(shared)),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STREAM_UNREACHABLE' } });
  });

  it('under way ends at once when the connection is closed', async () => {
    server.authenticate = () => undefined;
    const shared = settings();
    const waiting = [broker(shared), broker(shared)].map((connection) => ({
      connection,
      asked: ask(connection),
    }));
    await waitFor(() => apis().includes(36), { what: 'the login' });
    for (const { connection } of waiting) connection.close();
    for (const { asked } of waiting) await expect(asked).rejects.toThrow(/closed by this process/);
  });

  it('by SCRAM is broken off when the broker asks for endless work', async () => {
    server.authenticate = (bytes) => ({ bytes: `${bytes.slice(bytes.indexOf('r='))}x,s=aaaa,i=2000000000` });
    const error: unknown = await ask(broker(settings('SCRAM-SHA-256'))).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STREAM_AUTH_FAILED' });
    expect(String(error)).toMatch(/asks for .* iterations, expected 4096 to 1000000/);
  });

  it('by SCRAM is broken off when the broker cannot prove that it knows the password', async () => {
    server.authenticate = (bytes) =>
      bytes.startsWith('n,,')
        ? { bytes: `${bytes.slice(bytes.indexOf('r='))}x,s=aaaa,i=4096` }
        : { bytes: `v=${Buffer.alloc(64).toString('base64')}` };
    const error: unknown = await ask(broker(settings('SCRAM-SHA-512'))).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/another server in its place/);
    expect(apis()).not.toContain(3);
  });

  it('of a mechanism the broker does not take names those it takes', async () => {
    server.handshake = { errorCode: 33, mechanisms: ['SCRAM-SHA-512', 'x\u001b[31m'] };
    await expect(ask(broker())).rejects.toThrow(/PLAIN, only SCRAM-SHA-512; set sasl\.mechanism/);
  });
});

describe('a login that lasts only a while', () => {
  it('is followed by another connection before its end, and nothing under way is lost', async () => {
    server.authenticate = () => ({ lifetimeMs: 2_000 });
    const connection = broker();
    await ask(connection);
    // The first of them is still held when the second connection takes over.
    let release: () => void = () => undefined;
    server.held = new Promise((resolve) => (release = resolve));
    const asked: Promise<unknown>[] = [];
    await waitFor(
      () => {
        asked.push(ask(connection));
        return server.seen.some(({ socket }) => socket === 2);
      },
      { what: 'the second connection', everyMs: 20 },
    );
    expect(server.openSockets).toBe(2);
    release();
    // The broker cuts a connection that asks for anything after its time: none did.
    await Promise.all(asked);
    await waitFor(() => server.openSockets === 1, { what: 'the end of the first connection' });
    expect(server.seen.filter(({ api }) => api === 36).map(({ socket }) => socket)).toEqual([1, 2]);
  });

  it('without an end stays on one connection', async () => {
    server.authenticate = () => ({ lifetimeMs: 0 });
    const connection = broker();
    for (let time = 0; time < 20; time += 1) await ask(connection);
    expect(new Set(server.seen.map(({ socket }) => socket))).toEqual(new Set([1]));
  });
});
