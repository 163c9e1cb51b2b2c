/**
 * HyperLogLog: about how many distinct values there were. The relative standard error is 1.04 / sqrt(2^lgK), 1.6 % at the
 * default lgK of 12; few values are counted almost exactly.
 *
 * A sketch is a function of the set of values: any order and any grouping of additions and unions gives the same bytes.
 * A value is known by its coupon, 32 bits: 26 of its hash, and the number of zeros that follow them. Few coupons are kept as
 * they are; more than 2^lgK / 8 become 2^lgK registers of a byte. The estimate is Ertl's (2017), without tables and corrections.
 */
import { murmur3 } from './murmur3.ts';
import { frameBytes, opened, seal, SketchCorrupt } from './sketch-bytes.ts';

const addressBits = 26;
const couponValueMax = 64 - addressBits + 1;
const seeds = { long: 9001, double: 9002, text: 9003 } as const;

export class HllSketch {
  readonly lgK: number;
  /** A hash table with open addressing, 0 is free; null: there are registers. */
  #coupons: Uint32Array | null;
  #count = 0;
  #registers: Uint8Array | null = null;

  constructor(lgK: number) {
    this.lgK = lgK;
    this.#coupons = new Uint32Array(4);
  }

  addCoupon(coupon: number): void {
    if (this.#registers !== null) raise(this.#registers, this.lgK, coupon);
    else this.#insert(coupon);
  }

  /** A sketch with more registers gives up what its own has too many of. */
  add(other: HllSketch): void {
    if (other.lgK < this.lgK) throw new Error('a sketch can only take in one that is at least as exact');
    if (other.#coupons !== null) {
      for (const coupon of other.#coupons) if (coupon !== 0) this.addCoupon(coupon);
      return;
    }
    const registers = this.#dense();
    const shift = other.lgK - this.lgK;
    other.#registers?.forEach((value, at) => {
      if (value === 0) return;
      const low = shift === 0 ? 0 : at & (2 ** shift - 1);
      const here = low === 0 ? shift + value : Math.clz32(low) - (32 - shift) + 1;
      const place = at >>> shift;
      if (here > (registers[place] ?? 0)) registers[place] = here;
    });
  }

  /** As exact as the least exact of them; none of them is changed. */
  static union(sketches: readonly HllSketch[], lgK = 21): HllSketch {
    const result = new HllSketch(Math.min(lgK, ...sketches.map((sketch) => sketch.lgK)));
    for (const sketch of sketches) result.add(sketch);
    return result;
  }

