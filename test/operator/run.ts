/**
 * A random operator at work on several supervisors under load: three on one topic, two of them on one data source. At the
 * end everything is published, and each record must be in the data exactly as often as the orders have announced.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDev } from '../../stack/dev-stack.ts';
import type { DevStack } from '../../stack/dev-stack.ts';
import { freePort } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { checkInvariants } from '../../storage/invariants.ts';
import { openPool } from '../../storage/pool.ts';
import { IdProducer } from '../support/id-producer.ts';
import { waitFor } from '../support/wait-for.ts';
import { Chance } from './chance.ts';
import { countRows } from './check.ts';
import type { Count } from './check.ts';
import { Operator } from './operator.ts';
import type { Given, SpecText } from './operator.ts';

export type OperatorPlan = {
  readonly seed: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  readonly partitions: number;
  readonly taskDuration: string;
  readonly ingestWorkers: number;
  readonly say: (line: string) => void;
  /** Called with everything still running, after the count. */
  readonly atEnd?: (dev: DevStack) => Promise<void>;
};

export type OperatorReport = {
  readonly seed: number;
  readonly produced: number;
  readonly given: readonly Given[];
  /** Orders that were not answered, or not in time, or with a mistake of ours. */
  readonly unanswered: readonly Given[];
  /** Supervisors that did not come to rest. */
  readonly stuck: readonly string[];
  readonly counts: readonly (Count & { readonly supervisorId: string })[];
  readonly invariants: readonly string[];
};

const topic = 'operated';
const supervisors = [
  { id: 'first', dataSource: 'shared' },
  { id: 'second', dataSource: 'shared' },
  { id: 'alone', dataSource: 'alone' },
] as const;
const restLimitMs = 240_000;

export async function runOperator(plan: OperatorPlan): Promise<OperatorReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'headgate-operator-'));
  const dev = await startDev({
    dataDir,
    port: await freePort(),
    ingestWorkers: plan.ingestWorkers,
    capacity: null,
    env: process.env,
    log: silentLog,
  });
  try {
    return await drive(dev, plan, join(dataDir, 'segments'));
  } finally {
    await dev.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function drive(dev: DevStack, plan: OperatorPlan, deepStorage: string): Promise<OperatorReport> {
  const bootstrap = dev.stack.addresses.kafka ?? '';
  const producer = await IdProducer.open({
    bootstrap,
    topic,
    partitions: plan.partitions,
    total: plan.seconds * plan.rowsPerSecond,
    rowsPerSecond: plan.rowsPerSecond,
    firstTimestampMs: Date.UTC(2026, 0, 1),
    spanMs: 3_600_000,
  });
  const operators = supervisors.map(
    ({ id, dataSource }, index) =>
      new Operator({
        api: dev.api,
        id,
        chance: new Chance(plan.seed * 31 + index),
        stream: { topic, partitions: plan.partitions },
        spec: specOf(plan, { id, dataSource, bootstrap }),
      }),
  );
  try {
    const until = Date.now() + plan.seconds * 1_000;
    await Promise.all(operators.map((operator) => work(operator, until, plan)));
    await producer.done;
    plan.say(`${producer.produced} rows produced; waiting until all is published`);
    const stuck = await comeToRest(operators);
    const report = await takeReport(dev, plan, {
      operators,
      deepStorage,
      produced: producer.produced,
      stuck,
    });
    await plan.atEnd?.(dev);
    return report;
  } finally {
    await producer.close();
  }
}

async function work(operator: Operator, until: number, plan: OperatorPlan): Promise<void> {
  await operator.begin();
  while (Date.now() < until) {
    const before = operator.given.length;
    await operator.giveOrder();
    for (const { supervisorId, order, status, tookMs, text } of operator.given.slice(before))
      plan.say(`${supervisorId} ${order}: ${status} in ${tookMs} ms ${text}`);
  }
}

/** Read to the end, then suspended: everything is published. Answers who did not get there. */
async function comeToRest(operators: readonly Operator[]): Promise<string[]> {
  const stuck: string[] = [];
  for (const [index, operator] of operators.entries()) {
    const { id } = supervisors[index]!;
    try {
      await operator.resume();
      await waitFor(async () => (await stateOf(operator)).lag === 0, {
        what: `${id} to read everything`,
        timeoutMs: restLimitMs,
      });
      await operator.suspend();
      await waitFor(async () => (await stateOf(operator)).live === 0, {
        what: `${id} to publish everything`,
        timeoutMs: restLimitMs,
      });
    } catch (error) {
      const { text } = await operator.get('status');
      stuck.push(`${id}: ${String(error)}; its status: ${text.slice(0, 2_000)}`);
    }
  }
  return stuck;
}

async function stateOf(operator: Operator): Promise<{ lag: number | null; live: number | null }> {
  const { status, body } = await operator.get('status');
  if (status !== 200) return { lag: null, live: null };
  const payload = body['payload'] as { aggregateLag?: number; headgate: { groups: unknown[] } };
  return { lag: payload.aggregateLag ?? null, live: payload.headgate.groups.length };
}

async function takeReport(
  dev: DevStack,
  plan: OperatorPlan,
  facts: {
    readonly operators: readonly Operator[];
    readonly deepStorage: string;
    readonly produced: number;
    readonly stuck: readonly string[];
  },
): Promise<OperatorReport> {
  const url = dev.stack.addresses.postgres ?? '';
  const pool = openPool({ url, max: 2, applicationName: 'headgate operator test' });
  try {
    const counts = [];
    for (const [index, operator] of facts.operators.entries()) {
      const { id, dataSource } = supervisors[index]!;
      const count = await countRows({
        pool,
        deepStorage: facts.deepStorage,
        dataSource,
        supervisorId: id,
        announced: operator.announced,
        partitions: plan.partitions,
        produced: facts.produced,
      });
      counts.push({ supervisorId: id, ...count });
    }
    const given = facts.operators.flatMap((operator) => operator.given);
    const broken = (await checkInvariants(pool)).filter((found) => !found.ok);
    return {
      seed: plan.seed,
      produced: facts.produced,
      given,
      unanswered: given.filter(({ status }) => status === 0 || status >= 500),
      stuck: facts.stuck,
      counts,
      invariants: broken.map(({ id, detail }) => `${id}: ${detail}`),
    };
  } finally {
    await pool.end();
  }
}

function specOf(
  plan: OperatorPlan,
  { id, dataSource, bootstrap }: { id: string; dataSource: string; bootstrap: string },
): SpecText {
  return {
    type: 'kafka',
    id,
    spec: {
      dataSchema: {
        dataSource,
        timestampSpec: { column: 'ts', format: 'iso' },
        transformSpec: { transforms: [{ type: 'expression', name: 'sup', expression: `'${id}'` }] },
        dimensionsSpec: {
          dimensions: ['sup', { type: 'long', name: 'id' }, { type: 'long', name: 'p' }, 'site'],
        },
        granularitySpec: { segmentGranularity: 'day', queryGranularity: 'none', rollup: false },
      },
      ioConfig: {
        topic,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': bootstrap },
        taskCount: 2,
        replicas: id === 'alone' ? 2 : 1,
        taskDuration: plan.taskDuration,
        startDelay: 'PT1S',
        period: 'PT2S',
        useEarliestOffset: true,
      },
      tuningConfig: { type: 'kafka', maxRowsInMemory: 20_000 },
    },
  };
}
