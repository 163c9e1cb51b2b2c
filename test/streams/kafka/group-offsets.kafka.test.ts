/** Offsets of a consumer group on a real broker, read back by kafkajs; streams/kafka/group-offsets.ts. */
import { afterEach, expect, it } from 'vitest';
import { openGroupOffsets, type GroupOffsets } from '../../../streams/kafka/group-offsets.ts';
import { kafkaBootstrap } from '../../support/addresses.ts';
import { waitFor } from '../../support/wait-for.ts';
import { freshName, KafkaTopic } from './topic.ts';

const closers: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function createTopic(partitions: number): Promise<KafkaTopic> {
  const topic = await KafkaTopic.create(kafkaBootstrap(), { partitions });
  closers.push(() => topic.dispose());
  return topic;
}

function open(topic: string, matches?: (name: string) => boolean): GroupOffsets {
  const offsets = openGroupOffsets({
    topic,
    matches,
    bootstrapServers: [kafkaBootstrap()],
    isolationLevel: 'read_committed',
    clientId: 'headgate-test',
  });
  closers.push(() => offsets.close());
  return offsets;
}

async function offsetsOf(topic: KafkaTopic, group: string): Promise<Record<string, string[]>> {
  const found = await topic.admin.fetchOffsets({ groupId: group });
  return Object.fromEntries(
    found.map(({ topic: name, partitions }) => [
      name,
      [...partitions].sort((left, right) => left.partition - right.partition).map(({ offset }) => offset),
    ]),
  );
}

it('commits positions of one topic, forwards and back, as Kafka tools show them', async () => {
  const topic = await createTopic(2);
  const group = freshName();
  const offsets = open(topic.name);
  expect(
    await offsets.commit(
      group,
      new Map([
        ['0', 12n],
        ['1', 0n],
      ]),
    ),
  ).toEqual({ kind: 'committed' });
  expect(await offsetsOf(topic, group)).toEqual({ [topic.name]: ['12', '0'] });
  await offsets.commit(group, new Map([['0', 3n]]));
  expect(await offsetsOf(topic, group)).toEqual({ [topic.name]: ['3', '0'] });
  expect(await offsets.commit(group, new Map())).toEqual({ kind: 'committed' });
});

it('commits positions of several topics of a pattern', async () => {
  const [one, two] = [await createTopic(2), await createTopic(1)];
  const group = freshName();
  const offsets = open('streams-test-.*', () => true);
  const positions = new Map([
    [`${one.name}:1`, 7n],
    [`${two.name}:0`, 2n ** 40n],
    [`${one.name}:0`, 5n],
  ]);
  expect(await offsets.commit(group, positions)).toEqual({ kind: 'committed' });
  expect(await offsetsOf(one, group)).toEqual({ [one.name]: ['5', '7'], [two.name]: [String(2n ** 40n)] });
});

it('is refused while the group has live members, and says so', async () => {
  const topic = await createTopic(1);
  const group = freshName();
  const consumer = topic.kafka.consumer({ groupId: group });
  closers.push(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topics: [topic.name] });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ eachMessage: async () => undefined });
  await joined;
  const offsets = open(topic.name);
  const outcome = await offsets.commit(group, new Map([['0', 1n]]));
  expect(outcome).toMatchObject({
    kind: 'failed',
    why: expect.stringMatching(/live members.*other? ?group/),
  });
  await consumer.stop();
  await consumer.disconnect();
  await waitFor(async () => (await offsets.commit(group, new Map([['0', 1n]]))).kind === 'committed', {
    what: 'the group to be free',
  });
});

it('fails for a topic that does not exist, and for a cluster that does not answer, with one sentence', async () => {
  const topic = await createTopic(1);
  const offsets = open(topic.name, () => true);
  expect(await offsets.commit(freshName(), new Map([[`${topic.name}-gone:0`, 1n]]))).toMatchObject({
    kind: 'failed',
    why: expect.stringMatching(/UNKNOWN_TOPIC_OR_PARTITION.*-gone partition 0/),
  });
  const nobody = openGroupOffsets({
    topic: topic.name,
    bootstrapServers: ['127.0.0.1:1'],
    isolationLevel: 'read_committed',
    clientId: 'headgate-test',
  });
  closers.push(() => nobody.close());
  const asked = nobody.commit(freshName(), new Map([['0', 1n]]));
  nobody.close();
  expect(await asked).toMatchObject({ kind: 'failed', why: expect.stringMatching(/127\.0\.0\.1:1/) });
});
