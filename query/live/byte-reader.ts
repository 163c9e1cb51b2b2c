/** Reads a body in pieces of known length, holding one chunk at a time. */
import { NonsenseError } from './wire.ts';

export class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #onBytes: () => void;
  #chunk: Uint8Array = new Uint8Array(0);

  /** `onBytes` is told whenever something arrives. */
  constructor(body: ReadableStream<Uint8Array>, onBytes: () => void) {
    this.#reader = body.getReader();
    this.#onBytes = onBytes;
  }

  async exactly(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this.chunks(length)) parts.push(part);
    return Buffer.concat(parts, length);
  }

  /** Ends early, with an error, when the body does. */
  async *chunks(length: number): AsyncGenerator<Uint8Array> {
    let left = length;
    while (left > 0) {
      if (this.#chunk.byteLength === 0 && !(await this.#next()))
        throw new NonsenseError(`the answer ended ${left} bytes early`);
      const part = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(part.byteLength);
      left -= part.byteLength;
      yield part;
    }
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#chunk.byteLength === 0) if (!(await this.#next())) return true;
    return false;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    this.#onBytes();
    if (done) return false;
    this.#chunk = value;
    return true;
  }
}
