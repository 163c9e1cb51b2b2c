/**
 * Rows of one segment whose columns turned out to be of another type than some of their values: each value is cast to its
 * column's type, rows are sorted anew, and with rollup those that became equal are one.
 *
 * Only for columns in which kinds of values mix so that the order of rows changes (`keepsOrder`); whole numbers and doubles in
 * one column do not. Memory is bounded: sorted runs go to scratch files.
 */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { NestedValue } from '../domain/nested-value.ts';
import type { DimensionValue, FoundValue } from '../domain/rows.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { keepsOrder, typeOfKinds, type FoundType } from '../domain/value-kinds.ts';
import type { ColumnsFound } from './column-census.ts';
import { castFound } from './found-values.ts';
import { sortedRuns, type RowSource } from './row-merge.ts';
import { fewerSpills, merged, openSpills } from './spill-merge.ts';
import { writeRun } from './spill.ts';
import { rowOrder, type StoredRow } from './stored-row.ts';

const runRows = 20_000;
const runBytes = 16 * 1024 * 1024;

export class Recast {
  readonly #schema: DataSchema;
  readonly #folder: string;
  readonly #name: string;
  readonly #listed: readonly (FoundType | null)[];
  readonly #discovered: ReadonlyMap<string, FoundType>;
  readonly #runs: string[] = [];
  #rows: StoredRow[] = [];
  #bytes = 0;

  /** `name`: of its scratch files, one segment's own. */
  constructor(casts: Casts, place: { schema: DataSchema; folder: string; name: string }) {
    this.#schema = place.schema;
    this.#folder = place.folder;
    this.#name = place.name;
    this.#listed = casts.listed;
    this.#discovered = casts.discovered;
  }

  add(row: StoredRow): void {
    const cast: StoredRow = {
      ...row,
      dimensions: row.dimensions.map((value, at) => this.#cast(value, this.#listed[at])),
      discovered: row.discovered.map(({ name, value }) => ({
        name,
        value: this.#cast(value, this.#discovered.get(name)),
      })),
    };
    this.#rows.push(cast);
    for (const value of cast.dimensions) this.#bytes += textLength(value);
    for (const { value } of cast.discovered) this.#bytes += textLength(value);
  }

  /** To be called now and then: writes a run when memory is full. Yields every few milliseconds. */
  *settle(): Generator<void, void> {
    if (this.#rows.length < runRows && this.#bytes < runBytes) return;
    const path = join(this.#folder, `${this.#name}-${this.#runs.length}.run`);
    this.#runs.push(path);
    const rows = this.#rows;
    this.#rows = [];
    this.#bytes = 0;
    yield* writeRun(rows, this.#schema, path);
  }

  /** All rows, sorted. */
  async *sorted(): AsyncGenerator<readonly StoredRow[]> {
    const spills = yield* inEmptyBatches(
      fewerSpills({
        schema: this.#schema,
        spills: this.#runs,
        folder: this.#folder,
        name: `${this.#name}-merged`,
      }),
    );
    const readers = await openSpills(spills, this.#schema);
    try {
      const memory: RowSource[] = yield* inEmptyBatches(sortedRuns(this.#rows, rowOrder(this.#schema)));
      yield* merged([...readers, ...memory], this.#schema);
    } finally {
      for (const reader of readers) await reader.close();
      for (const path of new Set([...this.#runs, ...spills])) await rm(path, { force: true });
    }
  }

  #cast(value: DimensionValue, type: FoundType | null | undefined): DimensionValue {
    if (type === null || type === undefined || value === null) return value;
    return castFound(value as FoundValue, type, { rollup: this.#schema.rollup });
  }
}

export type Casts = {
  /** Per listed dimension; null: values stay as they are. */
  readonly listed: readonly (FoundType | null)[];
  readonly discovered: ReadonlyMap<string, FoundType>;
};

/** Null: no column of the segment needs it. */
export function castsOf(schema: DataSchema, { kinds }: ColumnsFound): Casts | null {
  const castOf = (name: string): FoundType | null => {
    const some = kinds.get(name);
    return some === undefined || keepsOrder(some) ? null : typeOfKinds(some);
  };
  const isAuto = schema.dimensions.map(({ type, castToType }) => type === 'auto' && castToType === undefined);
  const listed = schema.dimensions.map(({ name }, at) => (isAuto[at] === true ? castOf(name) : null));
  const names = new Set(schema.dimensions.map(({ name }) => name));
  const discovered = [...kinds.keys()].flatMap((name): [string, FoundType][] => {
    const type = names.has(name) ? null : castOf(name);
    return type === null ? [] : [[name, type]];
  });
  if (discovered.length === 0 && listed.every((type) => type === null)) return null;
  return { listed, discovered: new Map(discovered) };
}

function textLength(value: DimensionValue): number {
  if (typeof value === 'string') return value.length;
  return value instanceof NestedValue ? value.text.length : 0;
}

/** The pauses of a generator of steps, in one of batches. */
async function* inEmptyBatches<T>(
  steps: AsyncGenerator<void, T> | Generator<void, T>,
): AsyncGenerator<readonly StoredRow[], T> {
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
    yield [];
  }
}
