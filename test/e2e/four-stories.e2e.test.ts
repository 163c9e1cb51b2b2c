/**
 * What `headgate explain` tells of a supervisor that scaled, rolled over, lost a worker and met an offset that is gone:
 * four stories, from what really happened to it.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lastWords, openDev, postSpec, produceIds, publishedIds, smallSpec } from '../support/dev.ts';
import type { TestDev } from '../support/dev.ts';
import { waitFor } from '../support/wait-for.ts';

const id = 'told';
const partitions = 2;
const program = join(import.meta.dirname, '../../dist/cli/main.js');
let dev: TestDev;

beforeAll(async () => void (dev = await openDev()), 180_000);
afterAll(async () => dev?.[Symbol.asyncDispose](), 60_000);

it('tells the four stories in plain words', { timeout: 400_000 }, async ({ onTestFailed }) => {
  onTestFailed(async () => {
    console.log(await headgate('tasks', id), await headgate('explain', id), lastWords(dev));
  });
  const bootstrap = dev.stack.addresses.kafka ?? '';
  await produceIds(dev, { topic: id, partitions, first: 0, count: 1_000 });
  await postSpec(dev, smallSpec({ id, topic: id, bootstrap, taskDuration: 'PT20S' }));
  await told('rollover', /taskDuration/);

  await order('scale', { taskCount: 2, reason: 'a busy evening' });
  await told('scaled', /busy evening/);

  await waitFor(async () => (await activeTasks()) === 2, { what: 'two tasks', timeoutMs: 60_000 });
  dev.kill('ingest', 'SIGKILL', 0);
  dev.kill('ingest', 'SIGKILL', 1);
  await told('taskLost', /lost/);

  await order('suspend');
  await waitFor(async () => (await publishedIds(dev, id)).rows === 1_000, {
    what: 'all rows',
    timeoutMs: 60_000,
  });
  await produceIds(dev, { topic: id, partitions, first: 1_000, count: 1_000 });
  await trim(bootstrap, 0, '750');
  await order('resume');
  await told('trouble', /partition 0.*500.*750/);
  expect((await fetch(`${dev.api}/druid/indexer/v1/supervisor/${id}/health`)).status).toBe(503);
  const sick = await headgate('explain', id);
  expect(sick).toMatch(/500/);
  expect(sick).toMatch(/reset/i);

  const partitionOffsetMap = { '0': 750 };
  await order('resetOffsets', { type: 'kafka', partitions: { type: 'end', stream: id, partitionOffsetMap } });
  await told('troubleOver', /partition 0/);
  await waitFor(async () => (await publishedIds(dev, id)).rows === 1_750, {
    what: 'every row that there still is',
    timeoutMs: 90_000,
  });
  expect(await publishedIds(dev, id)).toEqual({ rows: 1_750, ids: 1_750 });

  const story = await headgate('explain', id);
  console.log(story);
  expect(story).toMatch(/from 1 to 2/i);
  expect(story).toMatch(/a busy evening/);
  expect(story).toMatch(/rolled over|stopped reading/i);
  expect(story).toMatch(/lost/i);
  expect(story).toMatch(/partition 0/);
  expect(story).toMatch(/250 records|500.*750/);
});

async function order(verb: string, body?: unknown): Promise<void> {
  const answer = await fetch(`${dev.api}/druid/indexer/v1/supervisor/${id}/${verb}?wait=true`, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  // A supervisor that cannot read does not come to RUNNING: resume is taken all the same.
  if (!answer.ok && verb !== 'resume') throw new Error(`${verb}: ${answer.status} ${await answer.text()}`);
}

async function told(kind: string, text: RegExp): Promise<void> {
  await waitFor(
    async () => {
      const answer = await fetch(
        `${dev.api}/druid/indexer/v1/supervisor/${id}/explain?limit=200&kind=${kind}`,
      );
      if (!answer.ok) return false;
      const { lines } = (await answer.json()) as { lines: { text: string }[] };
      return lines.some((line) => text.test(line.text));
    },
    { what: `a line of kind ${kind} with ${text}`, timeoutMs: 120_000, everyMs: 500 },
  );
}

async function activeTasks(): Promise<number> {
  const answer = await fetch(`${dev.api}/druid/indexer/v1/supervisor/${id}/status`);
  const { payload } = (await answer.json()) as { payload: { activeTasks: { startTime: string | null }[] } };
  return payload.activeTasks.filter(({ startTime }) => startTime !== null).length;
}

async function trim(bootstrap: string, partition: number, offset: string): Promise<void> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  // kafkajs deletes only from topics whose leaders it has asked for before.
  await admin.fetchTopicOffsets(id);
  await admin.deleteTopicRecords({ topic: id, partitions: [{ partition, offset }] });
  await admin.disconnect();
}

function headgate(...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], {
      env: { ...process.env, HEADGATE_URL: dev.api },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const out: string[] = [];
    child.stdout.on('data', (data: Buffer) => out.push(data.toString()));
    child.on('error', reject);
    child.on('close', () => resolve(out.join('')));
  });
}
