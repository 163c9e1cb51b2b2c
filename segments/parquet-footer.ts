/**
 * The footer of a Parquet file: what of it we need, read without an engine, and one bit of it put right.
 *
 * DuckDB writes TIMESTAMP_MS columns with `isAdjustedToUTC` false, so that readers would take our instants for local times. The
 * flag is a field header of Thrift's compact protocol (0x11 true, 0x12 false), so it can be changed in place: no length moves and
 * no checksum covers the footer. parquet-format: FileMetaData, SchemaElement, LogicalType.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { HeadgateError, messageOf } from '../domain/errors.ts';

export type ParquetFooter = {
  readonly rows: number;
  readonly rowGroups: number;
  readonly keyValues: ReadonlyMap<string, string>;
  /** Leaf and group names in schema order, without the root. */
  readonly schemaNames: readonly string[];
};

const magic = 'PAR1';
const maxFooterBytes = 64 * 1024 * 1024;

/** Throws SEGMENT_CORRUPT when the file is no complete Parquet file. */
export async function readParquetFooter(path: string): Promise<ParquetFooter> {
  const file = await open(path, 'r');
  try {
    const { bytes } = await footerBytes(path, file);
    const meta = parse(path, bytes);
    return {
      rows: Number(numberAt(meta, 3)),
      rowGroups: listAt(meta, 4).length,
      keyValues: new Map(listAt(meta, 5).map((pair) => [textAt(pair, 1), textAt(pair, 2)])),
      schemaNames: listAt(meta, 2)
        .slice(1)
        .map((element) => textAt(element, 4)),
    };
  } finally {
    await file.close();
  }
}

/** Sets `isAdjustedToUTC` of the root column `name`, which must be a timestamp. */
export async function markTimestampUtc(path: string, name: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { bytes, position } = await footerBytes(path, file);
    const element = listAt(parse(path, bytes), 2).find((candidate) => textAt(candidate, 4) === name);
    const flag = structAt(structAt(element, 10), 8)?.get(1);
    if (flag === undefined) throw corrupt(path, `column ${name} is no timestamp`);
    await file.write(
      Uint8Array.of((bytes.readUInt8(flag.at) & 0xf0) | compact.true),
      0,
      1,
      position + flag.at,
    );
  } finally {
    await file.close();
  }
}

async function footerBytes(path: string, file: FileHandle): Promise<{ bytes: Buffer; position: number }> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(8);
  if (size >= 12) await file.read(tail, 0, 8, size - 8);
  const length = tail.readUInt32LE(0);
  if (tail.toString('latin1', 4) !== magic || length > Math.min(size - 12, maxFooterBytes))
    throw corrupt(path, 'it does not end as a Parquet file does');
  const bytes = Buffer.alloc(length);
  const position = size - 8 - length;
  await file.read(bytes, 0, length, position);
  return { bytes, position };
}

function parse(path: string, bytes: Buffer): Struct {
  try {
    return new CompactReader(bytes).struct();
  } catch (error) {
    throw corrupt(path, `its footer cannot be read: ${messageOf(error)}`);
  }
}

function corrupt(path: string, why: string): HeadgateError {
  return new HeadgateError('SEGMENT_CORRUPT', `segment file ${path} cannot be used: ${why}`, {
    details: { path },
  });
}

/** Type codes of Thrift's compact protocol. */
const compact = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
};

/** `at`: where the field's header byte is. */
type Field = { readonly at: number; readonly value: Value };
type Struct = ReadonlyMap<number, Field>;
type Value = bigint | boolean | number | Buffer | Struct | readonly Value[];

class CompactReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  struct(): Struct {
    const fields = new Map<number, Field>();
    for (let id = 0; ;) {
      const at = this.#at;
      const header = this.#byte();
      const type = header & 0x0f;
      if (type === 0) return fields;
      id = header >> 4 === 0 ? Number(this.#zigzag()) : id + (header >> 4);
      fields.set(id, { at, value: type <= compact.false ? type === compact.true : this.#value(type) });
    }
  }

  #value(type: number): Value {
    switch (type) {
      case compact.true:
      case compact.false:
        return this.#byte() === 1;
      case compact.byte:
        return this.#byte();
      case compact.i16:
      case compact.i32:
      case compact.i64:
        return this.#zigzag();
      case compact.double:
        this.#at += 8;
        return this.#bytes.readDoubleLE(this.#at - 8);
      case compact.binary:
        return this.#binary();
      case compact.list:
      case compact.set:
        return this.#list();
      case compact.struct:
        return this.struct();
      default:
        throw new Error(`unknown Thrift type ${type}`);
    }
  }

  #list(): Value[] {
    const header = this.#byte();
    const count = header >> 4 === 15 ? Number(this.#varint()) : header >> 4;
    const items: Value[] = [];
    for (let left = count; left > 0; left--) items.push(this.#value(header & 0x0f));
    return items;
  }

  #binary(): Buffer {
    const length = Number(this.#varint());
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Error('it ends too early');
    this.#at += length;
    return bytes;
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return value % 2n === 0n ? value / 2n : -(value + 1n) / 2n;
  }

  #varint(): bigint {
    let value = 0n;
    for (let factor = 1n; ; factor *= 128n) {
      const byte = this.#byte();
      value += BigInt(byte % 128) * factor;
      if (byte < 128) return value;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('it ends too early');
    return byte;
  }
}

function structAt(value: Value | undefined, id: number): Struct | undefined {
  const field = value instanceof Map ? (value as Struct).get(id)?.value : undefined;
  return field instanceof Map ? (field as Struct) : undefined;
}

function listAt(struct: Struct, id: number): readonly Value[] {
  const value = struct.get(id)?.value;
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

function textAt(value: Value, id: number): string {
  const field = value instanceof Map ? (value as Struct).get(id)?.value : undefined;
  return field instanceof Buffer ? field.toString('utf8') : '';
}

function numberAt(struct: Struct, id: number): bigint | number {
  const value = struct.get(id)?.value;
  return typeof value === 'bigint' || typeof value === 'number' ? value : 0;
}
