/** Milliseconds behind on a real broker, behind markers of transactions; activities/supervisor/time-lag.ts. */
import { afterEach, expect, it } from 'vitest';
import { TimeLag } from '../../../activities/supervisor/time-lag.ts';
import { toPosition } from '../../../domain/positions.ts';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import { kafkaBootstrap } from '../../support/addresses.ts';
import { KafkaTopic } from '../../streams/kafka/topic.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it('reads a few records of each partition, whatever its size and whatever stands at its end', async () => {
  const topic = await KafkaTopic.create(kafkaBootstrap(), { partitions: 3 });
  closers.push(() => topic.dispose());
  const value = 'x'.repeat(20_000);
  const records = Array.from({ length: 40 }, (_, index) => ({
    value,
    timestampMs: 1_000_000 + index * 1_000,
  }));
  await topic.append('0', ...records);
  await topic.append('1', ...records);
  // An aborted transaction: its records and its marker are the last positions, and nobody may read them.
  await topic.appendGap('1');
  const source = openKafkaRecordSource({
    topic: topic.name,
    bootstrapServers: [topic.bootstrap],
    isolationLevel: 'read_committed',
    clientId: 'headgate-test',
    maxBufferedBytes: 2 * 1024 * 1024,
    maxPartitionBytes: 16 * 1024,
  });
  closers.push(() => source.close());
  const latest = await source.positions(['0', '1', '2'], 'latest');
  // In the order in which their leaders answered.
  expect(latest).toEqual(
    new Map([
      ['0', 40n],
      ['1', 43n],
      ['2', 0n],
    ]),
  );
  const lags = await new TimeLag().measure(source, {
    current: new Map([
      ['0', toPosition(10)],
      ['1', toPosition(39)],
      ['2', toPosition(0)],
    ]),
    latest: Object.fromEntries([...latest].map(([key, position]) => [key, toPosition(position)])),
    everyMs: 0,
  });
  expect(Object.fromEntries(lags)).toEqual({ 0: 29_000, 1: 0, 2: 0 });
});
