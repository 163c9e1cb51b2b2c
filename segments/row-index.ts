/**
 * The rows of a task in memory: rolled up by (cut time, dimensions) or, with rollup off, kept one by one.
 *
 * Plain path: one object per group and a Map by a text key. `bytes` is an estimate within 2x of the heap (a test
 * measures it); the caller spills by it. A group whose long sum would leave int64 goes on in a second row.
 */
import { intervalOf, storedTime } from '../domain/granularity.ts';
import { JavaDouble } from '../domain/java-double.ts';
import { NestedValue } from '../domain/nested-value.ts';
import type { DimensionValue, ParsedRow } from '../domain/rows.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { ColumnCensus, type CensusJson } from './column-census.ts';
import { DiscoveredNames } from './discovered-names.ts';
import { MetricStates, type Cell } from './metric-states.ts';
import { ownText } from './own-text.ts';
import { compareUtf8, type Discovered, type StoredRow } from './stored-row.ts';

const none: readonly Discovered[] = [];

export class RowIndex {
  readonly schema: DataSchema;
  readonly #states: MetricStates;
  readonly #rows: StoredRow[] = [];
  readonly #groups = new Map<string, StoredRow>();
  readonly #texts = new TextTable();
  readonly #census: ColumnCensus;
  readonly #names: DiscoveredNames;
  #interval = { startMs: 0, endMs: 0 };
  #bytes = 0;

  /** `names`: of the sequence, which has several indexes one after another. */
  constructor(schema: DataSchema, names: DiscoveredNames = new DiscoveredNames()) {
    this.schema = schema;
    this.#names = names;
    this.#states = new MetricStates(schema.metrics);
    this.#census = new ColumnCensus(schema);
  }

  /** Why values of the row are null: its own problems, and those of metrics that read a value only when it counts. */
  add(row: ParsedRow): readonly string[] {
    if (row.discovered === null || row.discovered.size === 0) return this.#add(row);
    const { found, problems } = this.#names.admit(row.discovered);
    if (problems.length === 0) return this.#add(row);
    return [...problems, ...this.#add({ ...row, discovered: found })];
  }

  #add(row: ParsedRow): readonly string[] {
    const { queryGranularity, segmentGranularity, rollup } = this.schema;
    const timeMs = storedTime(queryGranularity, segmentGranularity, row.timestampMs);
    const discovered = discoveredOf(row.discovered);
    if (row.discovered !== null && row.discovered.size > discovered.length)
      this.#noteEmpty(timeMs, row.discovered);
    if (!rollup) {
      this.#append(timeMs, row, discovered);
      return problemsOf(row, this.#states.problems(null, row.metrics));
    }
    const key = this.#keyOf(timeMs, row.dimensions, discovered);
    const group = this.#groups.get(key);
    const late = this.#states.problems(group?.cells ?? null, row.metrics);
    if (group !== undefined && this.#states.add(group.cells, row.metrics)) {
      this.#bytes += this.#states.takeGrown();
      this.#census.noteNumbers(this.#startOf(timeMs), row.dimensions, discovered);
      return problemsOf(row, late);
    }
    this.#groups.set(ownText(key), this.#append(timeMs, row, discovered));
    this.#bytes += mapEntryBytes + textBaseBytes + key.length;
    return problemsOf(row, late);
  }

  get rows(): number {
    return this.#rows.length;
  }

  get bytes(): number {
    return this.#bytes + this.#texts.bytes;
  }

  /** Rows per start of a segment interval. */
  rowsByInterval(): ReadonlyMap<number, number> {
    return this.#census.rowsByInterval();
  }

  /** In order of arrival. The index goes on owning them. */
  stored(): readonly StoredRow[] {
    return this.#rows;
  }

  census(): CensusJson {
    return this.#census.toJson();
  }

  #append(timeMs: number, row: ParsedRow, discovered: readonly Discovered[]): StoredRow {
    const stored: StoredRow = {
      timeMs,
      dimensions: row.dimensions.map((value) => this.#owned(value)),
      discovered: discovered.map(({ name, value }) => ({
        name: this.#texts.own(name),
        value: this.#owned(value),
      })),
      cells: this.#states.start(row.metrics),
    };
    this.#rows.push(stored);
    this.#bytes += rowBytes(stored) + this.#states.bytesOf(stored.cells);
    this.#census.note(this.#startOf(timeMs), stored);
    return stored;
  }

  /** Names without a value in this row: a column all the same. */
  #noteEmpty(timeMs: number, discovered: NonNullable<ParsedRow['discovered']>): void {
    const startMs = this.#startOf(timeMs);
    for (const [name, value] of discovered)
      if (value === null) this.#census.noteName(startMs, this.#texts.own(name));
  }

