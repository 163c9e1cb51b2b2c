/**
 * What the footer of a segment file says of the values of its columns, in the form `segment_check.statistics` has.
 *
 * Every statement holds for all rows of the file or is left out: ends are rounded outwards, long texts are cut (an upper end
 * upwards), a row group without statistics takes them from the whole column, and so does a type not known here.
 */
import { open } from 'node:fs/promises';
import { messageOf } from '../../domain/errors.ts';
import { CompactReader, bytesAt, numberAt, structAt, structsAt } from './compact-reader.ts';
import type { Struct } from './compact-reader.ts';

/** `empty`: every value is null. Numbers have `min` and `max` (times: milliseconds), texts `low` and `high` in hex. */
export type ColumnStatistics = {
  readonly empty?: true;
  readonly min?: number;
  readonly max?: number;
  readonly low?: string;
  readonly high?: string;
};

export type FileStatistics = {
  readonly rows: number;
  readonly columns: Readonly<Record<string, ColumnStatistics>>;
};

const footerBytesMax = 64 * 1024 * 1024;
const textBytesMax = 32;

/** Throws an Error with one clause, `it ...`, when the file has no footer that can be read. */
export async function readFileStatistics(path: string): Promise<FileStatistics> {
  return statisticsOf(await readFooter(path));
}

async function readFooter(path: string): Promise<Struct> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(8);
    if (size >= 12) await file.read(tail, 0, 8, size - 8);
    const length = tail.readUInt32LE(0);
    if (tail.toString('latin1', 4) !== 'PAR1' || length > Math.min(size - 12, footerBytesMax))
      throw new Error('it does not end as a Parquet file does');
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, size - 8 - length);
    return parsed(bytes);
  } finally {
    await file.close();
  }
}

function parsed(bytes: Buffer): Struct {
  try {
    return new CompactReader(bytes).struct();
  } catch (error) {
    throw new Error(`its footer cannot be read: ${messageOf(error)}`);
  }
}

/** parquet-format: FileMetaData. */
function statisticsOf(footer: Struct): FileStatistics {
  const leaves = leavesOf(structsAt(footer, 2));
  const groups = structsAt(footer, 4).map((group) => structsAt(group, 1));
  const columns = new Map<string, ColumnStatistics>();
  leaves.forEach((leaf, at) => {
    if (leaf === null || groups.length === 0) return;
    const chunks = groups.map((group) => structAt(group[at], 3));
    const statistics = columnStatistics(chunks, leaf);
    if (Object.keys(statistics).length > 0) columns.set(leaf.column, statistics);
  });
  return { rows: numberAt(footer, 3) ?? 0, columns: Object.fromEntries(columns) };
}

type Decode = (bytes: Buffer) => number | null;
type Leaf = {
  readonly column: string;
  readonly kind: 'text' | 'other' | { readonly min: Decode; readonly max: Decode };
};

/** In the order of the column chunks. Null: one of several leaves of a column, as a struct has. */
function leavesOf(elements: readonly Struct[]): (Leaf | null)[] {
  const leaves: Leaf[] = [];
  let at = 1;
  const walk = (column: string): void => {
    const element = elements[at++];
    if (element === undefined) throw new Error('its schema ends too early');
    const children = numberAt(element, 5) ?? 0;
    for (let child = 0; child < children; child++) walk(column);
    if (children === 0) leaves.push({ column, kind: kindOf(element) });
  };
  while (at < elements.length) walk(bytesAt(elements[at], 4)?.toString('utf8') ?? '');
  const counts = new Map<string, number>();
  for (const { column } of leaves) counts.set(column, (counts.get(column) ?? 0) + 1);
  return leaves.map((leaf) => (counts.get(leaf.column) === 1 ? leaf : null));
}

