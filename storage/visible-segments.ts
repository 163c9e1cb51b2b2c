/**
 * Which segment files a query has to open: visible ones (committed and used) whose interval and column statistics leave
 * room for a matching row. Statistics that are missing keep a file; only what is certain leaves it out.
 *
 * Statements, not snapshots: whoever needs several of them to agree runs them in one REPEATABLE READ transaction.
 */
import { type Database, query } from './call.ts';
import { rowsOf, textOf } from './decode.ts';

export type ShapeColumn = { readonly name: string; readonly type: string };

/** Column lists of a data source by their digest. Thousands of segments share a few. */
export type Shapes = ReadonlyMap<string, readonly ShapeColumn[]>;

/** As query/sql/bounds.ts has it, with the columns named as in the files. */
export type FileBounds = {
  /** `__time` in milliseconds: from <= t < to. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** Inclusive. Texts compare by UTF-8 bytes, numbers by value. No null lies between. */
  readonly columns: readonly {
    readonly column: string;
    readonly low: string | number | null;
    readonly high: string | number | null;
  }[];
};

export type VisibleFile = {
  readonly dataSource: string;
  readonly segmentId: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly rows: number;
  readonly startMs: number;
  readonly endMs: number;
  /** One object for all files of a shape. Types are DuckDB's, as `describe` on the file says them. */
  readonly columns: readonly ShapeColumn[];
  /** What the last check of the file found wrong. */
  readonly problem: string | null;
};

export type VisibleSegments = {
  readonly dataSource: string;
  /** Oldest interval first. */
  readonly files: readonly VisibleFile[];
};

/** One answer per want, in their order; a data source without segments has none. */
export async function visibleSegments(
  database: Database,
  wants: readonly { readonly dataSource: string; readonly bounds: FileBounds }[],
  shapes?: ReadonlyMap<string, Shapes>,
): Promise<VisibleSegments[]> {
  const known = shapes ?? (await segmentShapes(database, [...new Set(wants.map((want) => want.dataSource))]));
  return Promise.all(
    wants.map(async ({ dataSource, bounds }) => {
      const own = known.get(dataSource) ?? new Map<string, readonly ShapeColumn[]>();
      return own.size === 0 ? { dataSource, files: [] } : filesOf(database, dataSource, bounds, own);
    }),
  );
}

/** The column lists of these data sources, or of all. Jumps from digest to digest in the index, never over all segments. */
export async function segmentShapes(
  database: Database,
  dataSources: readonly string[] | null,
): Promise<Map<string, Shapes>> {
  const { rows } = await query(
    database,
    `with recursive
     source (name) as (
       select min(data_source) from segment where used
       union all
       select (select min(data_source) from segment where used and data_source > source.name) from source
       where source.name is not null),
     found (name, shape) as (
       select name, (select min(shape) from segment where used and data_source = name)
       from (select unnest($1::text[]) as name union select name from source where $1 is null and name is not null) wanted
       union all
       select name, (select min(shape) from segment where used and data_source = name and shape > found.shape)
       from found where found.shape is not null)
     select name, shape,
       (select columns from segment where used and data_source = name and shape = found.shape limit 1) as columns
     from found where shape is not null
     order by name collate "C", shape collate "C"`,
    [dataSources],
  );
  const found = new Map<string, Map<string, readonly ShapeColumn[]>>();
  for (const row of rows) {
    const columns = rowsOf(row['columns']).map((it) => ({
      name: textOf(it, 'name'),
      type: textOf(it, 'type'),
    }));
    const shapes = found.get(textOf(row, 'name')) ?? new Map<string, readonly ShapeColumn[]>();
    found.set(textOf(row, 'name'), shapes.set(textOf(row, 'shape'), columns));
  }
  return found;
}

/** One list per field and shape: thousands of rows, each value by itself, would cost more than finding them. */
async function filesOf(
  database: Database,
  dataSource: string,
  bounds: FileBounds,
  shapes: Shapes,
): Promise<VisibleSegments> {
  const { condition, values } = conditionOf(dataSource, bounds, shapes);
  const { rows } = await query(
    database,
    `select s.shape, json_agg(s.segment_id) as ids, json_agg(s.path) as paths, json_agg(s.size) as sizes,
       json_agg(s.sha256) as digests, json_agg(s.rows) as rows, json_agg(date_part('epoch', s.start_at)) as starts,
       json_agg(date_part('epoch', s.end_at)) as ends, json_agg(c.problem) as problems
     from segment s left join segment_check c on c.segment_id = s.segment_id
     where ${condition}
     group by s.shape`,
    values,
  );
  const files = rows.flatMap((row) => filesOfShape(dataSource, row as FileLists, shapes));
  return { dataSource, files: files.sort(byStart) };
}

