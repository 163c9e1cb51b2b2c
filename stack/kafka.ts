/**
 * A single Kafka broker (KRaft) from its jars: from an address, an installation on PATH, the cache, or Maven.
 *
 * Made for development: topics exist only when they are created, transactions work with one replica, records of 5 MB
 * fit, retention and compaction act within seconds.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import type { Install } from './cache.ts';
import type { Located } from './located.ts';
import { kafkaPin } from './pins.ts';
import type { PortMemory } from './ports.ts';
import type { StackLog } from './progress.ts';
import { runTool } from './run-tool.ts';
import type { ServerRecipe } from './server.ts';
import { findOnPath, javaMajor } from './tools.ts';
import type { Env, Missing } from './tools.ts';

/** `libs` is a folder of jars. */
export type KafkaJars = { readonly java: string; readonly libs: string };

const ownServer = 'set HEADGATE_KAFKA_BOOTSTRAP to a running broker';

export async function locateKafka(env: Env): Promise<Located<KafkaJars>> {
  const address = env['HEADGATE_KAFKA_BOOTSTRAP'];
  if (address) return { kind: 'external', address };
  const missing: Missing[] = [];
  const java = await findJava(env, missing);
  const installed = jarsOnPath(env);
  const target = join(cacheFolder(env), `kafka-${kafkaPin.version}`);
  const libs = installed ?? (existsSync(target) ? target : null);
  const maven = findOnPath('mvn', env);
  if (libs === null && maven === null)
    missing.push({
      tool: 'Maven',
      forWhat: "Kafka's jars",
      remedy: `install Maven, or put Kafka's bin folder on PATH, or ${ownServer}`,
    });
  if (java === null || missing.length > 0) return { kind: 'missing', missing };
  if (libs === null && maven !== null)
    return { kind: 'installable', source: { java, libs: target }, install: pinned(maven, env, target) };
  const source = { java, libs: libs ?? target };
  const warning = installed === null ? null : versionWarning(installed);
  return { kind: 'present', source, ...(warning === null ? {} : { warning }) };
}

async function findJava(env: Env, missing: Missing[]): Promise<string | null> {
  const java = findOnPath('java', env);
  const major = java === null ? null : await javaMajor(java);
  if (java !== null && major !== null && major >= kafkaPin.javaLeast) return java;
  const tool = major === null ? `Java ${kafkaPin.javaLeast}` : `Java ${kafkaPin.javaLeast} (found ${major})`;
  missing.push({
    tool,
    forWhat: 'Kafka',
    remedy: `install a Java runtime ${kafkaPin.javaLeast} or newer, or ${ownServer}`,
  });
  return null;
}

/** `kafka-server-start` lies in bin/, the jars in libs/ beside it. */
function jarsOnPath(env: Env): string | null {
  for (const name of ['kafka-server-start.sh', 'kafka-server-start']) {
    const script = findOnPath(name, env);
    if (script === null) continue;
    const libs = join(dirname(dirname(script)), 'libs');
    if (existsSync(libs) && brokerJar(libs) !== undefined) return libs;
  }
  return null;
}

function brokerJar(libs: string): string | undefined {
  return readdirSync(libs).find((file) => /^kafka_2\.\d+-\d[\d.]*\.jar$/.test(file));
}

function versionWarning(libs: string): string | null {
  const jar = brokerJar(libs) ?? '';
  if (jar.endsWith(`-${kafkaPin.version}.jar`)) return null;
  return `${join(libs, jar)} is not Kafka ${kafkaPin.version}, with which Headgate is tested; it is used all the same.`;
}

function pinned(maven: string, env: Env, target: string): Install {
  const artifacts = [kafkaPin.artifact, kafkaPin.logging];
  return mavenInstall({ maven, env, target, version: kafkaPin.version, artifacts });
}

export function mavenInstall(options: {
  readonly maven: string;
  readonly env: Env;
  readonly target: string;
  readonly version: string;
  readonly artifacts: readonly string[];
}): Install {
  const { maven, env, target, version, artifacts } = options;
  const title = `Fetching Kafka ${version} with Maven (once, up to a minute)`;
  return {
    target,
    title,
    build: async (folder, detail) => {
      const pom = join(folder, 'pom.xml');
      writeFileSync(pom, pomOf(artifacts));
      await runTool({
        file: maven,
        args: ['-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`],
        options: { cwd: folder, env },
        doing: "Fetching Kafka's jars",
        onLine: (line) => {
          const file = /Downloading from [^:]*: \S*\/([^/\s]+)$/.exec(line)?.[1];
          if (file !== undefined) detail(file);
        },
      });
      rmSync(pom);
    },
  };
}

export function pomOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return [
    '<project>',
    '  <modelVersion>4.0.0</modelVersion>',
    '  <groupId>headgate</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>',
    '  <dependencies>',
    ...dependencies,
    '  </dependencies>',
    '</project>',
    '',
  ].join('\n');
}

/** Beside the plain listener, which stays the one brokers and tools use among themselves. */
export type KafkaListener = {
  /** In capitals: a part of names of settings. */
  readonly name: string;
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  /** Without the prefix `listener.name.<name>.`. */
  readonly properties: Readonly<Record<string, string>>;
};

export type KafkaOptions = {
  readonly jars: KafkaJars;
  readonly dataDir: string;
  readonly ports: PortMemory;
  readonly log: StackLog;
  /** Asked for at each start, so that certificates can change. */
  readonly listeners?: () => readonly KafkaListener[];
  /** Settings of the broker beside the usual ones. */
  readonly properties?: Readonly<Record<string, string>>;
};

