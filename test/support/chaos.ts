/**
 * One chaos run: rows with unique ids go in while processes are killed and frozen, then everything comes to rest, and the
 * ledger says where each id is. The short form is a test, the long form `npm run chaos`.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDev } from '../../stack/dev-stack.ts';
import type { DevStack } from '../../stack/dev-stack.ts';
import { freePort } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { openPool } from '../../storage/pool.ts';
import type { Fault } from './faults.ts';
import { IdProducer } from './id-producer.ts';
import { takeLedger } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { waitFor } from './wait-for.ts';

export type ChaosPlan = {
  readonly rows: number;
  readonly rowsPerSecond: number;
  readonly partitions: number;
  readonly taskCount: number;
  readonly replicas: number;
  readonly taskDuration: string;
  /** Rows of a sequence after which it is ended: several sequences per generation. */
  readonly maxTotalRows: number;
  readonly ingestWorkers: number;
  /** In order; spread evenly over the time of producing. */
  readonly faults: readonly Fault[];
  readonly say: (line: string) => void;
  /** How long everything may take to come to rest after the last row. */
  readonly restMs: number;
};

export type ChaosReport = {
  readonly ledger: Ledger;
  readonly faults: readonly string[];
  readonly produced: number;
  readonly generations: number;
  readonly sequences: number;
  readonly seconds: { readonly produce: number; readonly rest: number };
};

const graceMs = 10_000;
const topic = 'chaos';
const supervisorId = 'chaos';

export async function runChaos(plan: ChaosPlan): Promise<ChaosReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'headgate-chaos-'));
  const dev = await startDev({
    dataDir,
    port: await freePort(),
    ingestWorkers: plan.ingestWorkers,
    capacity: null,
    env: { ...process.env, HEADGATE_REAPER_GRACE: String(graceMs) },
    log: silentLog,
  });
  try {
    return await drive(dev, plan);
  } finally {
    await dev.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function drive(dev: DevStack, plan: ChaosPlan): Promise<ChaosReport> {
  const kafka = dev.stack.addresses.kafka ?? '';
  const postgresUrl = dev.stack.addresses.postgres ?? '';
  const pool = openPool({ url: postgresUrl, applicationName: 'headgate-chaos', max: 2 });
  const producer = await IdProducer.open({
    bootstrap: kafka,
    topic,
    partitions: plan.partitions,
    total: plan.rows,
    rowsPerSecond: plan.rowsPerSecond,
    firstTimestampMs: Date.UTC(2026, 0, 1),
    spanMs: 3 * 3_600_000,
  });
  try {
    await postSpec(dev.api, chaosSpec(plan, kafka));
    const startedMs = performance.now();
    const faults = await produceUnderFaults(dev, producer, plan);
    const producedMs = performance.now();
    plan.say(`${producer.produced} rows produced; waiting for rest`);
    await waitFor(
      async () => {
        const { rows } = await pool.query<{ sum: string | null }>(
          'select sum(next_position) as sum from partition_state where supervisor_id = $1',
          [supervisorId],
        );
        plan.say(`published ${rows[0]?.sum ?? 0} of ${plan.rows}`);
        return Number(rows[0]?.sum ?? 0) >= plan.rows;
      },
      { what: 'every row to be published', timeoutMs: plan.restMs, everyMs: 2_000 },
    );
    await suspend(dev.api, pool);
    const restedMs = performance.now();
    const ledger = await takeLedger({
      pool,
      bootstrap: kafka,
      topic,
      supervisorId,
      deepStorage: fileURLToPath(dev.describe().deepStorage),
      graceMs,
      expectedIds: plan.rows,
    });
    const { rows } = await pool.query<{ generations: string; sequences: string }>(
      `select (select count(*) from task_group where supervisor_id = $1) as generations,
         (select count(*) from sequence where supervisor_id = $1 and state = 'published') as sequences`,
      [supervisorId],
    );
    return {
      ledger,
      faults,
      produced: producer.produced,
      generations: Number(rows[0]?.generations ?? 0),
      sequences: Number(rows[0]?.sequences ?? 0),
      seconds: { produce: (producedMs - startedMs) / 1000, rest: (restedMs - producedMs) / 1000 },
    };
  } finally {
    await producer.close();
    await pool.end();
  }
}

/** Faults spread evenly over the producing: fault i comes when (i + 1) / (n + 1) of the rows are out. */
async function produceUnderFaults(dev: DevStack, producer: IdProducer, plan: ChaosPlan): Promise<string[]> {
  const done: string[] = [];
  for (const [index, fault] of plan.faults.entries()) {
    const due = Math.floor((plan.rows * (index + 1)) / (plan.faults.length + 1));
    await waitFor(() => producer.produced >= due, { what: `row ${due}`, timeoutMs: 3_600_000, everyMs: 100 });
    plan.say(`${producer.produced} rows: ${fault.name}`);
    await fault.strike(dev, producer);
    done.push(fault.name);
  }
  await producer.done;
  return done;
}

/** Suspending publishes what is read and starts nothing new: afterwards nothing moves any more. */
async function suspend(api: string, pool: ReturnType<typeof openPool>): Promise<void> {
  await waitFor(
    async () =>
      (await fetch(`${api}/druid/indexer/v1/supervisor/${supervisorId}/suspend`, { method: 'POST' })).ok,
    { what: 'suspend to be accepted', timeoutMs: 60_000, everyMs: 500 },
  );
  await waitFor(
    async () => {
      const { rows } = await pool.query(
        "select 1 from sequence where supervisor_id = $1 and state in ('open', 'ended')",
        [supervisorId],
      );
      return rows.length === 0;
    },
    { what: 'every sequence to be published', timeoutMs: 180_000, everyMs: 500 },
  );
}

function chaosSpec(plan: ChaosPlan, bootstrap: string): unknown {
  return {
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource: supervisorId,
        timestampSpec: { column: 'ts', format: 'iso' },
        dimensionsSpec: {
          dimensions: [
            { type: 'long', name: 'id' },
            { type: 'long', name: 'p' },
            'site',
            { type: 'double', name: 'value' },
          ],
        },
        granularitySpec: { segmentGranularity: 'hour', queryGranularity: 'none', rollup: false },
      },
      ioConfig: {
        topic,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': bootstrap },
        taskCount: plan.taskCount,
        replicas: plan.replicas,
        taskDuration: plan.taskDuration,
        startDelay: 'PT1S',
        period: 'PT2S',
        useEarliestOffset: true,
        completionTimeout: 'PT3M',
      },
      tuningConfig: { type: 'kafka', intermediatePersistPeriod: 'PT5S', maxTotalRows: plan.maxTotalRows },
    },
  };
}

async function postSpec(api: string, spec: unknown): Promise<void> {
  const answer = await fetch(`${api}/druid/indexer/v1/supervisor`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  });
  if (!answer.ok) throw new Error(`the spec was refused: ${answer.status} ${await answer.text()}`);
}
