/**
 * `npm run logs`: logs of every kind in real clusters, read by us and by Kafka's own consumer, compared record by record.
 *
 * All codecs, interleaved, aborted and open transactions, compaction, deleted records, three leaders, records of 1 byte to
 * 5 MB; both isolation levels; Kafka 3.9 and 4.3. Ends with 1 when a single record differs.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kafkaPin } from '../../stack/pins.ts';
import { runTool } from '../../stack/run-tool.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { compareTopic, type Isolation } from './compare-topic.ts';

const topics = [
  'log-none',
  'log-gzip',
  'log-snappy',
  'log-lz4',
  'log-zstd',
  'log-transactions',
  'log-deleted',
  'log-compacted',
];
const isolations: readonly Isolation[] = ['read_committed', 'read_uncommitted'];

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1100000' },
    seed: { type: 'string', default: '20261121' },
    versions: { type: 'string', default: `3.9.1,${kafkaPin.version}` },
  },
});

let differed = false;
for (const version of values.versions.split(',')) if (!(await compareVersion(version))) differed = true;
process.exitCode = differed ? 1 : 0;

async function compareVersion(version: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-logs-'));
  const cluster = await startCluster(version, folder);
  try {
    await logTool(cluster, ['make', cluster.bootstrap, values.seed, values.records], 'Making the logs');
    let total = 0;
    let differences = 0;
    for (const topic of topics)
      for (const isolation of isolations) {
        const expected = join(folder, `${topic}-${isolation}`);
        mkdirSync(expected);
        await logTool(
          cluster,
          ['read', cluster.bootstrap, topic, isolation, expected],
          `Reading ${topic} with Kafka's consumer`,
        );
        const found = await compareTopic({ bootstrap: cluster.bootstrap, topic, isolation, expected });
        console.log(
          `Kafka ${version} ${topic} ${isolation}: ${found.records} records, ${found.bytes} bytes of values, ${found.differences.length === 0 ? 'equal' : 'DIFFERENT'}`,
        );
        for (const difference of found.differences) console.log(`  ${difference}`);
        differences += found.differences.length;
        if (isolation === 'read_committed') total += found.records;
      }
    console.log(
      `Kafka ${version}: ${total} committed records, ${differences === 0 ? 'all equal' : 'DIFFERENT'}`,
    );
    return differences === 0;
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function logTool(cluster: Cluster, args: readonly string[], doing: string): Promise<void> {
  const source = join(import.meta.dirname, 'LogTool.java');
  const jars = join(cluster.jars.libs, '*');
  await runTool({
    file: cluster.jars.java,
    args: ['-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', jars, source, ...args],
    doing,
  });
}
