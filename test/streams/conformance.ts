/**
 * What every `RecordSource` must do, as one suite. A stream under test is a fresh topic that the suite writes to;
 * memory.test.ts and kafka.kafka.test.ts run it.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { RecordReader, RecordSource, SourceRecord } from '../../streams/record-source.ts';
import { waitFor } from '../support/wait-for.ts';

export type AppendedRecord = {
  readonly key?: string | null;
  readonly value: string | null;
  readonly timestampMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

export type StreamUnderTest = {
  openSource(): RecordSource;
  append(partition: string, ...records: readonly AppendedRecord[]): Promise<void>;
  /** Uses up at least one position without a record that a reader may see. */
  appendGap(partition: string): Promise<void>;
  /** Appends a record that nobody may read before it is released, as a transaction that is still open. */
  hold(partition: string, value: string): Promise<{ release(): Promise<void> }>;
  trim(partition: string, earliest: bigint): Promise<void>;
  addPartitions(total: number): Promise<void>;
  delete(): Promise<void>;
  recreate(partitions: number): Promise<void>;
  dispose(): Promise<void>;
};

type Seen = {
  partition: string;
  position: bigint;
  timestampMs: number;
  key: string | null;
  value: string | null;
  headers: Record<string, string>;
};

const pollMs = 200;

