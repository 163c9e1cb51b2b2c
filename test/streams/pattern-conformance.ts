/**
 * What every source of several topics must do beyond what one of a single stream does (conformance.ts), as one suite:
 * topics that come and go, each with its own identity, read by one reader.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { comparePartitions } from '../../domain/partition-key.ts';
import type { RecordReader, RecordSource } from '../../streams/record-source.ts';
import { waitFor } from '../support/wait-for.ts';
import { collect, type StreamUnderTest } from './conformance.ts';

export type TopicUnderTest = StreamUnderTest & { readonly name: string };

export type ClusterUnderTest = {
  /** All names of one cluster begin with it; no other test uses it. */
  readonly prefix: string;
  create(name: string, options: { partitions: number }): Promise<TopicUnderTest>;
  openSource(pattern: string, matches: (topic: string) => boolean): RecordSource;
};

export function describePatternSource(name: string, createCluster: () => ClusterUnderTest): void {
  describe(`${name} as a RecordSource of several topics`, () => {
    const opened: { dispose(): Promise<void> }[] = [];

    afterEach(async () => {
      for (const { dispose } of opened.splice(0).reverse()) await dispose();
    });

    /** Topics `<prefix>a`, `<prefix>b` and one that the pattern does not mean. */
    async function open(): Promise<{
      cluster: ClusterUnderTest;
      a: TopicUnderTest;
      b: TopicUnderTest;
      source: RecordSource;
    }> {
      const cluster = createCluster();
      const create = async (short: string, partitions: number): Promise<TopicUnderTest> => {
        const topic = await cluster.create(`${cluster.prefix}${short}`, { partitions });
        opened.push({ dispose: () => topic.dispose() });
        return topic;
      };
      const b = await create('b', 2);
      const a = await create('a', 1);
      await create('other', 1);
      const source = sourceOf(cluster);
      return { cluster, a, b, source };
    }

    function sourceOf(cluster: ClusterUnderTest): RecordSource {
      const source = cluster.openSource(
        `${cluster.prefix}.`,
        (topic) => topic.startsWith(cluster.prefix) && topic.length === cluster.prefix.length + 1,
      );
      opened.push({ dispose: () => source.close() });
      return source;
    }

    it('describes the partitions of all topics it means, by topic and number, each with the id of its topic', async () => {
      const { a, b, source } = await open();
      const { partitions, identities } = await source.describe();
      expect(partitions).toEqual([`${a.name}:0`, `${b.name}:0`, `${b.name}:1`]);
      expect([...partitions].sort(comparePartitions)).toEqual(partitions);
      expect([...identities.keys()].sort(comparePartitions)).toEqual(partitions);
      expect(identities.get(`${b.name}:0`)).toBe(identities.get(`${b.name}:1`));
      expect(identities.get(`${a.name}:0`)).not.toBe(identities.get(`${b.name}:0`));
    });

    it('shows a topic that is created later, and forgets one that is deleted', async () => {
      const { a, b, cluster, source } = await open();
      await source.describe();
      const c = await cluster.create(`${cluster.prefix}c`, { partitions: 1 });
      opened.push({ dispose: () => c.dispose() });
      await a.delete();
      await waitFor(
        async () => {
          const { partitions } = await source.describe();
          return partitions.join() === [`${b.name}:0`, `${b.name}:1`, `${c.name}:0`].join();
        },
        { what: 'the topics that are there now' },
      );
    });

    it('throws STREAM_NOT_FOUND while there is no topic it means', async () => {
      const { cluster } = await open();
      const none = cluster.openSource('nothing', () => false);
      opened.push({ dispose: () => none.close() });
      await expect(none.describe()).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
    });

    it('gives positions of partitions of several topics; those that do not exist are absent', async () => {
      const { a, b, source } = await open();
      await a.append('0', { value: 'x', timestampMs: 1_000 }, { value: 'y', timestampMs: 3_000 });
      await b.append('1', { value: 'z', timestampMs: 2_000 });
      const keys = [`${a.name}:0`, `${b.name}:1`, `${b.name}:7`, 'nowhere:0', '0', ''];
      expect(await source.positions(keys, 'latest')).toEqual(
        new Map([
          [`${a.name}:0`, 2n],
          [`${b.name}:1`, 1n],
        ]),
      );
      // No record of b is young enough: its end.
      expect(await source.positions(keys, { timestampMs: 2_500 })).toEqual(
        new Map([
          [`${a.name}:0`, 1n],
          [`${b.name}:1`, 1n],
        ]),
      );
      expect(await source.positions([], 'latest')).toEqual(new Map());
    });

    it('reads partitions of several topics with one reader, each from its own position', async () => {
      const { a, b, source } = await open();
      const five = Array.from({ length: 5 }, (_, index) => ({ value: String(index) }));
      await a.append('0', ...five);
      await b.append('0', ...five);
      await b.append('1', ...five);
      const reader = source.read(
        new Map([
          [`${a.name}:0`, 3n],
          [`${b.name}:0`, 0n],
          [`${b.name}:1`, 4n],
        ]),
      );
      const seen = await collect(reader, 8);
      expect(valuesOf(seen, `${a.name}:0`)).toEqual(['3', '4']);
      expect(valuesOf(seen, `${b.name}:0`)).toEqual(['0', '1', '2', '3', '4']);
      expect(valuesOf(seen, `${b.name}:1`)).toEqual(['4']);
      reader.drop([`${b.name}:0`]);
      await b.append('0', { value: 'not wanted' });
      await a.append('0', { value: 'more' });
      await b.append('1', { value: 'and more' });
      expect((await collect(reader, 2)).map(({ value }) => value).sort()).toEqual(['and more', 'more']);
    });

    it.each([
      ['STREAM_IDENTITY_CHANGED', 'created again', (topic: TopicUnderTest) => topic.recreate(2)],
      ['STREAM_NOT_FOUND', 'deleted', (topic: TopicUnderTest) => topic.delete()],
    ])(
      'throws %s for the partitions of a topic that is %s; dropped, the others go on',
      async (code, _, change) => {
        const { a, b, source } = await open();
        await a.append('0', { value: 'first' });
        const reader = source.read(
          new Map([
            [`${a.name}:0`, 0n],
            [`${b.name}:0`, 0n],
            [`${b.name}:1`, 0n],
          ]),
        );
        await collect(reader, 1);
        await change(b);
        const gone = new Set<string>();
        for (let turn = 0; turn < 2; turn += 1) {
          const error = await thrownBy(reader);
          expect(error).toMatchObject({ code, details: { topic: b.name } });
          const { partition } = (error as { details: { partition: string } }).details;
          gone.add(partition);
          reader.drop([partition]);
        }
        expect([...gone].sort()).toEqual([`${b.name}:0`, `${b.name}:1`]);
        await a.append('0', { value: 'second' });
        expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(['second']);
      },
    );

    it('throws STREAM_OFFSET_OUT_OF_RANGE with the key of the partition', async () => {
      const { a, b, source } = await open();
      const reader = source.read(
        new Map([
          [`${a.name}:0`, 0n],
          [`${b.name}:1`, 9n],
        ]),
      );
      expect(await thrownBy(reader)).toMatchObject({
        code: 'STREAM_OFFSET_OUT_OF_RANGE',
        details: { partition: `${b.name}:1`, position: '9', earliest: '0', latest: '0' },
      });
      reader.drop([`${b.name}:1`]);
      await a.append('0', { value: 'x' });
      expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(['x']);
    });
  });
}

function valuesOf(
  seen: readonly { partition: string; value: string | null }[],
  partition: string,
): (string | null)[] {
  return seen.filter((record) => record.partition === partition).map(({ value }) => value);
}

async function thrownBy(reader: RecordReader): Promise<unknown> {
  const deadlineMs = Date.now() + 20_000;
  while (Date.now() < deadlineMs) {
    try {
      await reader.poll(200);
    } catch (error) {
      return error;
    }
  }
  return null;
}
