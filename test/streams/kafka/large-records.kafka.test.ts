/** Records as large as the broker takes them, through a buffer that is far too small for them; streams/kafka/. */
import { expect, it } from 'vitest';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import { kafkaBootstrap } from '../../support/addresses.ts';
import { waitFor } from '../../support/wait-for.ts';
import { KafkaTopic } from './topic.ts';

it('records of 5 MB come between small ones of other partitions', async () => {
  const topic = await KafkaTopic.create(kafkaBootstrap(), { partitions: 3 });
  const large = 'x'.repeat(5 * 1024 * 1024);
  for (let turn = 0; turn < 3; turn += 1) {
    await topic.append('0', { value: large }, { value: `after ${turn}` });
    for (const partition of ['1', '2'])
      await topic.append(partition, ...Array.from({ length: 50 }, () => ({ value: 'small' })));
  }
  const source = openKafkaRecordSource({
    topic: topic.name,
    bootstrapServers: [topic.bootstrap],
    isolationLevel: 'read_committed',
    clientId: 'large-records',
    maxBufferedBytes: 10_000,
  });
  const reader = source.read(await source.positions(['0', '1', '2'], 'earliest'));
  const seen: Record<string, number[]> = { '0': [], '1': [], '2': [] };
  await waitFor(
    async () => {
      for (const batch of await reader.poll(100))
        for (const { value } of batch.records) seen[batch.partition]?.push(value?.length ?? -1);
      return Object.values(seen).flat().length >= 306;
    },
    { what: 'all records', everyMs: 1 },
  );
  expect(seen['0']).toEqual([large.length, 7, large.length, 7, large.length, 7]);
  for (const partition of ['1', '2']) expect(seen[partition]).toEqual(Array.from({ length: 150 }, () => 5));
  await source.close();
  await topic.dispose();
});