export function describeRecordSource(
  name: string,
  createStream: (options: { partitions: number }) => Promise<StreamUnderTest>,
  { isAmongOthers } = { isAmongOthers: false },
): void {
  describe(`${name} as a RecordSource`, () => {
    const opened: { dispose(): Promise<void> }[] = [];

    afterEach(async () => {
      for (const { dispose } of opened.splice(0).reverse()) await dispose();
    });

    async function open(partitions = 1): Promise<{ stream: StreamUnderTest; source: RecordSource }> {
      const stream = await createStream({ partitions });
      const source = stream.openSource();
      opened.push({ dispose: () => stream.dispose() }, { dispose: () => source.close() });
      return { stream, source };
    }

    describe('describe', () => {
      it('names every partition in the order of their numbers', async () => {
        const { source } = await open(12);
        const { partitions, identities } = await source.describe();
        expect([...identities.keys()].sort()).toEqual([...partitions].sort());
        expect(partitions).toEqual(Array.from({ length: 12 }, (_, index) => String(index)));
      });

      it('gives the same identity each time, also to another source', async () => {
        const { stream, source } = await open();
        const other = stream.openSource();
        opened.push({ dispose: () => other.close() });
        const identity = await identityOf(source);
        expect(identity).not.toBe('');
        expect(await identityOf(source)).toBe(identity);
        expect(await identityOf(other)).toBe(identity);
      });

      it('shows partitions that were added, without being opened again', async () => {
        const { stream, source } = await open(2);
        await source.describe();
        await stream.addPartitions(4);
        const found = await waitFor(
          async () => {
            const { partitions } = await source.describe();
            return partitions.length === 4 ? partitions : null;
          },
          { what: 'four partitions' },
        );
        expect(found).toEqual(['0', '1', '2', '3']);
      });

      it('gives another identity to a stream created again', async () => {
        const { stream, source } = await open();
        const before = await identityOf(source);
        await stream.recreate(1);
        expect(await identityOf(source)).not.toBe(before);
      });

      it('throws STREAM_NOT_FOUND when there is no such stream', async () => {
        const { stream, source } = await open();
        await stream.delete();
        await expect(source.describe()).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
        // Of several topics one may be gone at any time: then it has no positions.
        if (isAmongOthers) expect(await source.positions(['0'], 'latest')).toEqual(new Map());
        else
          await expect(source.positions(['0'], 'latest')).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
      });
    });

    describe('positions', () => {
      it('are 0 and 0 in an empty partition', async () => {
        const { source } = await open(2);
        expect(await source.positions(['0', '1'], 'earliest')).toEqual(
          new Map([
            ['0', 0n],
            ['1', 0n],
          ]),
        );
        expect(await source.positions(['0', '1'], 'latest')).toEqual(
          new Map([
            ['0', 0n],
            ['1', 0n],
          ]),
        );
      });

      it('are the first one kept and the one after the last', async () => {
        const { stream, source } = await open(2);
        await stream.append('1', { value: 'a' }, { value: 'b' }, { value: 'c' });
        await stream.trim('1', 2n);
        expect(await source.positions(['0', '1'], 'earliest')).toEqual(
          new Map([
            ['0', 0n],
            ['1', 2n],
          ]),
        );
        expect(await source.positions(['0', '1'], 'latest')).toEqual(
          new Map([
            ['0', 0n],
            ['1', 3n],
          ]),
        );
      });

      it('leave out a partition that does not exist, and those not asked for', async () => {
        const { source } = await open(2);
        expect([...(await source.positions(['1', '7'], 'latest')).keys()]).toEqual(['1']);
      });

      it('end where a reader can get, not where the log ends', async () => {
        const { stream, source } = await open();
        await stream.append('0', { value: 'a' });
        const held = await stream.hold('0', 'b');
        expect(await source.positions(['0'], 'latest')).toEqual(new Map([['0', 1n]]));
        await held.release();
        const latest = await waitFor(
          async () => {
            const position = (await source.positions(['0'], 'latest')).get('0') ?? 0n;
            return position > 1n ? position : null;
          },
          { what: 'the released record to be readable' },
        );
        expect(latest >= 2n).toBe(true);
      });
    });

    describe('positions by time', () => {
      const at = (timestampMs: number): { timestampMs: number } => ({ timestampMs });

      it('are those of the first record that is not older, and the end where there is none', async () => {
        const { stream, source } = await open(2);
        const startMs = 1_700_000_000_000;
        for (let index = 0; index < 6; index += 1)
          await stream.append('0', { value: String(index), timestampMs: startMs + index * 1_000 });
        const found = async (timestampMs: number): Promise<ReadonlyMap<string, bigint>> =>
          source.positions(['0', '1'], at(timestampMs));
        const none = ['1', 0n] as const;
        expect(await found(0)).toEqual(new Map([['0', 0n], none]));
        expect(await found(-5)).toEqual(new Map([['0', 0n], none]));
        expect(await found(startMs + 2_000)).toEqual(new Map([['0', 2n], none]));
        expect(await found(startMs + 2_001)).toEqual(new Map([['0', 3n], none]));
        expect(await found(startMs + 2_000.5)).toEqual(new Map([['0', 3n], none]));
        expect(await found(startMs + 9_000)).toEqual(new Map([['0', 6n], none]));
      });

      it('go by the order of the log where times do not ascend, and pass over what was deleted', async () => {
        const { stream, source } = await open();
        for (const timestampMs of [5_000, 9_000, 1_000, 7_000])
          await stream.append('0', { value: 'a', timestampMs });
        expect(await source.positions(['0'], at(6_000))).toEqual(new Map([['0', 1n]]));
        await stream.trim('0', 2n);
        expect(await source.positions(['0'], at(0))).toEqual(new Map([['0', 2n]]));
        expect(await source.positions(['0'], at(6_000))).toEqual(new Map([['0', 3n]]));
      });

      it('leave out a partition that does not exist, and stop where a reader can get', async () => {
        const { stream, source } = await open();
        await stream.append('0', { value: 'a', timestampMs: 5_000 });
        await stream.hold('0', 'b');
        expect(await source.positions(['0', '7'], at(5_001))).toEqual(new Map([['0', 1n]]));
      });
    });

    describe('a reader', () => {
      it('gives every record once, in order, with all its parts', async () => {
        const { stream, source } = await open();
        await stream.append(
          '0',
          { key: 'k0', value: 'v0', timestampMs: 1_700_000_000_000, headers: { source: 'here', empty: '' } },
          { key: null, value: 'v1', timestampMs: 1_700_000_000_001 },
          { key: 'k2', value: null, timestampMs: 1_600_000_000_000 },
          { key: '', value: '', timestampMs: 1_700_000_000_003 },
        );
        const seen = await readAll(source, new Map([['0', 0n]]), 4);
        expect(seen).toEqual([
          {
            partition: '0',
            position: 0n,
            timestampMs: 1_700_000_000_000,
            key: 'k0',
            value: 'v0',
            headers: { source: 'here', empty: '' },
          },
          {
            partition: '0',
            position: 1n,
            timestampMs: 1_700_000_000_001,
            key: null,
            value: 'v1',
            headers: {},
          },
          {
            partition: '0',
            position: 2n,
            timestampMs: 1_600_000_000_000,
            key: 'k2',
            value: null,
            headers: {},
          },
          { partition: '0', position: 3n, timestampMs: 1_700_000_000_003, key: '', value: '', headers: {} },
        ]);
      });

      it('begins exactly at its start, also in the middle of what was appended at once', async () => {
        const { stream, source } = await open();
        await stream.append('0', ...numbered(10));
        const seen = await readAll(source, new Map([['0', 7n]]), 3);
        expect(seen.map(({ position, value }) => [position, value])).toEqual([
          [7n, '7'],
          [8n, '8'],
          [9n, '9'],
        ]);
      });

      it('reads exactly the partitions it was given', async () => {
        const { stream, source } = await open(4);
        for (const partition of ['0', '1', '2', '3']) await stream.append(partition, ...numbered(5));
        const seen = await readAll(
          source,
          new Map([
            ['1', 0n],
            ['3', 3n],
          ]),
          7,
        );
        expect(seen.filter(({ partition }) => partition === '1').map(({ value }) => value)).toEqual([
          '0',
          '1',
          '2',
          '3',
          '4',
        ]);
        expect(seen.filter(({ partition }) => partition === '3').map(({ value }) => value)).toEqual([
          '3',
          '4',
        ]);
        expect(seen).toHaveLength(7);
      });

      it('passes gaps: `next` reaches the end though the last positions hold no record', async () => {
        const { stream, source } = await open();
        await stream.append('0', { value: 'a' });
        await stream.appendGap('0');
        await stream.append('0', { value: 'b' });
        await stream.appendGap('0');
        const reader = source.read(new Map([['0', 0n]]));
        const values: (string | null)[] = [];
        let next = 0n;
        let lastRecord = 0n;
        await waitFor(
          async () => {
            for (const batch of await reader.poll(pollMs)) {
              for (const record of batch.records) {
                expect(record.position >= next && record.position < batch.next).toBe(true);
                values.push(text(record.value));
                lastRecord = record.position;
              }
              expect(batch.next > next).toBe(true);
              next = batch.next;
            }
            // A broker says that a transaction is aborted before its end stands in the log.
            const latest = (await source.positions(['0'], 'latest')).get('0') ?? 0n;
            return next === latest && next > lastRecord + 1n;
          },
          { what: 'the end' },
        );
        expect(values).toEqual(['a', 'b']);
      });

      it('can begin inside a gap', async () => {
        const { stream, source } = await open();
        await stream.append('0', { value: 'a' });
        await stream.appendGap('0');
        await stream.append('0', { value: 'b' });
        expect((await readAll(source, new Map([['0', 1n]]), 1)).map(({ value }) => value)).toEqual(['b']);
      });

      it('waits at the end for what comes later', async () => {
        const { stream, source } = await open();
        await stream.append('0', { value: 'a' });
        const reader = source.read(new Map([['0', 1n]]));
        expect(await reader.poll(pollMs)).toEqual([]);
        const polled = reader.poll(20_000);
        await stream.append('0', { value: 'b' });
        expect((await polled).flatMap((batch) => [...batch.records].map(({ value }) => text(value)))).toEqual(
          ['b'],
        );
      });

      it('holds back what may not be read yet', async () => {
        const { stream, source } = await open();
        await stream.append('0', { value: 'a' });
        const held = await stream.hold('0', 'b');
        await stream.append('0', { value: 'c' });
        const reader = source.read(new Map([['0', 0n]]));
        expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(['a']);
        expect((await reader.poll(pollMs)).flatMap((batch) => [...batch.records])).toEqual([]);
        await held.release();
        expect((await collect(reader, 2)).map(({ value }) => value)).toEqual(['b', 'c']);
      });

      it('lets records be taken one by one while reading goes on', async () => {
        const { stream, source } = await open();
        await stream.append('0', ...numbered(6));
        const reader = source.read(new Map([['0', 0n]]));
        const [batch] = await waitFor(
          async () => {
            const batches = await reader.poll(pollMs);
            return batches.length > 0 ? batches : null;
          },
          { what: 'a batch' },
        );
        const records = batch?.records[Symbol.iterator]();
        const values = [
          text(records?.next().value?.value ?? null),
          text(records?.next().value?.value ?? null),
        ];
        await stream.append('0', { value: 'later' });
        const later = await collect(reader, 1);
        for (let step = records?.next(); step?.done === false; step = records?.next())
          values.push(text(step.value.value));
        expect([...values, ...later.map(({ value }) => value)]).toEqual([
          '0',
          '1',
          '2',
          '3',
          '4',
          '5',
          'later',
        ]);
      });

      it('gives nothing more of a dropped partition', async () => {
        const { stream, source } = await open(2);
        await stream.append('0', { value: 'a' });
        const reader = source.read(
          new Map([
            ['0', 0n],
            ['1', 0n],
          ]),
        );
        expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(['a']);
        reader.drop(['0']);
        await stream.append('0', { value: 'b' });
        await stream.append('1', { value: 'c' });
        expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(['c']);
        expect(await reader.poll(pollMs)).toEqual([]);
      });

      it('goes on when partitions are added', async () => {
        const { stream, source } = await open(1);
        const reader = source.read(new Map([['0', 0n]]));
        await reader.poll(0);
        await stream.addPartitions(2);
        await stream.append('0', { value: 'a' });
        expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(['a']);
      });

      it('knows nothing of other readers', async () => {
        const { stream, source } = await open();
        await stream.append('0', ...numbered(3));
        const readers = [source.read(new Map([['0', 0n]])), source.read(new Map([['0', 2n]]))];
        const [all, last] = await Promise.all(
          readers.map((reader, index) => collect(reader, index === 0 ? 3 : 1)),
        );
        expect(all?.map(({ value }) => value)).toEqual(['0', '1', '2']);
        expect(last?.map(({ value }) => value)).toEqual(['2']);
      });

      it('comes back from an empty poll in time', async () => {
        const { source } = await open();
        const reader = source.read(new Map([['0', 0n]]));
        const startedMs = Date.now();
        expect(await reader.poll(0)).toEqual([]);
        expect(await reader.poll(100)).toEqual([]);
        expect(Date.now() - startedMs).toBeLessThan(5_000);
      });
    });

    describe('a reader throws', () => {
      it('STREAM_OFFSET_OUT_OF_RANGE for a position that was deleted, at every poll', async () => {
        const { stream, source } = await open();
        await stream.append('0', ...numbered(10));
        await stream.trim('0', 6n);
        const reader = source.read(new Map([['0', 2n]]));
        const expected = {
          code: 'STREAM_OFFSET_OUT_OF_RANGE',
          details: { partition: '0', position: '2', earliest: '6', latest: '10' },
        };
        await expect(pollUntilThrown(reader)).rejects.toMatchObject(expected);
        await expect(reader.poll(0)).rejects.toMatchObject(expected);
      });

      it('STREAM_OFFSET_OUT_OF_RANGE for a position past the end', async () => {
        const { stream, source } = await open();
        await stream.append('0', ...numbered(3));
        const reader = source.read(new Map([['0', 4n]]));
        await expect(pollUntilThrown(reader)).rejects.toMatchObject({
          code: 'STREAM_OFFSET_OUT_OF_RANGE',
          details: { partition: '0', position: '4', earliest: '0', latest: '3' },
        });
      });

      it('nothing more of a partition that is dropped with its error', async () => {
        const { stream, source } = await open(2);
        const reader = source.read(
          new Map([
            ['0', 9n],
            ['1', 0n],
          ]),
        );
        await expect(pollUntilThrown(reader)).rejects.toMatchObject({ details: { partition: '0' } });
        reader.drop(['0']);
        await stream.append('1', { value: 'a' });
        expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(['a']);
      });

      it('STREAM_IDENTITY_CHANGED when the stream is created again under it', async () => {
        const { stream, source } = await open();
        await stream.append('0', { value: 'a' });
        const reader = source.read(new Map([['0', 0n]]));
        await collect(reader, 1);
        await stream.recreate(1);
        await stream.append('0', { value: 'another' }, { value: 'stream' });
        await expect(pollUntilThrown(reader)).rejects.toMatchObject({
          code: 'STREAM_IDENTITY_CHANGED',
          details: { partition: '0' },
        });
      });

      it('STREAM_IDENTITY_CHANGED when it was created again between describe and the first poll', async () => {
        const { stream, source } = await open();
        await source.describe();
        await stream.recreate(1);
        await stream.append('0', { value: 'another stream' });
        const reader = source.read(new Map([['0', 0n]]));
        await expect(pollUntilThrown(reader)).rejects.toMatchObject({
          code: 'STREAM_IDENTITY_CHANGED',
          details: { partition: '0' },
        });
      });

      it('STREAM_NOT_FOUND when the stream is deleted under it', async () => {
        const { stream, source } = await open();
        await stream.append('0', { value: 'a' });
        const reader = source.read(new Map([['0', 0n]]));
        await collect(reader, 1);
        await stream.delete();
        await expect(pollUntilThrown(reader)).rejects.toMatchObject({
          code: 'STREAM_NOT_FOUND',
          details: { partition: '0' },
        });
      });

      it('STREAM_NOT_FOUND for a partition that does not exist', async () => {
        const { source } = await open(2);
        const reader = source.read(new Map([['5', 0n]]));
        await expect(pollUntilThrown(reader)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
      });
    });

    describe('close', () => {
      it('ends a poll that waits, and can be called again', async () => {
        const { source } = await open();
        const reader = source.read(new Map([['0', 0n]]));
        await reader.poll(0);
        const startedMs = Date.now();
        const polled = reader.poll(60_000);
        await reader.close();
        expect(await polled).toEqual([]);
        expect(Date.now() - startedMs).toBeLessThan(5_000);
        await reader.close();
        await expect(reader.poll(0)).rejects.toThrow(/closed/);
      });

      it('of the source closes its readers', async () => {
        const { source } = await open();
        const reader = source.read(new Map([['0', 0n]]));
        const polled = reader.poll(60_000);
        await source.close();
        expect(await polled).toEqual([]);
        await source.close();
        await expect(reader.poll(0)).rejects.toThrow(/closed/);
        await expect(source.describe()).rejects.toThrow(/closed/);
        expect(() => source.read(new Map())).toThrow(/closed/);
      });
    });
  });
}

/** Of a source of one stream: all its partitions have the same. */
async function identityOf(source: RecordSource): Promise<string> {
  const [identity = '', ...others] = new Set((await source.describe()).identities.values());
  expect(others).toEqual([]);
  return identity;
}

function numbered(count: number): AppendedRecord[] {
  return Array.from({ length: count }, (_, index) => ({ value: String(index) }));
}

async function readAll(
  source: RecordSource,
  starts: ReadonlyMap<string, bigint>,
  count: number,
): Promise<Seen[]> {
  const reader = source.read(starts);
  try {
    return await collect(reader, count);
  } finally {
    await reader.close();
  }
}

/** Polls until `count` records came, then once more: what comes too much is a failure as well. */
export async function collect(reader: RecordReader, count: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  const poll = async (waitMs: number): Promise<void> => {
    for (const batch of await reader.poll(waitMs))
      for (const record of batch.records) seen.push(copy(batch.partition, record));
  };
  await waitFor(
    async () => {
      await poll(pollMs);
      return seen.length >= count;
    },
    { what: `${count} records`, everyMs: 1 },
  );
  await poll(0);
  return seen;
}

async function pollUntilThrown(reader: RecordReader): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (Date.now() < deadlineMs) await reader.poll(pollMs);
}

function copy(partition: string, record: SourceRecord): Seen {
  return {
    partition,
    position: record.position,
    timestampMs: record.timestampMs,
    key: text(record.key),
    value: text(record.value),
    headers: Object.fromEntries(record.headers.map(({ key, value }) => [key, text(value) ?? ''])),
  };
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('utf8');
}
