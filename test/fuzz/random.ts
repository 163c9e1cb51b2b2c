/** A seeded generator and what a fuzzer does with bytes: the same seed, the same cases. */

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** From 0 up to `below`. */
  whole(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(list.length)] as T;
  }

  /** Flipped, put in, taken out, cut, doubled: a few changes, each of a few bytes. */
  damaged(bytes: Buffer, from = 0): Buffer {
    let changed: Buffer = Buffer.from(bytes);
    for (let left = 1 + this.whole(4); left > 0; left--) changed = this.#damagedOnce(changed, from);
    return changed;
  }

  #damagedOnce(bytes: Buffer, from: number): Buffer {
    const at = from + this.whole(Math.max(1, bytes.length - from));
    const size = 1 + this.whole(8);
    switch (this.whole(7)) {
      case 0:
        return Buffer.concat([bytes.subarray(0, at), this.#noise(size), bytes.subarray(at)]);
      case 1:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
      case 2:
        return bytes.subarray(0, at);
      case 3:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(from, at - size * 4))]);
      case 4:
        return this.#overwritten(bytes, at, Buffer.alloc(size, this.pick([0, 0xff, 0x7f, 0x80])));
      default:
        return this.#overwritten(bytes, at, this.#noise(size));
    }
  }

  #overwritten(bytes: Buffer, at: number, with_: Buffer): Buffer {
    const changed = Buffer.from(bytes);
    with_.copy(changed, Math.min(at, changed.length));
    return changed;
  }

  #noise(size: number): Buffer {
    return Buffer.from(Array.from({ length: size }, () => this.whole(256)));
  }
}
