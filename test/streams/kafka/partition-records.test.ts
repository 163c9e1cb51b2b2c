/** Record batches as bytes: streams/kafka/{record-batch,records,partition-records}.ts together, as a fetch uses them. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isHeadgateError } from '../../../domain/errors.ts';
import { prepareCodecs } from '../../../streams/kafka/codecs/codecs.ts';
import type { AbortedTransaction } from '../../../streams/kafka/messages/fetch.ts';
import { decodePartition, type DecodedPartition } from '../../../streams/kafka/partition-records.ts';
import { xerialSnappy } from './compress.ts';
import {
  encodeBatch,
  encodeMarker,
  encodeRecord,
  sealBatch,
  varint,
  type EncodedBatch,
} from './encode-batch.ts';

const seed = 20_240_611;
const decompressedBytesMax = 8 * 1024 * 1024;

beforeAll(() => prepareCodecs());

function decode(
  bytes: Buffer | readonly Buffer[],
  options: { position?: bigint; aborted?: readonly AbortedTransaction[] | null } = {},
): DecodedPartition {
  const records = Array.isArray(bytes) ? Buffer.concat(bytes) : (bytes as Buffer);
  return decodePartition({
    topic: 'clicks',
    partition: '3',
    position: options.position ?? 0n,
    records,
    aborted: options.aborted === undefined ? [] : options.aborted,
    decompressedBytesMax,
  });
}

function values(decoded: DecodedPartition): [bigint, string | null][] {
  return decoded.batches.flatMap((batch) =>
    [...batch.records].map(({ position, value }): [bigint, string | null] => [
      position,
      value === null ? null : Buffer.from(value).toString(),
    ]),
  );
}

function data(baseOffset: bigint, texts: readonly string[], more: Partial<EncodedBatch> = {}): Buffer {
  return encodeBatch({ baseOffset, records: texts.map((value) => ({ value })), ...more });
}

const corrupt = expect.objectContaining({ code: 'STREAM_CORRUPT' });

describe('record batches', () => {
  it('are read as the format says, byte for byte', () => {
    // Written by hand after the format, so that encoder and decoder cannot share a mistake.
    const bytes = Buffer.from(
      [
        '0000000000000064', // base offset 100
        '00000046', // length 70
        '00000005', // leader epoch
        '02', // magic
        '00000000', // checksum, sealed below
        '0000', // attributes
        '00000001', // last offset delta
        '0000018bcfe56800', // base timestamp 1700000000000
        '0000018bcfe56801', // max timestamp
        'ffffffffffffffff', // producer id
        'ffff', // producer epoch
        'ffffffff', // base sequence
        '00000002', // two records
        '18' + '00' + '00' + '00' + '02' + '6b' + '04' + '7631' + '02' + '02' + '68' + '01', // 12 bytes: k -> v1, header h: null
        '0e' + '00' + '02' + '02' + '01' + '02' + '76' + '00', // 7 bytes: null -> v, 1 ms later
      ].join(''),
      'hex',
    );
    const decoded = decode(sealBatch(bytes), { position: 100n });
    expect(decoded).toMatchObject({ next: 102n, error: null });
    const records = decoded.batches
      .flatMap((batch) => [...batch.records])
      .map((record) => ({
        position: record.position,
        timestampMs: record.timestampMs,
        key: record.key && Buffer.from(record.key).toString(),
        value: record.value && Buffer.from(record.value).toString(),
        headers: record.headers,
      }));
    expect(records).toEqual([
      {
        position: 100n,
        timestampMs: 1_700_000_000_000,
        key: 'k',
        value: 'v1',
        headers: [{ key: 'h', value: null }],
      },
      { position: 101n, timestampMs: 1_700_000_000_001, key: null, value: 'v', headers: [] },
    ]);
  });

  it('written by kafkajs are read alike, plain and gzip', async () => {
    const require = createRequire(import.meta.url);
    const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
      RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
    };
    const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
      record: object,
    ) => unknown;
    for (const compression of [0, 1]) {
      const records = Array.from({ length: 200 }, (_, offsetDelta) =>
        Record({
          offsetDelta,
          timestampDelta: offsetDelta * 1_000_000_007,
          key: `key ${offsetDelta}`,
          value: offsetDelta % 7 === 0 ? null : 'x'.repeat(offsetDelta),
          headers: { n: String(offsetDelta) },
        }),
      );
      const encoded = await RecordBatch({
        compression,
        firstTimestamp: 1_000,
        maxTimestamp: 1_000 + 199 * 1_000_000_007,
        lastOffsetDelta: 199,
        records,
      });
      const seen = decode(encoded.buffer).batches.flatMap((batch) => [...batch.records]);
      expect(seen).toHaveLength(200);
      seen.forEach((record, index) => {
        expect(record.timestampMs).toBe(1_000 + index * 1_000_000_007);
        expect(String(record.key)).toBe(`key ${index}`);
        expect(record.value === null ? null : record.value.length).toBe(index % 7 === 0 ? null : index);
        expect(record.headers.map(({ key, value }) => [key, String(value)])).toEqual([['n', String(index)]]);
      });
    }
  });

  it('keep every part of generated records, whatever the codec', () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)));
    const record = fc.record({
      timestampDelta: fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
      key: bytes,
      value: bytes,
      headers: fc.array(fc.tuple(fc.string(), fc.option(fc.string())), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.constantFrom(0, 1, 2, 3, 4), (records, codec) => {
        const decoded = decode(encodeBatch({ baseOffset: 7n, records, codec }), { position: 7n });
        const seen = decoded.batches
          .flatMap((batch) => [...batch.records])
          .map((found) => ({
            timestampDelta: BigInt(found.timestampMs) - 1_700_000_000_000n,
            key: found.key && Buffer.from(found.key),
            value: found.value && Buffer.from(found.value),
            headers: found.headers.map(({ key, value }) => [key, value === null ? null : String(value)]),
          }));
        expect(seen).toEqual(records);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('begin at the position, though the broker answers whole batches', () => {
    const decoded = decode(data(10n, ['a', 'b', 'c', 'd']), { position: 12n });
    expect(values(decoded)).toEqual([
      [12n, 'c'],
      [13n, 'd'],
    ]);
    expect(decoded.next).toBe(14n);
  });

  it('before the position are passed over', () => {
    const decoded = decode([data(0n, ['a', 'b']), data(2n, ['c'])], { position: 2n });
    expect(values(decoded)).toEqual([[2n, 'c']]);
    const onlyOlder = decode(data(0n, ['a', 'b']), { position: 2n });
    expect(onlyOlder).toMatchObject({ batches: [], next: 2n, error: null, isCutShort: false });
  });

  it('that overlap never give a position twice', () => {
    const decoded = decode([data(0n, ['a', 'b', 'c']), data(1n, ['x', 'y', 'z'])]);
    expect(values(decoded)).toEqual([
      [0n, 'a'],
      [1n, 'b'],
      [2n, 'c'],
      [3n, 'z'],
    ]);
  });

  it('cut at the end of an answer are left for the next one', () => {
    const whole = data(0n, ['a']);
    const cut = data(1n, ['b', 'c']);
    for (let length = 0; length < cut.length; length += 1) {
      const decoded = decode([whole, cut.subarray(0, length)]);
      expect(values(decoded)).toEqual([[0n, 'a']]);
      expect(decoded).toMatchObject({ next: 1n, error: null, isCutShort: false });
    }
    expect(decode(cut.subarray(0, 40))).toMatchObject({ next: 0n, error: null, isCutShort: true });
  });

  it('advance over gaps by their header: records may all have been compacted away', () => {
    const decoded = decode([
      encodeBatch({ baseOffset: 0n, records: [{ offsetDelta: 3, value: 'a' }], lastOffsetDelta: 9 }),
      encodeBatch({ baseOffset: 20n, records: [], lastOffsetDelta: 4 }),
    ]);
    expect(values(decoded)).toEqual([[3n, 'a']]);
    expect(decoded.next).toBe(25n);
    expect(decoded.batches.at(-1)?.next).toBe(25n);
  });

  it('stamped by the broker have its time for every record', () => {
    const decoded = decode(
      data(0n, ['a', 'b'], { isLogAppendTime: true, baseTimestamp: 5n, maxTimestamp: 99n }),
    );
    expect(
      decoded.batches.flatMap((batch) => [...batch.records].map(({ timestampMs }) => timestampMs)),
    ).toEqual([99, 99]);
  });

  it('are the same by the cursor, which is the record it stands on', () => {
    for (const codec of [0, 1, 2, 3, 4]) {
      const [batch] = decode(
        encodeBatch({
          baseOffset: 5n,
          records: [
            { key: 'k', value: 'one', headers: [['h', 'v']], timestampDelta: 3 },
            { value: null },
            { key: '', value: '' },
          ],
          codec,
        }),
        { position: 5n },
      ).batches;
      const seen: unknown[] = [];
      const cursor = batch?.walk();
      while (cursor?.advance() === true) {
        const { position, timestampMs, key, value, headers } = cursor;
        const { bytes, valueStart, valueLength } = cursor;
        const inPlace = valueLength < 0 ? null : bytes.subarray(valueStart, valueStart + valueLength);
        expect(inPlace).toEqual(value);
        seen.push({ position, timestampMs, key, value, headers });
      }
      const records = [...(batch?.records ?? [])];
      expect(seen).toEqual(
        records.map(({ position, timestampMs, key, value, headers }) => ({
          position,
          timestampMs,
          key,
          value,
          headers,
        })),
      );
      expect(seen).toHaveLength(3);
      expect(cursor?.advance()).toBe(false);
    }
  });

  it('can be walked again, and several walks do not disturb each other', () => {
    for (const codec of [0, 1]) {
      const [batch] = decode(data(0n, ['a', 'b', 'c'], { codec })).batches;
      const one = batch?.records[Symbol.iterator]();
      one?.next();
      expect([...(batch?.records ?? [])].map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
      expect(String(one?.next().value?.value)).toBe('b');
    }
  });

  it('are views into the answer where they are not compressed', () => {
    const bytes = data(0n, ['hello']);
    const [batch] = decode(bytes).batches;
    const [record] = [...(batch?.records ?? [])];
    expect(record?.value?.buffer).toBe(bytes.buffer);
  });
});

describe('transactions', () => {
  const transactional = (producerId: bigint): Partial<EncodedBatch> => ({
    producerId,
    isTransactional: true,
  });

  it('that were aborted are not delivered, control batches neither, and reading goes on after them', () => {
    const decoded = decode(
      [
        data(0n, ['plain']),
        data(1n, ['aborted'], transactional(5n)),
        data(2n, ['kept'], transactional(6n)),
        encodeMarker({ offset: 3n, producerId: 5n, kind: 'abort' }),
        encodeMarker({ offset: 4n, producerId: 6n, kind: 'commit' }),
        data(5n, ['later'], transactional(5n)),
        encodeMarker({ offset: 6n, producerId: 5n, kind: 'commit' }),
      ],
      { aborted: [{ producerId: 5n, firstOffset: 1n }] },
    );
    expect(values(decoded)).toEqual([
      [0n, 'plain'],
      [2n, 'kept'],
      [5n, 'later'],
    ]);
    expect(decoded.next).toBe(7n);
    expect(decoded.batches.at(-1)?.next).toBe(7n);
  });

  it('do not touch what the same producer writes outside of one', () => {
    const decoded = decode([data(0n, ['plain'], { producerId: 5n })], {
      aborted: [{ producerId: 5n, firstOffset: 0n }],
    });
    expect(values(decoded)).toEqual([[0n, 'plain']]);
  });

  it('aborted over many answers are filtered in each, by the list each answer brings', () => {
    const aborted = [{ producerId: 5n, firstOffset: 2n }];
    expect(values(decode(data(50n, ['x', 'y'], transactional(5n)), { position: 50n, aborted }))).toEqual([]);
    const last = decode(
      [
        data(52n, ['z'], transactional(5n)),
        encodeMarker({ offset: 53n, producerId: 5n, kind: 'abort' }),
        data(54n, ['next transaction'], transactional(5n)),
      ],
      { position: 52n, aborted },
    );
    expect(values(last)).toEqual([[54n, 'next transaction']]);
  });

  it('several aborted by one producer in one answer are all filtered', () => {
    const decoded = decode(
      [
        data(0n, ['a'], transactional(5n)),
        encodeMarker({ offset: 1n, producerId: 5n, kind: 'abort' }),
        data(2n, ['b'], transactional(5n)),
        encodeMarker({ offset: 3n, producerId: 5n, kind: 'commit' }),
        data(4n, ['c'], transactional(5n)),
        encodeMarker({ offset: 5n, producerId: 5n, kind: 'abort' }),
      ],
      {
        aborted: [
          { producerId: 5n, firstOffset: 0n },
          { producerId: 5n, firstOffset: 4n },
        ],
      },
    );
    expect(values(decoded)).toEqual([[2n, 'b']]);
  });

  it('stay aborted past a commit marker that is not theirs', () => {
    const decoded = decode(
      [
        data(0n, ['a'], transactional(5n)),
        encodeMarker({ offset: 1n, producerId: 5n, kind: 'commit' }),
        data(2n, ['b'], transactional(5n)),
        encodeMarker({ offset: 3n, producerId: 5n, kind: 'abort' }),
      ],
      { aborted: [{ producerId: 5n, firstOffset: 0n }] },
    );
    expect(values(decoded)).toEqual([]);
  });

  it('whose abort marker comes first in an answer do not break the walk', () => {
    const decoded = decode(
      [encodeMarker({ offset: 9n, producerId: 5n, kind: 'abort' }), data(10n, ['a'], transactional(5n))],
      { position: 9n, aborted: [{ producerId: 5n, firstOffset: 2n }] },
    );
    expect(values(decoded)).toEqual([[10n, 'a']]);
  });

  it('are all delivered when everything is to be read, but for control batches', () => {
    const decoded = decode(
      [data(0n, ['aborted'], transactional(5n)), encodeMarker({ offset: 1n, producerId: 5n, kind: 'abort' })],
      { aborted: null },
    );
    expect(values(decoded)).toEqual([[0n, 'aborted']]);
    expect(decoded.next).toBe(2n);
  });

  it('of an answer with nothing else give an empty batch that moves the position', () => {
    const decoded = decode(
      [data(0n, ['a'], transactional(5n)), encodeMarker({ offset: 1n, producerId: 5n, kind: 'abort' })],
      { aborted: [{ producerId: 5n, firstOffset: 0n }] },
    );
    expect(decoded.batches.map((batch) => [[...batch.records], batch.next])).toEqual([[[], 2n]]);
  });

  it('aborted are passed over whatever their codec', () => {
    const decoded = decode([data(0n, ['a'], { ...transactional(5n), codec: 6 }), data(1n, ['b'])], {
      aborted: [{ producerId: 5n, firstOffset: 0n }],
    });
    expect(values(decoded)).toEqual([[1n, 'b']]);
    expect(decoded.error).toBeNull();
  });
});

describe('a batch that cannot be used', () => {
  it('comes after those before it', () => {
    const broken = data(1n, ['b']);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    const decoded = decode([data(0n, ['a']), broken, data(2n, ['c'])]);
    expect(values(decoded)).toEqual([[0n, 'a']]);
    expect(decoded).toMatchObject({
      next: 1n,
      error: { code: 'STREAM_CORRUPT', details: { partition: '3', position: '1' } },
    });
  });

  it('is named when any bit under the checksum is another', () => {
    const bytes = data(0n, ['value']);
    for (let at = 17; at < bytes.length; at += 1) {
      const broken = Buffer.from(bytes);
      broken[at] = (broken[at] ?? 0) ^ 0x10;
      expect(decode(broken).error).toEqual(corrupt);
    }
  });

  it('names a codec that nobody has, with partition and offset', () => {
    const decoded = decode([data(0n, ['a']), data(1n, ['b'], { codec: 6 })]);
    expect(decoded).toMatchObject({
      next: 1n,
      error: {
        code: 'STREAM_CODEC_UNSUPPORTED',
        details: { codec: 'number 6', partition: '3', position: '1' },
      },
    });
    expect(decoded.error?.message).toMatch(/clicks partition 3.*offset 1.*number 6/);
  });

  it.each([0, 1])('names the legacy message format %d', (magic) => {
    const { error } = decode(data(5n, ['a'], { magic }), { position: 5n });
    expect(error).toMatchObject({ code: 'STREAM_PROTOCOL', details: { position: '5', magic } });
    expect(error?.message).toContain(`legacy message format ${magic}`);
  });

  it.each([
    ['a length below its own header', { batchLength: 48 }],
    ['a negative length', { batchLength: -1 }],
    ['a negative base offset', { baseOffset: -1n }],
    ['a base offset with none after it', { baseOffset: 2n ** 63n - 2n }],
    ['a negative last offset delta', { lastOffsetDelta: -1 }],
    ['a negative record count', { recordCount: -1 }],
  ])('is found by %s', (_, override) => {
    expect(decode(data(0n, ['a', 'b'], override)).error).toEqual(corrupt);
  });

  it.each([
    ['fewer records than it says', { recordCount: 3 }],
    ['more records than it says', { recordCount: 1 }],
    ['a record past the end', { rawRecords: Buffer.from([40, 0, 0, 0]) }],
    ['a negative record length', { rawRecords: Buffer.from([1]) }],
    ['an endless varint', { rawRecords: Buffer.alloc(20, 0xff) }],
    [
      'a record that is longer than its parts',
      { rawRecords: Buffer.from([...varint(10), 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]) },
    ],
    [
      'a record that is shorter than its parts',
      { rawRecords: Buffer.from([...varint(6), 0, 0, 0, 1, 20, 65, 66]) },
    ],
    ['a key length below -1', { rawRecords: Buffer.from([...varint(6), 0, 0, 0, 3, 1, 0]) }],
    ['a header count below 0', { rawRecords: Buffer.from([...varint(6), 0, 0, 0, 1, 1, 1]) }],
    ['more headers than bytes', { rawRecords: Buffer.from([...varint(6), 0, 0, 0, 1, 1, 120]) }],
    ['a header without a key', { rawRecords: Buffer.from([...varint(8), 0, 0, 0, 1, 1, 2, 1, 1]) }],
    [
      'offsets that go back',
      {
        rawRecords: Buffer.concat([
          encodeRecord({ offsetDelta: 1, value: 'a' }, 0),
          encodeRecord({ offsetDelta: 1, value: 'b' }, 1),
        ]),
        recordCount: 2,
      },
    ],
    [
      'an offset past the last one',
      { rawRecords: encodeRecord({ offsetDelta: 5, value: 'a' }, 0), recordCount: 1, lastOffsetDelta: 4 },
    ],
    ['a gzip that is none', { codec: 1, compressedRecords: Buffer.from('nothing of the kind') }],
    ['a snappy that is none', { codec: 2, compressedRecords: Buffer.from('nothing of the kind') }],
    ['an lz4 that is none', { codec: 3, compressedRecords: Buffer.from('nothing of the kind') }],
    ['a zstd that is none', { codec: 4, compressedRecords: Buffer.from('nothing of the kind') }],
  ])('throws from the walk, and again, for %s', (_, override) => {
    const bytes = encodeBatch({
      baseOffset: 0n,
      records: [{ value: 'a' }, { value: 'b' }],
      recordCount: 1,
      ...override,
    });
    const [batch] = decode(bytes).batches;
    expect(() => [...(batch?.records ?? [])]).toThrow(corrupt);
    const records = batch?.records[Symbol.iterator]();
    const cursor = batch?.walk();
    const drains = [
      (): void => {
        while (records?.next().done === false);
      },
      (): void => {
        while (cursor?.advance() === true);
      },
    ];
    for (const drain of drains) {
      expect(drain).toThrow(corrupt);
      expect(drain).toThrow(corrupt);
    }
  });

  it.each([
    [1, 'gzip'],
    [2, 'snappy'],
    [3, 'lz4'],
    [4, 'zstd'],
  ])('is not decompressed past its limit: codec %d, %s', (codec, name) => {
    const value = Buffer.alloc(decompressedBytesMax);
    const bomb = encodeBatch({ baseOffset: 5n, records: [{ value }], codec });
    expect(bomb.length).toBeLessThan(500_000);
    const [batch] = decode(bomb).batches;
    expect(batch?.bytes).toBe(bomb.length);
    expect(() => batch?.walk().advance()).toThrow(
      expect.objectContaining({
        code: 'RECORD_TOO_LARGE',
        details: { partition: '3', position: '5', codec: name },
        message: expect.stringContaining(`${decompressedBytesMax} bytes`) as string,
      }),
    );
  });

  it('is opened by the first step of a walk, not before', () => {
    const broken = encodeBatch({
      baseOffset: 0n,
      records: [{ value: 'a' }],
      codec: 1,
      compressedRecords: Buffer.from('nothing of the kind'),
    });
    const [batch] = decode(broken).batches;
    const records = batch?.records[Symbol.iterator]();
    const cursor = batch?.walk();
    expect(() => records?.next()).toThrow(corrupt);
    expect(() => cursor?.advance()).toThrow(corrupt);
  });
});

describe('broken bytes', () => {
  /** Everything a reader does with an answer; whatever the bytes, only our errors come out. */
  function readAll(bytes: Buffer): number {
    const decoded = decode(bytes, { aborted: [{ producerId: 5n, firstOffset: 2n }] });
    let records = 0;
    let last = -1n;
    for (const batch of decoded.batches) {
      try {
        for (const record of batch.records) {
          if (record.position <= last) throw new Error(`position ${record.position} after ${last}`);
          last = record.position;
          records += 1;
          void record.key;
          void record.value;
          void record.headers;
        }
      } catch (error) {
        if (!isHeadgateError(error)) throw error;
        break;
      }
    }
    return records;
  }

  const original = Buffer.concat([
    data(0n, ['a', 'bb', 'ccc']),
    data(3n, ['d'], { codec: 1 }),
    data(10n, ['snappy', 'snappy'], { codec: 2 }),
    data(12n, ['framed'], {
      codec: 2,
      compressedRecords: xerialSnappy(encodeRecord({ value: 'framed' }, 0), 8),
    }),
    data(13n, ['lz4', 'lz4'], { codec: 3 }),
    data(15n, ['zstd', 'zstd'], { codec: 4 }),
    data(17n, ['e'], { producerId: 5n, isTransactional: true }),
    encodeMarker({ offset: 18n, producerId: 5n, kind: 'abort' }),
    encodeBatch({
      baseOffset: 19n,
      records: [
        {
          key: 'k',
          value: null,
          headers: [
            ['h', 'v'],
            ['n', null],
          ],
        },
      ],
    }),
  ]);

  /** Offsets of the batches, to seal their checksums again after a change. */
  const starts = [0];
  for (let at = 0; at < original.length; starts.push(at)) at += 12 + original.readInt32BE(at + 8);

  it('never crash or hang a reader: 20,000 mutations, half of them under a right checksum', () => {
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state % below;
    };
    for (let turn = 0; turn < 20_000; turn += 1) {
      let bytes = Buffer.from(original);
      for (let change = random(4); change >= 0; change -= 1) bytes[random(bytes.length)] = random(256);
      if (turn % 2 === 0)
        starts.slice(0, -1).forEach((start, index) => sealBatch(bytes.subarray(start, starts[index + 1])));
      if (turn % 5 === 0) bytes = bytes.subarray(0, random(bytes.length));
      try {
        expect(readAll(bytes)).toBeLessThan(200);
      } catch (error) {
        throw new Error(`mutation ${turn} of seed ${seed}: ${bytes.toString('hex')}`, { cause: error });
      }
    }
  });
});
