/**
 * Rows of a spill block to bytes and back, without loss: compensation terms, multi-values, longs as bigint, -0, NaN.
 *
 * Within a block a text is written once and referred to after that; times are differences (rows are sorted). Where time does
 * not come first they are written whole.
 * Tags: 0 null, 1 whole number >= 0, 2 whole number < 0, 3 double (8 bytes), 4 bigint (its digits), 5 text, 6 list; in columns
 * whose type is found 7 false, 8 true, 9 double (8 bytes), 10 list or object (its text); in metrics 11 sketch (its bytes).
 */
import { JavaDouble } from '../domain/java-double.ts';
import { NestedValue } from '../domain/nested-value.ts';
import type { DimensionValue } from '../domain/rows.ts';
import { HllSketch } from '../domain/sketches/hll.ts';
import { QuantilesSketch } from '../domain/sketches/quantiles.ts';
import type { Cell } from './metric-states.ts';
import type { SketchBytes } from './metrics/cell.ts';
import type { Discovered, StoredRow } from './stored-row.ts';

/** Whether the times of sorted rows only grow. */
export type TimeOrder = 'rising' | 'any';

export class BlockWriter {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #length = 0;
  #rows = 0;
  #lastTimeMs = 0;
  readonly #texts = new Map<string, number>();
  readonly #times: TimeOrder;

  constructor(times: TimeOrder = 'rising') {
    this.#times = times;
  }

  get length(): number {
    return this.#length;
  }

  get rows(): number {
    return this.#rows;
  }

  add(row: StoredRow): void {
    if (this.#rows === 0 || this.#times === 'any') this.#double(row.timeMs);
    else this.#whole(row.timeMs - this.#lastTimeMs);
    this.#lastTimeMs = row.timeMs;
    this.#rows += 1;
    for (const value of row.dimensions) this.#value(value);
    this.#whole(row.discovered.length);
    for (const { name, value } of row.discovered) {
      this.#text(name);
      this.#value(value);
    }
    for (const cell of row.cells) this.#value(cell);
  }

  /** The block's bytes, a view valid until the next `add`; the writer is empty afterwards. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    this.#rows = 0;
    this.#texts.clear();
    return bytes;
  }

  #value(value: DimensionValue | Cell): void {
    if (value === null) this.#byte(0);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') {
      this.#byte(5);
      this.#text(value);
    } else if (typeof value === 'bigint') {
      this.#byte(4);
      this.#text(value.toString());
    } else if (typeof value === 'boolean') this.#byte(value ? 8 : 7);
    else if (value instanceof JavaDouble) {
      this.#byte(9);
      this.#double(value.value);
    } else if (value instanceof NestedValue) {
      this.#byte(10);
      this.#text(value.text);
    } else if (isSketch(value)) {
      this.#byte(11);
      this.#bytes(value instanceof Uint8Array ? value : value.toBytes());
    } else {
      this.#byte(6);
      this.#whole(value.length);
      for (const item of value) this.#value(item);
    }
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#byte(3);
      this.#double(value);
    } else {
      this.#byte(value >= 0 ? 1 : 2);
      this.#whole(value >= 0 ? value : -1 - value);
    }
  }

  #text(text: string): void {
    const known = this.#texts.get(text);
    if (known !== undefined) {
      this.#whole(known);
      return;
    }
    this.#whole(this.#texts.size);
    this.#texts.set(text, this.#texts.size);
    const bytes = Buffer.byteLength(text);
    this.#whole(bytes);
    this.#reserve(bytes);
    this.#length += this.#buffer.write(text, this.#length);
  }

  #bytes(bytes: Uint8Array): void {
    this.#whole(bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = byte;
  }

  /** A whole number from 0 up to 2^53, 7 bits a byte. */
  #whole(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#buffer[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
  }

  #double(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

type Sketch = HllSketch | QuantilesSketch | SketchBytes;

function isSketch(value: NonNullable<DimensionValue | Cell>): value is Sketch {
  return value instanceof Uint8Array || value instanceof HllSketch || value instanceof QuantilesSketch;
}

/** What `decodeBlock` throws on bytes no writer makes; the reader names the file. */
export class BlockCorrupt extends Error {}

export type BlockShape = {
  readonly dimensions: number;
  readonly cells: number;
  readonly times: TimeOrder;
};

export function decodeBlock(bytes: Buffer, rows: number, widths: BlockShape): StoredRow[] {
  const reader = new BlockReader(bytes);
  const result: StoredRow[] = [];
  let timeMs = 0;
  for (let row = 0; row < rows; row++) {
    timeMs = row === 0 || widths.times === 'any' ? reader.double() : timeMs + reader.whole();
    const dimensions: DimensionValue[] = [];
    for (let at = 0; at < widths.dimensions; at++) dimensions.push(reader.value());
    const discovered: Discovered[] = [];
    for (let left = reader.whole(); left > 0; left--)
      discovered.push({ name: reader.text(), value: reader.value() });
    const cells: Cell[] = [];
    for (let at = 0; at < widths.cells; at++) cells.push(reader.cell());
    result.push({ timeMs, dimensions, discovered, cells });
  }
  if (!reader.atEnd()) throw new BlockCorrupt('bytes left over in a block');
  return result;
}

class BlockReader {
  readonly #bytes: Buffer;
  readonly #texts: string[] = [];
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  cell(): Cell {
    if (this.#bytes[this.#at] !== 11) return this.value() as Cell;
    this.#at += 1;
    const length = this.whole();
    this.#need(length);
    this.#at += length;
    // A copy of its own: the block is forgotten long before a sketch is.
    return Uint8Array.prototype.slice.call(this.#bytes, this.#at - length, this.#at);
  }

  value(): DimensionValue {
    const tag = this.#byte();
    switch (tag) {
      case 0:
        return null;
      case 1:
        return this.whole();
      case 2:
        return -1 - this.whole();
      case 3:
        return this.double();
      case 4:
        return BigInt(this.text());
      case 5:
        return this.text();
      case 6:
        return this.#list();
      case 7:
        return false;
      case 8:
        return true;
      case 9:
        return new JavaDouble(this.double());
      case 10:
        return new NestedValue(this.text());
      default:
        throw new BlockCorrupt(`unknown tag ${tag}`);
    }
  }

  text(): string {
    const number = this.whole();
    if (number < this.#texts.length) return this.#texts[number] ?? '';
    const length = this.whole();
    this.#need(length);
    const text = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += length;
    this.#texts.push(text);
    return text;
  }

  whole(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  }

  double(): number {
    this.#need(8);
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  #list(): (string | null)[] {
    const items: (string | null)[] = [];
    for (let left = this.whole(); left > 0; left--) items.push(this.value() as string | null);
    return items;
  }

  #byte(): number {
    this.#need(1);
    return this.#bytes[this.#at++] ?? 0;
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) throw new BlockCorrupt('a block ends too early');
  }
}
