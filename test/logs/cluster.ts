/** Three real brokers of a given Kafka version, so that partitions have several leaders. One of them is the controller too. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, installOnce } from '../../stack/cache.ts';
import {
  brokerProperties,
  javaArguments,
  kafkaServer,
  mavenInstall,
  newClusterId,
} from '../../stack/kafka.ts';
import type { KafkaJars } from '../../stack/kafka.ts';
import { PortMemory } from '../../stack/ports.ts';
import { terminalLog } from '../../stack/progress.ts';
import { runTool } from '../../stack/run-tool.ts';
import { Server } from '../../stack/server.ts';
import { findOnPath } from '../../stack/tools.ts';

const nodes = [1, 2, 3];

export type Cluster = { readonly bootstrap: string; readonly jars: KafkaJars; stop(): Promise<void> };

export async function startCluster(version: string, folder: string): Promise<Cluster> {
  const log = terminalLog();
  const jars = await installed(version);
  const clusterId = newClusterId();
  let controller: string | null = null;
  const started: Server[] = [];
  const addresses: string[] = [];
  const stop = async () => {
    for (const server of started.toReversed()) await server.stop();
  };
  try {
    for (const node of nodes) {
      const dataDir = join(folder, `node-${node}`);
      mkdirSync(dataDir, { recursive: true });
      const ports = new PortMemory(dataDir);
      // The port that the recipe will find remembered.
      const port = await ports.take('kafka', log);
      controller ??= `1@127.0.0.1:${await ports.take('kafka-controller', log)}`;
      const properties = propertiesOf(node, controller, port);
      const { recipe, bootstrap } = await kafkaServer({ jars, dataDir, ports, log, properties });
      await format(jars, join(dataDir, 'kafka'), { clusterId, properties });
      const server = new Server({ ...recipe, title: `Kafka ${version}, node ${node}` }, log, () => undefined);
      started.push(server);
      await server.start();
      addresses.push(bootstrap);
    }
    return { bootstrap: addresses.join(','), jars, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function propertiesOf(node: number, controller: string, port: number): Record<string, string> {
  const shared = {
    'node.id': String(node),
    'controller.quorum.voters': controller,
    'transaction.max.timeout.ms': '900000',
  };
  if (node === 1) return shared;
  return { ...shared, 'process.roles': 'broker', listeners: `PLAINTEXT://127.0.0.1:${port}` };
}

async function installed(version: string): Promise<KafkaJars> {
  const java = findOnPath('java', process.env);
  const maven = findOnPath('mvn', process.env);
  if (java === null || maven === null) throw new Error('Java and Maven are needed: install both');
  const libs = join(cacheFolder(process.env), `kafka-${version}`);
  const artifacts = [`org.apache.kafka:kafka_2.13:${version}`, 'org.slf4j:slf4j-simple:1.7.36'];
  await installOnce(
    mavenInstall({ maven, env: process.env, target: libs, version, artifacts }),
    terminalLog(),
  );
  return { java, libs };
}

async function format(
  jars: KafkaJars,
  folder: string,
  options: { readonly clusterId: string; readonly properties: Record<string, string> },
): Promise<void> {
  const draft = join(folder, 'logs.new');
  const config = join(folder, 'format.properties');
  if (existsSync(join(folder, 'logs'))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    config,
    brokerProperties({ port: 1, controllerPort: 2, logDir: draft, properties: options.properties }),
  );
  await runTool({
    file: jars.java,
    args: [
      ...javaArguments(jars.libs),
      'kafka.tools.StorageTool',
      'format',
      '--cluster-id',
      options.clusterId,
      '--config',
      config,
    ],
    doing: "Formatting Kafka's data folder",
  });
  renameSync(draft, join(folder, 'logs'));
  rmSync(config);
}
