/**
 * Cuts a byte stream into answers: a length of four bytes, then that many bytes.
 *
 * Each answer lies in a buffer of exactly its size. Bytes that a socket was told to put into `space()` are there already;
 * all others are copied once, so that the chunk read from the socket can be used again at once. A length out of bounds is
 * refused before anything is allocated for it.
 */
import { HeadgateError } from '../../../domain/errors.ts';

/** The smallest answer is a correlation id. */
const frameBytesMin = 4;
/** For lengths, small answers, and the beginning of large ones. */
const scratchBytes = 128 * 1024;

export class FrameAssembler {
  readonly #frameBytesMax: number;
  readonly #onFrame: (frame: Buffer) => void;
  readonly #length = Buffer.alloc(4);
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);
  #lengthBytes = 0;
  #frame: Buffer | null = null;
  #filled = 0;

  constructor(frameBytesMax: number, onFrame: (frame: Buffer) => void) {
    this.#frameBytesMax = frameBytesMax;
    this.#onFrame = onFrame;
  }

  /** Where the next bytes of the stream may be written; then they, as a view of it, are to be pushed. */
  space(): Buffer {
    const frame = this.#frame;
    if (frame === null || frame.length - this.#filled < scratchBytes) return this.#scratch;
    return frame.subarray(this.#filled);
  }

  /** Throws STREAM_PROTOCOL for an impossible length; the stream is useless from then on. */
  push(chunk: Uint8Array): void {
    const frame = this.#frame;
    if (frame !== null && chunk.buffer === frame.buffer) return this.#fillInPlace(frame, chunk.length);
    let at = 0;
    while (at < chunk.length) at = this.#frame === null ? this.#readLength(chunk, at) : this.#fill(chunk, at);
  }

  #readLength(chunk: Uint8Array, at: number): number {
    this.#length[this.#lengthBytes] = chunk[at] ?? 0;
    this.#lengthBytes += 1;
    if (this.#lengthBytes < 4) return at + 1;
    const length = this.#length.readInt32BE(0);
    if (length < frameBytesMin || length > this.#frameBytesMax)
      throw new HeadgateError(
        'STREAM_PROTOCOL',
        `an answer announces ${length} bytes, expected ${frameBytesMin} to ${this.#frameBytesMax}; is this a Kafka listener without TLS?`,
      );
    this.#lengthBytes = 0;
    // Of its own memory, never of a pool: `push` tells by it which bytes are in place.
    this.#frame = Buffer.allocUnsafeSlow(length);
    this.#filled = 0;
    return at + 1;
  }

  #fill(chunk: Uint8Array, at: number): number {
    const frame = this.#frame;
    if (frame === null) return at;
    const end = Math.min(chunk.length, at + frame.length - this.#filled);
    frame.set(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end), this.#filled);
    this.#fillInPlace(frame, end - at);
    return end;
  }

  #fillInPlace(frame: Buffer, length: number): void {
    this.#filled += length;
    if (this.#filled < frame.length) return;
    this.#frame = null;
    this.#onFrame(frame);
  }
}
