/** The stream in memory behaves as any stream does; streams/memory-record-source.ts. */
import { expect, it } from 'vitest';
import { MemoryCluster, MemoryStream } from '../../streams/memory-record-source.ts';
import type { RecordSource } from '../../streams/record-source.ts';
import { describeRecordSource, type StreamUnderTest } from './conformance.ts';
import { describePatternSource } from './pattern-conformance.ts';
import { withPlainKeys } from './plain-keys.ts';

const small = { recordsPerBatch: 4 };

describeRecordSource('the stream in memory', async ({ partitions }) => {
  const stream = new MemoryStream({ partitions });
  return underTest(stream, () => stream.openSource(small));
});

describeRecordSource(
  'a stream in memory among others',
  async ({ partitions }) => {
    const cluster = new MemoryCluster();
    const stream = cluster.create('clicks', { partitions });
    cluster.create('more', { partitions: 3 }).append('0', { value: 'not asked for' });
    return underTest(stream, () =>
      withPlainKeys(
        cluster.openSource('cl.*', (name) => name === 'clicks', small),
        'clicks',
      ),
    );
  },
  { isAmongOthers: true },
);

describePatternSource('the cluster in memory', () => {
  const cluster = new MemoryCluster();
  return {
    prefix: 'clicks-',
    create: async (name, options) => {
      const stream = cluster.create(name, options);
      return { name, ...underTest(stream, () => stream.openSource(small)) };
    },
    openSource: (pattern, matches) => cluster.openSource(pattern, matches, small),
  };
});

function underTest(stream: MemoryStream, openSource: () => RecordSource): StreamUnderTest {
  return {
    openSource,
    append: async (partition, ...records) =>
      stream.append(
        partition,
        ...records.map(({ headers, ...record }) => ({
          ...record,
          headers: Object.entries(headers ?? {}).map(([key, value]) => ({ key, value: Buffer.from(value) })),
        })),
      ),
    appendGap: async (partition) => stream.appendGap(partition, 3),
    hold: async (partition, value) => {
      stream.hold(partition);
      stream.append(partition, { value });
      return { release: async () => stream.release(partition) };
    },
    trim: async (partition, earliest) => stream.trim(partition, earliest),
    addPartitions: async (total) => {
      const now = (await stream.openSource().describe()).partitions.length;
      stream.addPartitions(total - now);
    },
    delete: async () => stream.delete(),
    recreate: async (count) => stream.recreate({ partitions: count }),
    dispose: async () => undefined,
  };
}

it('can be out of reach for a while', async () => {
  const stream = new MemoryStream({ partitions: 1 });
  const source = stream.openSource();
  const reader = source.read(new Map([['0', 0n]]));
  stream.unreachable();
  await expect(source.describe()).rejects.toMatchObject({ code: 'STREAM_UNREACHABLE' });
  await expect(reader.poll(10)).rejects.toMatchObject({ code: 'STREAM_UNREACHABLE' });
  stream.reachable();
  stream.append('0', { value: 'a' });
  expect(await reader.poll(10)).toHaveLength(1);
  await source.close();
});
