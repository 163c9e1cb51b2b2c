/**
 * A broker of a test's own with a listener for every way to be let in, and for every way not to be: certificates of other
 * hosts and past their time, one that asks for the client's, logins that last two seconds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs';
import { installOnce } from '../../stack/cache.ts';
import {
  javaArguments,
  kafkaServer,
  locateKafka,
  type KafkaJars,
  type KafkaListener,
} from '../../stack/kafka.ts';
import { PortMemory } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { runTool } from '../../stack/run-tool.ts';
import { Server } from '../../stack/server.ts';
import { Authority, type Identity } from './certificates.ts';

export const plainModule = 'org.apache.kafka.common.security.plain.PlainLoginModule';
export const scramModule = 'org.apache.kafka.common.security.scram.ScramLoginModule';

export function jaas(module: string, username: string, password: string): string {
  return `${module} required username="${username}" password="${password}";`;
}

/** PLAIN users are the broker's settings; SCRAM users are made with `addScramUser`. */
const plainUsers = { alice: 'alice-secret', bob: 'bob-secret' } as const;

export type ListenerName = 'TLS' | 'MUTUAL' | 'EXPIRED' | 'ELSEWHERE' | 'LOGIN' | 'SHORT' | 'TLSLOGIN';

export class SecureKafka {
  readonly authority: Authority;
  readonly client: Identity;
  readonly plain: string;
  readonly admin: Admin;
  readonly producer: Producer;
  readonly #root: string;
  readonly #jars: KafkaJars;
  readonly #server: Server;
  readonly #listeners: ReadonlyMap<string, string>;
  readonly #setTls: (identity: Identity) => void;

  private constructor(parts: {
    authority: Authority;
    client: Identity;
    plain: string;
    root: string;
    jars: KafkaJars;
    server: Server;
    listeners: ReadonlyMap<string, string>;
    setTls: (identity: Identity) => void;
  }) {
    this.authority = parts.authority;
    this.client = parts.client;
    this.plain = parts.plain;
    this.#root = parts.root;
    this.#jars = parts.jars;
    this.#server = parts.server;
    this.#listeners = parts.listeners;
    this.#setTls = parts.setTls;
    const kafka = new Kafka({ brokers: [parts.plain], logLevel: logLevel.NOTHING });
    this.admin = kafka.admin();
    this.producer = kafka.producer();
  }

  static async start(): Promise<SecureKafka> {
    const root = mkdtempSync(join(tmpdir(), 'headgate-secure-'));
    const authority = await Authority.create('Test Authority');
    const here = { name: 'broker', hosts: ['localhost'], addresses: ['127.0.0.1'] };
    let tls = await authority.issue(here);
    const expired = await authority.issue({ ...here, from: -10, to: -1 });
    const elsewhere = await authority.issue({ name: 'broker', hosts: ['kafka.example.org'] });
    const jars = await readyJars();
    const { recipe, bootstrap, listeners } = await kafkaServer({
      jars,
      dataDir: root,
      ports: new PortMemory(root),
      log: silentLog,
      listeners: () => listenersOf(authority, { tls, expired, elsewhere }),
      properties: {
        // Everybody may do everything, but bob.
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS;User:alice;User:carol;User:dave;User:erin;User:CN=reader',
      },
    });
    const server = new Server(recipe, silentLog, () => undefined);
    await server.start();
    const kafka = new SecureKafka({
      authority,
      client: await authority.issue({ name: 'reader' }),
      plain: bootstrap,
      root,
      jars,
      server,
      listeners,
      setTls: (identity) => (tls = identity),
    });
    await Promise.all([kafka.admin.connect(), kafka.producer.connect()]);
    return kafka;
  }

  at(listener: ListenerName): string {
    return this.#listeners.get(listener) ?? '';
  }

  /** The listener TLS shows it from the next start on. */
  async restartWith(identity: Identity): Promise<void> {
    this.#setTls(identity);
    await this.#server.restart();
  }

  async addScramUser(
    name: string,
    password: string,
    mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
  ): Promise<void> {
    await runTool({
      file: this.#jars.java,
      args: [
        ...javaArguments(this.#jars.libs),
        'kafka.admin.ConfigCommand',
        ...['--bootstrap-server', this.plain, '--alter', '--entity-type', 'users', '--entity-name', name],
        ...['--add-config', `${mechanism}=[password=${password}]`],
      ],
      doing: 'making a SCRAM user',
    });
  }

  async stop(): Promise<void> {
    await this.producer.disconnect().catch(() => undefined);
    await this.admin.disconnect().catch(() => undefined);
    await this.#server.stop();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

async function readyJars(): Promise<KafkaJars> {
  // A running broker of the user's own has other listeners.
  const located = await locateKafka({ ...process.env, HEADGATE_KAFKA_BOOTSTRAP: undefined });
  if (located.kind === 'installable') await installOnce(located.install, silentLog);
  if (located.kind === 'present' || located.kind === 'installable') return located.source;
  throw new Error(`Kafka cannot be started here: ${JSON.stringify(located)}`);
}

function listenersOf(
  authority: Authority,
  identities: Readonly<Record<'tls' | 'expired' | 'elsewhere', Identity>>,
): readonly KafkaListener[] {
  const store = ({ certificate, key }: Identity): Record<string, string> => ({
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': certificate,
    'ssl.keystore.key': key,
  });
  const plain = Object.entries(plainUsers).map(([name, password]) => `user_${name}="${password}"`);
  const login = {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'plain.sasl.jaas.config': `${plainModule} required ${plain.join(' ')};`,
    'scram-sha-256.sasl.jaas.config': `${scramModule} required;`,
    'scram-sha-512.sasl.jaas.config': `${scramModule} required;`,
  };
  const mutual = {
    'ssl.client.auth': 'required',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': authority.certificate,
  };
  return [
    { name: 'TLS', protocol: 'SSL', properties: store(identities.tls) },
    { name: 'MUTUAL', protocol: 'SSL', properties: { ...store(identities.tls), ...mutual } },
    { name: 'EXPIRED', protocol: 'SSL', properties: store(identities.expired) },
    { name: 'ELSEWHERE', protocol: 'SSL', properties: store(identities.elsewhere) },
    { name: 'LOGIN', protocol: 'SASL_PLAINTEXT', properties: login },
    {
      name: 'SHORT',
      protocol: 'SASL_PLAINTEXT',
      properties: {
        'sasl.enabled.mechanisms': 'SCRAM-SHA-256',
        'scram-sha-256.sasl.jaas.config': `${scramModule} required;`,
        'scram-sha-256.connections.max.reauth.ms': '2000',
      },
    },
    { name: 'TLSLOGIN', protocol: 'SASL_SSL', properties: { ...login, ...store(identities.tls) } },
  ];
}
