/**
 * Which segment files a query has to open: visible ones (committed and used) whose interval and column statistics leave
 * room for a matching row. Statistics that are missing keep a file; only what is certain leaves it out.
 *
 * Statements, not snapshots: whoever needs several of them to agree runs them in one REPEATABLE READ transaction.
 */
import { type Database, query } from './call.ts';
import { numberOf, rowsOf, textOf } from './decode.ts';

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
  /** All visible segments, those left out included. */
  readonly total: number;
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
  const answers: VisibleSegments[] = [];
  for (const { dataSource, bounds } of wants) {
    const own = known.get(dataSource) ?? new Map<string, readonly ShapeColumn[]>();
    answers.push(
      own.size === 0 ? { dataSource, total: 0, files: [] } : await filesOf(database, dataSource, bounds, own),
    );
  }
  return answers;
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

async function filesOf(
  database: Database,
  dataSource: string,
  bounds: FileBounds,
  shapes: Shapes,
): Promise<VisibleSegments> {
  const { condition, values } = conditionOf(dataSource, bounds, shapes);
  const { rows } = await query(
    database,
    `select (select count(*) from segment where used and data_source = $1) as total,
       coalesce((select json_agg(json_build_array(s.segment_id, s.path, s.size, s.sha256, s.rows, headgate_ms(s.start_at),
           headgate_ms(s.end_at), s.shape, c.problem) order by s.start_at, s.segment_id)
         from segment s left join segment_check c on c.segment_id = s.segment_id
         where ${condition}), '[]') as files`,
    values,
  );
  const files = (rows[0]?.['files'] ?? []) as FileTuple[];
  return {
    dataSource,
    total: numberOf(rows[0] ?? {}, 'total'),
    files: files.flatMap((tuple) => fileOf(dataSource, tuple, shapes)),
  };
}

type FileTuple = readonly [
  segmentId: string,
  path: string,
  size: number,
  sha256: string,
  rows: number,
  startMs: number,
  endMs: number,
  shape: string,
  problem: string | null,
];

/** A shape that is not there was published after the shapes were read: no part of that reader's world. */
function fileOf(dataSource: string, tuple: FileTuple, shapes: Shapes): VisibleFile[] {
  const [segmentId, path, size, sha256, rows, startMs, endMs, shape, problem] = tuple;
  const columns = shapes.get(shape);
  if (columns === undefined) return [];
  return [{ dataSource, segmentId, path, size, sha256, rows, startMs, endMs, columns, problem }];
}

/** Postgres refuses instants before 4714 BC; JavaScript's end at the year 275760. */
const firstMs = -210_866_000_000_000;
const lastMs = 8_640_000_000_000_000;

/** The WHERE clause, with everything a caller may have written in `values`. */
function conditionOf(
  dataSource: string,
  bounds: FileBounds,
  shapes: Shapes,
): { condition: string; values: unknown[] } {
  const values: unknown[] = [dataSource];
  const value = (it: unknown): string => `$${values.push(it)}`;
  const terms = ['s.used', 's.data_source = $1'];
  if (bounds.toMs !== null) {
    const to = value(Math.min(lastMs, Math.max(firstMs, Math.ceil(bounds.toMs))));
    terms.push(`s.start_at < headgate_instant(${to}::bigint)`);
    terms.push(numberTerm('__time', 'min', `< ${to}::float8`, value));
  }
  if (bounds.fromMs !== null) {
    const from = value(Math.min(lastMs, Math.max(firstMs, Math.floor(bounds.fromMs))));
    terms.push(`s.end_at > headgate_instant(${from}::bigint)`);
    terms.push(numberTerm('__time', 'max', `>= ${from}::float8`, value));
  }
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