  #startOf(timeMs: number): number {
    if (timeMs < this.#interval.startMs || timeMs >= this.#interval.endMs)
      this.#interval = intervalOf(this.schema.segmentGranularity, timeMs);
    return this.#interval.startMs;
  }

  #owned(value: DimensionValue): DimensionValue {
    if (typeof value === 'string') return this.#texts.own(value);
    if (value instanceof NestedValue) return new NestedValue(this.#texts.own(value.text));
    if (!Array.isArray(value)) return value;
    return (value as readonly (string | null)[]).map((item) =>
      item === null ? null : this.#texts.own(item),
    );
  }

  /** Equal exactly for rows of one group. */
  #keyOf(timeMs: number, dimensions: readonly DimensionValue[], discovered: readonly Discovered[]): string {
    let key = String(timeMs);
    for (const value of dimensions) key += this.#keyPart(value);
    for (const { name, value } of discovered) key += this.#keyPart(name) + this.#keyPart(value);
    return key;
  }

  #keyPart(value: DimensionValue): string {
    if (typeof value === 'string') return `|${this.#texts.codeOf(value)}`;
    if (value === null) return '|-';
    if (typeof value === 'number') return Object.is(value, -0) ? '|#-0' : `|#${value}`;
    if (value instanceof JavaDouble) return `|#${numberKey(value.value)}`;
    if (value instanceof NestedValue) return `|{${this.#texts.codeOf(value.text)}`;
    if (!Array.isArray(value)) return `|#${String(value)}`;
    return `|*${value.length}${value.map((item) => this.#keyPart(item as string | null)).join('')}`;
  }
}

/** 1.0 is in the group of 1, whatever its size. */
function numberKey(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(BigInt(value)) : String(value);
}

/** Every text once, as a copy of its own: a slice of a record's text would keep all of that record alive. */
class TextTable {
  readonly #codes = new Map<string, number>();
  readonly #texts: string[] = [];
  bytes = 0;

  codeOf(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const own = ownText(text);
    this.#codes.set(own, this.#texts.length);
    this.bytes += mapEntryBytes + textBaseBytes + own.length;
    return this.#texts.push(own) - 1;
  }

  own(text: string): string {
    return this.#texts[this.codeOf(text)] ?? text;
  }
}

function problemsOf(row: ParsedRow, late: readonly string[]): readonly string[] {
  return late.length === 0 ? row.problems : [...row.problems, ...late];
}

function discoveredOf(found: ParsedRow['discovered']): readonly Discovered[] {
  if (found === null || found.size === 0) return none;
  const list: Discovered[] = [];
  for (const [name, value] of found) if (value !== null) list.push({ name, value });
  return list.sort((left, right) => compareUtf8(left.name, right.name));
}

/** Measured on Node 20 (row-index.test.ts compares with the heap). */
const rowBaseBytes = 200;
const mapEntryBytes = 56;
const slotBytes = 8;
const boxedNumberBytes = 16;
const textBaseBytes = 24;

/** Without the texts, which are counted once in their table. */
function rowBytes(row: StoredRow): number {
  let bytes = rowBaseBytes + boxedNumberBytes;
  for (const value of row.dimensions) bytes += slotBytes + valueBytes(value);
  for (const { value } of row.discovered) bytes += 48 + valueBytes(value);
  for (const cell of row.cells) bytes += slotBytes + cellBytes(cell);
  return bytes;
}

/** Without texts and sketches, which the states count. */
function cellBytes(cell: Cell): number {
  return typeof cell === 'number' || typeof cell === 'bigint' ? valueBytes(cell) : 0;
}

function valueBytes(value: DimensionValue): number {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return 0;
  if (value instanceof NestedValue) return boxedNumberBytes;
  if (value instanceof JavaDouble) return 2 * boxedNumberBytes;
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : boxedNumberBytes;
  if (typeof value === 'bigint') return 2 * boxedNumberBytes;
  return 48 + value.length * slotBytes;
}
