/**
 * Zstandard: node:zlib's where this Node has it (22.15 and newer), else `@bokuweb/zstd-wasm`, which must be prepared.
 *
 *   magic:uint32 descriptor [window:uint8] [dictionary_id] [content_size] [block_header:uint24 block] [checksum:uint32]
 *
 * Both allocate what a frame claims, the WebAssembly one at once. So the frames are walked first: a block yields 128 KiB
 * or the window at most, so the blocks give a bound that no header can lie about. A frame that says its size is believed
 * up to that bound; of a frame that does not, the bound itself must be within the limit. Past 2,000 blocks that refuses
 * a frame whose encoder flushed after every few bytes; no Kafka client does.
 * The WebAssembly memory keeps the size of the largest batch it has seen, the limit at most.
 */
import * as zlib from 'node:zlib';
import { damaged, damagedBy, tooLarge, type Decompress } from './codec.ts';

type Native = (bytes: Buffer, options: { maxOutputLength: number; chunkSize: number }) => Buffer;
type Wasm = {
  readonly init: () => Promise<void>;
  readonly decompress: (bytes: Uint8Array, options: { defaultHeapSize: number }) => Uint8Array;
};
type Frame = { readonly bytes: Buffer; readonly bound: number };

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const blockBytesLimit = 128 * 1024;
/** Every frame is a call: empty ones without end would be work without a result. */
const framesMax = 1_024;
const chunkBytesMax = 1024 * 1024;

const native = findNative();
let wasm: Wasm | null = null;
let preparing: Promise<void> | null = null;

/**
 * To be awaited before the first frame. Reads and compiles the WebAssembly module where it is needed, once: initialized a
 * second time, its functions would work on a memory that is no longer its own.
 */
export function prepareZstd(): Promise<void> {
  preparing ??= native === null ? loadWasm() : Promise.resolve();
  return preparing;
}

export const unzstd: Decompress = (bytes, bytesMax) => {
  const frames = readFrames(bytes, bytesMax);
  const parts = frames.map(decompressFrame);
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
};

function decompressFrame({ bytes, bound }: Frame): Buffer {
  try {
    if (native !== null)
      return native(bytes, {
        maxOutputLength: Math.max(bound, 1),
        chunkSize: Math.min(bound + 64, chunkBytesMax),
      });
    if (wasm === null) throw new Error('zstd is used before it is prepared');
    const plain = wasm.decompress(bytes, { defaultHeapSize: bound });
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch (cause) {
    throw damagedBy(cause);
  }
}

/** The types of the oldest Node we support do not know it. */
function findNative(): Native | null {
  const found: unknown = Reflect.get(zlib, 'zstdDecompressSync');
  return typeof found === 'function' ? (found as Native) : null;
}

async function loadWasm(): Promise<void> {
  const loaded: Wasm = await import('@bokuweb/zstd-wasm');
  await loaded.init();
  wasm = loaded;
}

function readFrames(bytes: Buffer, bytesMax: number): Frame[] {
  const frames: Frame[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length;) {
    const magic = at + 8 > bytes.length ? 0 : bytes.readUInt32LE(at);
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
      at += 8 + bytes.readUInt32LE(at + 4);
      continue;
    }
    if (magic !== frameMagic) throw damaged(`no zstd frame begins at byte ${at}`);
    const walk = new FrameWalk(bytes, at + 4);
    const bound = walk.bound();
    total += bound;
    if (total > bytesMax) throw tooLarge(bytesMax);
    frames.push({ bytes: bytes.subarray(at, walk.at), bound });
    if (frames.length > framesMax) throw damaged(`more than ${framesMax} zstd frames`);
    at = walk.at;
  }
  if (frames.length === 0) throw damaged('there is no zstd frame');
  return frames;
}

class FrameWalk {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** What the frame can hold at most; it ends at `at` then. */
  bound(): number {
    const descriptor = this.#take(1);
    const isSingleSegment = (descriptor & 32) !== 0;
    const window = isSingleSegment ? null : this.#take(1);
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    if (this.#take(dictionaryBytes) !== 0) throw damaged('a zstd frame that needs a dictionary');
    const size = this.#contentSize(descriptor >>> 6, isSingleSegment);
    const windowBytes = window === null ? (size ?? 0) : windowSize(window);
    const blocksBound = this.#blocks(Math.min(windowBytes, blockBytesLimit));
    this.#take((descriptor & 4) === 0 ? 0 : 4);
    if (size === null) return blocksBound;
    if (size > blocksBound)
      throw damaged(`a zstd frame claims ${size} bytes, its blocks hold ${blocksBound} at most`);
    return size;
  }

  #contentSize(code: number, isSingleSegment: boolean): number | null {
    if (code === 0) return isSingleSegment ? this.#take(1) : null;
    if (code === 1) return this.#take(2) + 256;
    if (code === 2) return this.#take(4);
    const low = this.#take(4);
    return this.#take(4) * 2 ** 32 + low;
  }

  #blocks(blockBytesMax: number): number {
    let bound = 0;
    for (;;) {
      const header = this.#take(3);
      const kind = (header >>> 1) & 3;
      const size = header >>> 3;
      if (kind === 3 || size > blockBytesMax)
        throw damaged(`a zstd block of kind ${kind} and ${size} bytes at byte ${this.at}`);
      // Stored as it is; one byte repeated; compressed.
      this.#skip(kind === 1 ? 1 : size);
      bound += kind === 2 ? blockBytesMax : size;
      if ((header & 1) === 1) return bound;
    }
  }

  /** An unsigned number of up to four bytes, little endian. */
  #take(length: number): number {
    const start = this.at;
    this.#skip(length);
    return length === 0 ? 0 : this.#bytes.readUIntLE(start, length);
  }

  #skip(length: number): void {
    this.at += length;
    if (this.at > this.#bytes.length) throw damaged('a zstd frame ends too early');
  }
}

/** Exponent in the upper five bits, eighths in the lower three. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}