type FileLists = {
  readonly shape: string;
  readonly ids: readonly string[];
  readonly paths: readonly string[];
  readonly sizes: readonly number[];
  readonly digests: readonly string[];
  readonly rows: readonly number[];
  /** In seconds. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly problems: readonly (string | null)[];
};

/** A shape that is not there was published after the shapes were read: no part of that reader's world. */
function filesOfShape(dataSource: string, lists: FileLists, shapes: Shapes): VisibleFile[] {
  const columns = shapes.get(lists.shape);
  if (columns === undefined) return [];
  return lists.ids.map((segmentId, at) => ({
    dataSource,
    segmentId,
    path: lists.paths[at] ?? '',
    size: lists.sizes[at] ?? 0,
    sha256: lists.digests[at] ?? '',
    rows: lists.rows[at] ?? 0,
    startMs: Math.round((lists.starts[at] ?? 0) * 1000),
    endMs: Math.round((lists.ends[at] ?? 0) * 1000),
    columns,
    problem: lists.problems[at] ?? null,
  }));
}

function byStart(one: VisibleFile, other: VisibleFile): number {
  return one.startMs - other.startMs || (one.segmentId < other.segmentId ? -1 : 1);
}

/** Postgres refuses instants before 4714 BC; JavaScript's end at the year 275760. */
const firstMs = -210_866_000_000_000;
const lastMs = 8_640_000_000_000_000;

function instantMs(ms: number): number {
  return Math.min(lastMs, Math.max(firstMs, ms));
}

/** No time lies in it, and Postgres would not take it for a range. */
function isBackwards({ fromMs, toMs }: FileBounds): boolean {
  return fromMs !== null && toMs !== null && fromMs >= toMs;
}

/** The WHERE clause, with everything a caller may have written in `values`. */
function conditionOf(
  dataSource: string,
  bounds: FileBounds,
  shapes: Shapes,
): { condition: string; values: unknown[] } {
  const values: unknown[] = [dataSource];
  const value = (it: unknown): string => `$${values.push(it)}`;
  const terms = ['s.used', 's.data_source = $1'];
  const from = bounds.fromMs === null ? null : value(instantMs(Math.floor(bounds.fromMs)));
  const to = bounds.toMs === null ? null : value(instantMs(Math.ceil(bounds.toMs)));
  const instant = (ms: string | null): string => (ms === null ? 'null' : `headgate_instant(${ms}::bigint)`);
  if (isBackwards(bounds)) terms.push('false');
  else if (from !== null || to !== null)
    terms.push(`tstzrange(s.start_at, s.end_at, '[]') && tstzrange(${instant(from)}, ${instant(to)}, '[]')`);
  if (to !== null)
    terms.push(`s.start_at < ${instant(to)}`, numberTerm('__time', 'min', `< ${to}::float8`, value));
  if (from !== null)
    terms.push(`s.end_at > ${instant(from)}`, numberTerm('__time', 'max', `>= ${from}::float8`, value));
  const closed = bounds.columns.filter(({ low, high }) => low !== null || high !== null);
  if (closed.length > 0) {
    const having = [...shapes].filter(([, columns]) =>
      closed.every(({ column }) => columns.some(({ name }) => name === column)),
    );
    if (having.length < shapes.size)
      terms.push(`s.shape = any (${value(having.map(([shape]) => shape))}::text[])`);
  }
  for (const { column, low, high } of closed) {
    terms.push(`c.statistics->${value(column)}::text->'empty' is null`);
    // The highest value of the file may not lie below the low end, nor its lowest above the high end.
    if (low !== null)
      terms.push(endTerm(column, low, { text: 'high', number: 'max', operator: '>=' }, value));
    if (high !== null)
      terms.push(endTerm(column, high, { text: 'low', number: 'min', operator: '<=' }, value));
  }
  return { condition: terms.join(' and '), values };
}

function endTerm(
  column: string,
  limit: string | number,
  by: { readonly text: 'low' | 'high'; readonly number: 'min' | 'max'; readonly operator: string },
  value: (it: unknown) => string,
): string {
  if (typeof limit === 'number')
    return numberTerm(column, by.number, `${by.operator} ${value(limit)}::float8`, value);
  const hex = value(Buffer.from(limit, 'utf8').toString('hex'));
  const statistic = `(c.statistics->${value(column)}::text->>'${by.text}') collate "C"`;
  return `coalesce(${statistic} ${by.operator} ${hex}::text, true)`;
}

/** As doubles on both sides: rounding keeps the order, so a long beyond 2^53 is never left out for it. */
function numberTerm(
  column: string,
  key: 'min' | 'max',
  comparison: string,
  value: (it: unknown) => string,
): string {
  return `coalesce((c.statistics->${value(column)}::text->>'${key}')::float8 ${comparison}, true)`;
}
