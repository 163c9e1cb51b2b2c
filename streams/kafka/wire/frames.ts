/**
 * Cuts a byte stream into answers: a length of four bytes, then that many bytes.
 *
 * Each answer is copied once, into a buffer of exactly its size, so that the chunk read from the socket can be
 * used again at once. A length out of bounds is refused before anything is allocated for it.
 */
import { HeadgateError } from '../../../domain/errors.ts';

/** The smallest answer is a correlation id. */
const frameBytesMin = 4;

export class FrameAssembler {
  readonly #frameBytesMax: number;
  readonly #onFrame: (frame: Buffer) => void;
  readonly #length = Buffer.alloc(4);
  #lengthBytes = 0;
  #frame: Buffer | null = null;
  #filled = 0;

  constructor(frameBytesMax: number, onFrame: (frame: Buffer) => void) {
    this.#frameBytesMax = frameBytesMax;
    this.#onFrame = onFrame;
  }

  /** Throws STREAM_PROTOCOL for an impossible length; the stream is useless from then on. */
  push(chunk: Uint8Array): void {
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
    this.#frame = Buffer.allocUnsafeSlow(length);
    this.#filled = 0;
    return at + 1;
  }

  #fill(chunk: Uint8Array, at: number): number {
    const frame = this.#frame;
    if (frame === null) return at;
    const end = Math.min(chunk.length, at + frame.length - this.#filled);
    frame.set(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end), this.#filled);
    this.#filled += end - at;
    if (this.#filled === frame.length) {
      this.#frame = null;
      this.#onFrame(frame);
    }
    return end;
  }
}