export type KafkaServer = {
  readonly recipe: ServerRecipe;
  readonly bootstrap: string;
  /** host:port by the name of a listener. */
  readonly listeners: ReadonlyMap<string, string>;
};

export async function kafkaServer(options: KafkaOptions): Promise<KafkaServer> {
  const { jars, dataDir, ports, log, properties = {} } = options;
  const port = await ports.take('kafka', log);
  const controllerPort = await ports.take('kafka-controller', log);
  const listenerPorts = new Map<string, number>();
  for (const { name } of options.listeners?.() ?? [])
    listenerPorts.set(name, await ports.take(`kafka-${name.toLowerCase()}`, log));
  const folder = join(dataDir, 'kafka');
  const config = join(folder, 'server.properties');
  const bootstrap = `127.0.0.1:${port}`;
  const java = javaArguments(jars.libs);
  const recipe: ServerRecipe = {
    name: 'kafka',
    title: 'Kafka',
    port,
    logFile: join(dataDir, 'logs', 'kafka.log'),
    prepare: async () => {
      mkdirSync(folder, { recursive: true });
      const logDir = join(folder, 'logs');
      if (!existsSync(logDir)) await format(jars.java, java, folder, logDir);
      const listeners = (options.listeners?.() ?? []).map((listener) => ({
        ...listener,
        port: listenerPorts.get(listener.name) ?? 0,
      }));
      writeFileSync(config, brokerProperties({ port, controllerPort, logDir, listeners, properties }), {
        mode: 0o600,
      });
    },
    command: { file: jars.java, args: ['-Xms64m', '-Xmx384m', ...java, 'kafka.Kafka', config] },
    probe: () => probeKafka(bootstrap),
    stage: 2,
    stopSignal: 'SIGTERM',
    stopBoundMs: 10_000,
    passing: /Failed to acquire lock on file/,
  };
  const listeners = new Map([...listenerPorts].map(([name, taken]) => [name, `127.0.0.1:${taken}`]));
  return { recipe, bootstrap, listeners };
}

/** A sorted, explicit class path: the same one at every start, whatever order the file system has. */
export function javaArguments(libs: string): string[] {
  const jars = existsSync(libs) ? readdirSync(libs).filter((file) => file.endsWith('.jar')) : [];
  return [
    // The first compiler alone and the plain collector: a broker of one developer starts in half the CPU time.
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    jars
      .sort()
      .map((file) => join(libs, file))
      .join(':'),
  ];
}

/** Formatted aside and renamed: a folder called `logs` is a whole one. */
async function format(java: string, args: readonly string[], folder: string, logDir: string): Promise<void> {
  const draft = join(folder, 'logs.new');
  const config = join(folder, 'format.properties');
  rmSync(draft, { recursive: true, force: true });
  writeFileSync(config, brokerProperties({ port: 1, controllerPort: 2, logDir: draft }));
  await runTool({
    file: java,
    args: [...args, 'kafka.tools.StorageTool', 'format', '--cluster-id', newClusterId(), '--config', config],
    doing: "Formatting Kafka's data folder",
  });
  renameSync(draft, logDir);
  rmSync(config);
}

/** Kafka's own form. One that begins with "-" would be read as an option. */
export function newClusterId(random: () => Buffer = () => randomBytes(16)): string {
  for (;;) {
    const id = random().toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

export function brokerProperties(options: {
  readonly port: number;
  readonly controllerPort: number;
  readonly logDir: string;
  readonly listeners?: readonly (KafkaListener & { readonly port: number })[];
  readonly properties?: Readonly<Record<string, string>>;
}): string {
  const more = options.listeners ?? [];
  const places = [
    `PLAINTEXT://127.0.0.1:${options.port}`,
    ...more.map((listener) => `${listener.name}://127.0.0.1:${listener.port}`),
  ];
  const protocols = more.map((listener) => `,${listener.name}:${listener.protocol}`).join('');
  const recordBytesMax = 5 * 1024 * 1024 + 64 * 1024;
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${options.controllerPort}`,
    listeners: `${places.join(',')},CONTROLLER://127.0.0.1:${options.controllerPort}`,
    'advertised.listeners': places.join(','),
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': options.logDir,
    'num.partitions': 1,
    'auto.create.topics.enable': false,
    'delete.topic.enable': true,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    // Records of 5 MB and the batch around them.
    'message.max.bytes': recordBytesMax,
    'replica.fetch.max.bytes': recordBytesMax,
    // Retention, deletion and compaction that can be watched.
    'log.retention.check.interval.ms': 1_000,
    'log.segment.delete.delay.ms': 1_000,
    'log.cleaner.backoff.ms': 1_000,
    'log.cleaner.min.cleanable.ratio': 0.01,
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
    'log.cleaner.io.buffer.size': 512 * 1024,
  };
  for (const listener of more)
    for (const [key, value] of Object.entries(listener.properties))
      properties[`listener.name.${listener.name.toLowerCase()}.${key}`] = value;
  return Object.entries({ ...properties, ...options.properties })
    .map(([key, value]) => `${key}=${String(value).replaceAll('\n', '\\n')}\n`)
    .join('');
}

export async function probeKafka(bootstrap: string): Promise<void> {
  const { Kafka, logLevel } = await import('kafkajs');
  const admin = new Kafka({
    brokers: bootstrap.split(','),
    clientId: 'headgate-stack',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    const { brokers, controller } = await admin.describeCluster();
    if (brokers.length === 0 || controller === null) throw new Error('the broker is not registered yet');
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