/** parquet-format: Type and ConvertedType; only those whose order is the order of the values. */
function kindOf(element: Struct): Leaf['kind'] {
  const type = numberAt(element, 1);
  const converted = numberAt(element, 6);
  const logical = structAt(element, 10);
  const isSigned = converted === null ? logical === undefined : converted >= 15 && converted <= 18;
  const exact = (decode: Decode): Leaf['kind'] => ({ min: decode, max: decode });
  if (type === 6 && (converted === 0 || logical?.has(1) === true)) return 'text';
  if (type === 1 && isSigned) return exact((bytes) => bytes.readInt32LE());
  if (type === 2 && isSigned) return exact((bytes) => Number(bytes.readBigInt64LE()));
  if (type === 2 && logical?.has(8) === true) return timeKind(logical);
  if (type === 2 && converted === 9) return exact((bytes) => Number(bytes.readBigInt64LE()));
  if (type === 5 && converted === null) return exact((bytes) => bytes.readDoubleLE());
  // A literal may be compared after it was rounded to a float: one step wider on both sides.
  if (type === 4 && converted === null) return { min: (it) => widened(it, -1), max: (it) => widened(it, 1) };
  return 'other';
}

function widened(bytes: Buffer, direction: 1 | -1): number {
  const value = bytes.readFloatLE();
  return value + direction * (Math.abs(value) * 2 ** -22 + 2 ** -148);
}

function timeKind(logical: Struct): Leaf['kind'] {
  const unit = structAt(structAt(logical, 8), 2);
  const perMs =
    unit?.has(1) === true ? 1n : unit?.has(2) === true ? 1_000n : unit?.has(3) === true ? 1_000_000n : null;
  if (perMs === null) return 'other';
  const floor = (bytes: Buffer): number => {
    const value = bytes.readBigInt64LE();
    return Number(value / perMs) - (value % perMs < 0n ? 1 : 0);
  };
  return { min: floor, max: floor };
}

/** parquet-format: ColumnMetaData with Statistics; the older min and max have no defined order and are not read. */
function columnStatistics(chunks: readonly (Struct | undefined)[], { kind }: Leaf): ColumnStatistics {
  const found = chunks.map((chunk) => ({ values: numberAt(chunk, 5), statistics: structAt(chunk, 12) }));
  const isEmpty = ({ values, statistics }: (typeof found)[number]): boolean =>
    values !== null && numberAt(statistics, 3) === values;
  if (found.every(isEmpty)) return { empty: true };
  const filled = found.filter((chunk) => !isEmpty(chunk)).map(({ statistics }) => statistics);
  if (kind === 'other') return {};
  if (kind === 'text') {
    const low = leastOf(
      filled.map((it) => bytesAt(it, 6)?.subarray(0, textBytesMax).toString('hex') ?? null),
    );
    const high = leastOf(filled.map(upperText), (one, other) => one > other);
    return { ...(low === null ? {} : { low }), ...(high === null ? {} : { high }) };
  }
  const min = leastOf(filled.map((it) => decoded(bytesAt(it, 6), kind.min)));
  const max = leastOf(
    filled.map((it) => decoded(bytesAt(it, 5), kind.max)),
    (one, other) => one > other,
  );
  return { ...(min === null ? {} : { min }), ...(max === null ? {} : { max }) };
}

/** JSON has no infinity and no NaN: such an end is open. */
function decoded(bytes: Buffer | null, decode: Decode): number | null {
  const value = bytes === null ? null : decode(bytes);
  return Number.isFinite(value) ? value : null;
}

/** Null when one of them is unknown. */
function leastOf<T extends string | number>(
  values: readonly (T | null)[],
  isBefore: (one: T, other: T) => boolean = (one, other) => one < other,
): T | null {
  let least: T | null = null;
  for (const value of values) {
    if (value === null) return null;
    if (least === null || isBefore(value, least)) least = value;
  }
  return least;
}

/** An upper end no longer than the limit: cut, then raised by one in its last byte that can be. Writers cut upwards too. */
function upperText(statistics: Struct | undefined): string | null {
  const bytes = bytesAt(statistics, 5);
  if (bytes === null) return null;
  if (bytes.length <= textBytesMax) return bytes.toString('hex');
  const cut = Buffer.from(bytes.subarray(0, textBytesMax));
  for (let at = cut.length - 1; at >= 0; at--) {
    const byte = cut[at] ?? 0xff;
    if (byte === 0xff) continue;
    cut[at] = byte + 1;
    return cut.subarray(0, at + 1).toString('hex');
  }
  return null;
}