  estimate(): number {
    if (this.#registers !== null) return registerEstimate(this.#registers, this.lgK);
    const addresses = 2 ** addressBits;
    return -addresses * Math.log1p(-this.#count / addresses);
  }

  /** Of the heap. */
  get bytes(): number {
    return 200 + (this.#registers?.length ?? 0) + (this.#coupons?.byteLength ?? 0);
  }

  toBytes(): Uint8Array {
    if (this.#registers !== null) {
      const dense = new Uint8Array(frameBytes + this.#registers.length);
      dense.set(this.#registers, frameBytes);
      return seal(dense, 'hll', this.lgK | 0x100);
    }
    const bytes = new Uint8Array(frameBytes + 4 * this.#count);
    const view = new DataView(bytes.buffer, frameBytes);
    const sorted = (this.#coupons ?? new Uint32Array()).filter((coupon) => coupon !== 0).sort();
    sorted.forEach((coupon, at) => view.setUint32(4 * at, coupon, true));
    return seal(bytes, 'hll', this.lgK);
  }

  /** Throws `SketchCorrupt`. */
  static fromBytes(bytes: Uint8Array): HllSketch {
    const { own, content } = opened(bytes, 'hll');
    const lgK = own & 0xff;
    if (lgK < 4 || lgK > 21) throw new SketchCorrupt(`an HLL sketch with lgK ${lgK}`);
    const sketch = new HllSketch(lgK);
    if (own >>> 8 === 1) sketch.#readRegisters(content);
    else sketch.#readCoupons(content);
    return sketch;
  }

  #readRegisters(content: DataView): void {
    if (content.byteLength !== 2 ** this.lgK)
      throw new SketchCorrupt('an HLL sketch without all its registers');
    this.#coupons = null;
    this.#registers = new Uint8Array(content.buffer, content.byteOffset, content.byteLength).slice();
    for (const value of this.#registers)
      if (value > 65 - this.lgK) throw new SketchCorrupt(`an HLL sketch with ${value} in a register`);
  }

  #readCoupons(content: DataView): void {
    const count = content.byteLength / 4;
    if (!Number.isInteger(count) || count > this.#limit)
      throw new SketchCorrupt(`an HLL sketch with ${content.byteLength} bytes of coupons`);
    let last = 0;
    for (let at = 0; at < count; at++) {
      const coupon = content.getUint32(4 * at, true);
      const value = coupon & 63;
      if (coupon <= last || value === 0 || value > couponValueMax)
        throw new SketchCorrupt('an HLL sketch with impossible coupons');
      last = coupon;
      this.#insert(coupon);
    }
  }

  get #limit(): number {
    return 2 ** this.lgK / 8;
  }

  #insert(coupon: number): void {
    let table = this.#coupons;
    if (table === null) return;
    const place = placeOf(table, coupon);
    if (table[place] === coupon) return;
    table[place] = coupon;
    this.#count += 1;
    if (this.#count > this.#limit) this.#dense();
    else if (this.#count * 4 > table.length * 3) {
      table = new Uint32Array(table.length * 2);
      for (const known of this.#coupons ?? []) if (known !== 0) table[placeOf(table, known)] = known;
      this.#coupons = table;
    }
  }

  #dense(): Uint8Array {
    if (this.#registers === null) {
      this.#registers = new Uint8Array(2 ** this.lgK);
      for (const coupon of this.#coupons ?? []) if (coupon !== 0) raise(this.#registers, this.lgK, coupon);
      this.#coupons = null;
    }
    return this.#registers;
  }
}

function placeOf(table: Uint32Array, coupon: number): number {
  const mask = table.length - 1;
  let place = Math.imul(coupon, 0x9e3779b1) >>> 7;
  for (place &= mask; table[place] !== 0 && table[place] !== coupon;) place = (place + 1) & mask;
  return place;
}

function raise(registers: Uint8Array, lgK: number, coupon: number): void {
  const address = coupon >>> 6;
  const place = address >>> (addressBits - lgK);
  const rest = (address << (32 - addressBits + lgK)) >>> 0;
  const value = rest !== 0 ? Math.clz32(rest) + 1 : addressBits - lgK + (coupon & 63);
  if (value > (registers[place] ?? 0)) registers[place] = value;
}

/** Ertl's improved raw estimator: right over the whole range of counts. */
function registerEstimate(registers: Uint8Array, lgK: number): number {
  const size = 2 ** lgK;
  const most = 64 - lgK;
  const counts = new Float64Array(most + 2);
  for (const value of registers) counts[value] = (counts[value] ?? 0) + 1;
  let sum = size * tau(1 - (counts[most + 1] ?? 0) / size);
  for (let value = most; value >= 1; value--) sum = 0.5 * (sum + (counts[value] ?? 0));
  sum += size * sigma((counts[0] ?? 0) / size);
  return ((size / (2 * Math.LN2)) * size) / sum;
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [x, y, sum, before] = [share, 1, share, -1];
  while (sum !== before) {
    x *= x;
    before = sum;
    sum += x * y;
    y += y;
  }
  return sum;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, sum, before] = [share, 1, 1 - share, -1];
  while (sum !== before) {
    x = Math.sqrt(x);
    before = sum;
    y *= 0.5;
    sum -= (1 - x) ** 2 * y;
  }
  return sum / 3;
}

let scratch = new Uint8Array(256);
let scratchView = new DataView(scratch.buffer);
const encoder = new TextEncoder();

/** A whole number is another value than a double of the same size or its text, as in Druid. */
export function couponOfLong(value: number | bigint): number {
  if (typeof value === 'bigint') {
    const bits = BigInt.asUintN(64, value);
    return couponOfWords(Number(bits & 0xffffffffn), Number(bits >> 32n), seeds.long);
  }
  const low = value >>> 0;
  return couponOfWords(low, ((value - low) / 2 ** 32) >>> 0, seeds.long);
}

/** -0 is 0, and every NaN the same. */
export function couponOfDouble(value: number): number {
  scratchView.setFloat64(0, Number.isNaN(value) ? Number.NaN : value + 0, true);
  return couponOf(8, seeds.double);
}

export function couponOfText(text: string): number {
  if (text.length * 3 > scratch.length) {
    scratch = new Uint8Array(text.length * 3);
    scratchView = new DataView(scratch.buffer);
  }
  return couponOf(encoder.encodeInto(text, scratch).written, seeds.text);
}

function couponOfWords(low: number, high: number, seed: number): number {
  scratchView.setUint32(0, low, true);
  scratchView.setUint32(4, high, true);
  return couponOf(8, seed);
}

function couponOf(length: number, seed: number): number {
  const { high, low } = murmur3(scratch, length, seed);
  const address = high >>> (32 - addressBits);
  const rest = (high << addressBits) >>> 0;
  const zeros = rest !== 0 ? Math.clz32(rest) : 32 - addressBits + Math.clz32(low);
  return ((address << 6) | (zeros + 1)) >>> 0;
}
