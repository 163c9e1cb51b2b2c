/** A source of several topics seen as a source of one of them, so that whatever any stream must do is asked of it too. */
import { isHeadgateError, HeadgateError } from '../../domain/errors.ts';
import type { RecordBatch, RecordSource } from '../../streams/record-source.ts';

export function withPlainKeys(source: RecordSource, topic: string): RecordSource {
  const full = (partition: string): string => `${topic}:${partition}`;
  const isOwn = (key: string): boolean => key.startsWith(`${topic}:`);
  const plain = (key: string): string => key.slice(topic.length + 1);
  const own = <T>(map: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...map].filter(([key]) => isOwn(key)).map(([key, value]) => [plain(key), value]));
  return {
    describe: async () => {
      const { identities, partitions } = await translated(source.describe());
      return { identities: own(identities), partitions: partitions.filter(isOwn).map(plain) };
    },
    positions: async (partitions, bound) =>
      own(await translated(source.positions(partitions.map(full), bound))),
    read: (starts) => {
      const reader = source.read(new Map([...starts].map(([key, start]) => [full(key), start])));
      return {
        poll: async (maxWaitMs) =>
          (await translated(reader.poll(maxWaitMs))).map((batch) => renamed(batch, plain(batch.partition))),
        drop: (partitions) => reader.drop(partitions.map(full)),
        close: () => reader.close(),
      };
    },
    close: () => source.close(),
  };

  async function translated<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!isHeadgateError(error) || typeof error.details['partition'] !== 'string') throw error;
      const details = { ...error.details, partition: plain(error.details['partition']) };
      throw new HeadgateError(error.code, error.message, { details, cause: error });
    }
  }
}

/** Its records stay behind getters and walks of the batch itself. */
function renamed(batch: RecordBatch, partition: string): RecordBatch {
  return {
    partition,
    records: batch.records,
    walk: () => batch.walk(),
    next: batch.next,
    bytes: batch.bytes,
  };
}
