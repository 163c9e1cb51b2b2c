/** The stream in memory behaves as any stream does; streams/memory-record-source.ts. */
import { expect, it } from 'vitest';
import { MemoryStream } from '../../streams/memory-record-source.ts';
import { describeRecordSource } from './conformance.ts';

describeRecordSource('the stream in memory', async ({ partitions }) => {
  const stream = new MemoryStream({ partitions });
  return {
    openSource: () => stream.openSource({ recordsPerBatch: 4 }),
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
});

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
