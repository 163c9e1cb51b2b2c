/** Every codec on its own: what encoders write comes back, what claims too much is refused before it is made; streams/kafka/codecs/. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { DecompressionError, type Decompress } from '../../../../streams/kafka/codecs/codec.ts';
import { decompressors, prepareCodecs } from '../../../../streams/kafka/codecs/codecs.ts';
import { codecNumbers, compress, xerialSnappy, zstdFrame } from '../compress.ts';

type Name = keyof typeof decompressors;

const seed = 20_261_121;
const mebibyte = 1024 * 1024;
const limit = 4 * mebibyte;
const names: readonly Name[] = ['gzip', 'snappy', 'lz4', 'zstd'];
const encoders: readonly (readonly [string, Name, (plain: Buffer) => Buffer])[] = [
  ...names.map((name) => [name, name, (plain: Buffer) => compress(codecNumbers[name], plain)] as const),
  ['snappy as Java frames it', 'snappy', xerialSnappy],
  [
    'snappy in several streams',
    'snappy',
    (plain) => Buffer.concat([xerialSnappy(plain, 100), xerialSnappy(Buffer.from('!'))]),
  ],
  [
    'gzip in several members',
    'gzip',
    (plain) => Buffer.concat([compress(1, plain), compress(1, Buffer.from('!'))]),
  ],
  [
    'zstd in several frames',
    'zstd',
    (plain) => Buffer.concat([compress(4, plain), skippable, compress(4, Buffer.from('!'))]),
  ],
];
const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

beforeAll(() => prepareCodecs());

function failure(decompress: Decompress, bytes: Buffer, bytesMax = limit): DecompressionError['kind'] {
  const rssBefore = process.memoryUsage().rss;
  try {
    decompress(bytes, bytesMax);
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    // A refusal costs no memory worth speaking of, whatever was claimed.
    expect(process.memoryUsage().rss - rssBefore).toBeLessThan(64 * mebibyte);
    return error.kind;
  }
  throw new Error('nothing was thrown');
}

describe.each(encoders)('%s', (label, name, encode) => {
  const decompress = decompressors[name];
  const tail = label.includes('several') ? '!' : '';

  it('gives back what was compressed, of any kind and size', () => {
    const text = fc.string({ minLength: 1, maxLength: 40 }).map((part) => Buffer.from(part.repeat(500)));
    const noise = fc.uint8Array({ minLength: 1, maxLength: 3_000 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(text, noise), (plain) => {
        fc.pre(plain.length > 0);
        expect(decompress(encode(plain), limit).equals(Buffer.concat([plain, Buffer.from(tail)]))).toBe(true);
      }),
      { seed, numRuns: 100 },
    );
    const large = Buffer.alloc(limit - 1, 'a line of text that comes again and again; ');
    expect(decompress(encode(large), limit).subarray(0, large.length).equals(large)).toBe(true);
  });

  it('is refused when it would grow past the limit, and only then', () => {
    const plain = Buffer.alloc(100_000, 'abc');
    expect(failure(decompress, encode(plain), plain.length + tail.length - 1)).toBe('tooLarge');
    expect(decompress(encode(plain), plain.length + tail.length)).toHaveLength(plain.length + tail.length);
  });

  it('never gives wrong lengths, hangs or throws anything else when it is cut or garbled', () => {
    const whole = encode(Buffer.from('some records, some more records, and the same records. '.repeat(60)));
    for (let length = 0; length < whole.length; length += 1) tryIt(decompress, whole.subarray(0, length));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          tryIt(decompress, bytes);
        },
      ),
      { seed, numRuns: 3_000 },
    );
  });
});

function tryIt(decompress: Decompress, bytes: Buffer): void {
  try {
    expect(decompress(bytes, 100_000).length).toBeLessThanOrEqual(100_000);
  } catch (error) {
    expect(error).toBeInstanceOf(DecompressionError);
  }
}

describe('a bomb', () => {
  const zeros = Buffer.alloc(64 * mebibyte);

  it.each(names)('of %s is refused', (name) => {
    const bomb = compress(codecNumbers[name], zeros);
    expect(bomb.length).toBeLessThan(limit);
    expect(failure(decompressors[name], bomb)).toBe('tooLarge');
  });

  it.each<[string, Name, Buffer]>([
    ['a snappy block that claims 4 GiB', 'snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0])],
    ['a snappy block that claims 3 MiB', 'snappy', Buffer.from([0x80, 0x80, 0xc0, 0x01, 0, 0x61])],
    ['a snappy block of no length', 'snappy', Buffer.alloc(0)],
    ['a snappy length without an end', 'snappy', Buffer.alloc(12, 0xff)],
    [
      'a xerial block past the end',
      'snappy',
      Buffer.concat([xerialSnappy(Buffer.alloc(0)), Buffer.from([0, 0, 1, 0, 1])]),
    ],
    [
      'a negative xerial length',
      'snappy',
      Buffer.concat([xerialSnappy(Buffer.alloc(0)), Buffer.alloc(9, 0xff)]),
    ],
    ['a zstd frame that claims 3 GiB', 'zstd', Buffer.from('28b52ffda0000000c0010000', 'hex')],
    ['a zstd frame that claims 2^63', 'zstd', Buffer.from('28b52ffde0ffffffffffffff7f010000', 'hex')],
    ['a zstd frame with a dictionary', 'zstd', Buffer.from('28b52ffd2107050100000000', 'hex')],
    ['a zstd block of 200 KiB', 'zstd', zstdFrame([[1, 200 * 1024, Buffer.from('a')]])],
    ['a zstd block larger than its window', 'zstd', zstdFrame([[1, 2_000, Buffer.from('a')]], 0)],
    ['a zstd block of an unknown kind', 'zstd', zstdFrame([[3, 10, Buffer.alloc(10)]])],
    [
      'zstd frames without end',
      'zstd',
      Buffer.concat(Array.from({ length: 2_000 }, () => zstdFrame([[0, 0, Buffer.alloc(0)]]))),
    ],
    ['only a skippable zstd frame', 'zstd', skippable],
    ['no lz4 frame', 'lz4', Buffer.from('0123456789')],
    ['a legacy lz4 frame', 'lz4', Buffer.from('02214c18040000001061', 'hex')],
    ['an lz4 frame with a dictionary', 'lz4', Buffer.from('04224d186140000000000000000000', 'hex')],
    ['an lz4 block size that is none', 'lz4', Buffer.from('04224d186030000000000000000000', 'hex')],
    ['an lz4 block past the end', 'lz4', Buffer.from('04224d18604082ffff0000', 'hex')],
    ['no gzip', 'gzip', Buffer.from('nothing of the kind')],
    ['a gzip without its trailer', 'gzip', compress(1, Buffer.alloc(5_000)).subarray(0, -8)],
  ])('or a lie, %s, is damage', (_, name, bytes) => {
    expect(failure(decompressors[name], bytes)).toBe('damaged');
  });

  it('of zstd without a size in its header is bounded by its blocks', () => {
    const blocks = (count: number): Buffer =>
      zstdFrame(Array.from({ length: count }, () => [1, 128 * 1024, Buffer.from('a')] as const));
    expect(decompressors.zstd(blocks(32), limit)).toHaveLength(limit);
    expect(failure(decompressors.zstd, blocks(33))).toBe('tooLarge');
  });

  it('of lz4 is told from an honest frame of many small blocks', () => {
    // 40 frames of one small block, made into one frame: 64 KiB each by the block size, 5 KB each in truth.
    const frames = Array.from({ length: 100 }, (_, index) => compress(3, Buffer.alloc(5_000, `${index} `)));
    const [first] = frames;
    const blocks = frames.map((frame) => frame.subarray(7, -4));
    const whole = Buffer.concat([first?.subarray(0, 7) ?? Buffer.alloc(0), ...blocks, Buffer.alloc(4)]);
    expect(decompressors.lz4(whole, 500_000)).toHaveLength(500_000);
    expect(failure(decompressors.lz4, whole, 499_999)).toBe('tooLarge');
  });
});
