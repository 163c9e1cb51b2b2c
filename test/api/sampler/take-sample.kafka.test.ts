/** Samples of a real topic, each in a thread of its own from `dist/`. */
import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSamplerRequest } from '../../../api/sampler/sampler-request.ts';
import { Sampler } from '../../../api/sampler/take-sample.ts';
import { kafkaBootstrap } from '../../support/addresses.ts';

const topic = `sampler-${randomBytes(4).toString('hex')}`;
const sampler = new Sampler({ secretEnvPrefixes: [] });

type Answer = {
  readonly numRowsRead: number;
  readonly data: readonly { readonly parsed?: { s?: string } }[];
};

function body(changes: { io?: object; samplerConfig?: object } = {}): unknown {
  return {
    type: 'kafka',
    spec: {
      type: 'kafka',
      spec: {
        dataSchema: {
          dataSource: 's',
          timestampSpec: { column: 't', format: 'auto' },
          dimensionsSpec: { dimensions: ['s'] },
          granularitySpec: { rollup: false },
        },
        ioConfig: {
          topic,
          inputFormat: { type: 'json' },
          consumerProperties: { 'bootstrap.servers': kafkaBootstrap() },
          useEarliestOffset: true,
          ...changes.io,
        },
      },
    },
    samplerConfig: { timeoutMs: 5_000, ...changes.samplerConfig },
  };
}

async function take(changes: Parameters<typeof body>[0] = {}): Promise<Answer> {
  return JSON.parse(await sampler.take(readSamplerRequest(body(changes)))) as Answer;
}

beforeAll(async () => {
  const kafka = new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic,
    messages: Array.from({ length: 30 }, (_, at) => ({
      partition: at % 2,
      value: at === 7 ? 'broken' : JSON.stringify({ t: at, s: `row ${at}` }),
    })),
  });
  await producer.disconnect();
});

afterAll(() => sampler.close());

it('reads a topic to its end, without waiting for more', async () => {
  const { numRowsRead, data } = await take({ samplerConfig: { timeoutMs: 60_000 } });
  expect(numRowsRead).toBe(30);
  expect(new Set(data.flatMap(({ parsed }) => parsed?.s ?? [])).size).toBe(29);
});

it('stops at the rows asked for', async () => {
  expect((await take({ samplerConfig: { numRows: 4 } })).numRowsRead).toBe(4);
});

it('waits for new records only as long as it may', async () => {
  const answer = await take({ io: { useEarliestOffset: false }, samplerConfig: { timeoutMs: 500 } });
  expect(answer.numRowsRead).toBe(0);
});

it('says what kept it from reading, as the mistake of the caller', async () => {
  const details = expect.objectContaining({ status: 400 }) as object;
  await expect(take({ io: { topic: `${topic}-none` } })).rejects.toMatchObject({
    message: expect.stringMatching(/^Failed to sample data: .*does not exist/) as string,
    details,
  });
  await expect(
    take({ io: { consumerProperties: { 'bootstrap.servers': '127.0.0.1:1' } } }),
  ).rejects.toMatchObject({ code: 'STREAM_UNREACHABLE', details });
});

it('takes a few at a time and refuses more', async () => {
  const slow = { io: { useEarliestOffset: false }, samplerConfig: { timeoutMs: 1_000 } };
  const answers = await Promise.allSettled([take(slow), take(slow), take(slow)]);
  expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  const refused = answers.find(({ status }) => status === 'rejected');
  expect(refused).toMatchObject({ reason: { details: { status: 429 } } });
});
