/** An ingest thread of `bench:pause`: the real inside over a stream that never ends and costs nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import { IngestThread } from '../activities/ingest/thread/ingest-thread.ts';
import type { RecordBatch, RecordSource, SourceRecord } from '../streams/record-source.ts';
import { benchRow } from './rows.ts';

const { rowsPerSecond } = workerData as { rowsPerSecond: number | null };
const recordsPerBatch = 200;
const identities = new Map(Array.from({ length: 1_000 }, (_, number) => [String(number), 'rows-1']));
const encoder = new TextEncoder();
/** The same rows again and again: groups are found more often than made, as rollup wants it. */
const values = Array.from({ length: 20_000 }, (_, index) => encoder.encode(benchRow(index)));

const thread = new IngestThread({
  post: (message) => parentPort?.postMessage(message),
  openSource: () => endless(),
});
parentPort?.on('message', (message: unknown) => thread.receive(message));

function endless(): RecordSource {
  return {
    describe: () => Promise.resolve({ identities, partitions: [...identities.keys()] }),
    positions: () => Promise.resolve(new Map()),
    close: () => Promise.resolve(),
    read(starts) {
      const positions = new Map(starts);
      let turn = 0;
      let readFrom = performance.now();
      return {
        async poll() {
          const partitions = [...positions.keys()];
          const partition = partitions[turn++ % partitions.length];
          if (partition === undefined) return [];
          readFrom = await paced(readFrom);
          const from = positions.get(partition) ?? 0n;
          positions.set(partition, from + BigInt(recordsPerBatch));
          return [batchOf(partition, from)];
        },
        drop: (dropped) => dropped.forEach((partition) => positions.delete(partition)),
        close: () => Promise.resolve(),
      };
    },
  };
}

/** At most so many rows a second; as fast as it can when none are given. */
async function paced(from: number): Promise<number> {
  if (rowsPerSecond === null) return from;
  const due = Math.max(from, performance.now() - 100) + (recordsPerBatch / rowsPerSecond) * 1_000;
  const early = due - performance.now();
  if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
  return due;
}

function batchOf(partition: string, from: bigint): RecordBatch {
  const records: SourceRecord[] = Array.from({ length: recordsPerBatch }, (_, index) => {
    const position = from + BigInt(index);
    const value = values[Number(position) % values.length] ?? null;
    return { position, timestampMs: 0, key: null, value, headers: [] };
  });
  return {
    partition,
    records,
    walk: () => {
      throw new Error('this stream is read record by record');
    },
    next: from + BigInt(recordsPerBatch),
    bytes: recordsPerBatch * 200,
  };
}
