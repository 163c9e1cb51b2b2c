/**
 * The SQL of one view per data source: its segment files and the rows running tasks hold, as one table.
 *
 * Files differ in their columns: a later spec adds some or changes a type, and a string dimension is a list in the segments
 * where a record had several values. The view gives every column the one type it has over all of them. Rows of a rolled-up
 * sequence that came in several pieces are joined here, each group one row, as in the segment they will become.
 */
import { unifyColumns } from './unify-columns.ts';
import { addedUp, groupKeys } from '../segments/group-merge.ts';
import type { Merge } from '../segments/group-merge.ts';
import type { Column, FileGroup, LiveColumn, LiveGroup, SourceTable, TableColumn } from './messages.ts';

export function viewSql(table: SourceTable): string {
  const selects = [
    ...table.files.map((group) => fileSelect(group, table)),
    ...table.live.filter(({ pieces }) => pieces.length > 0).map((group) => liveSelect(group, table)),
  ];
  const body = selects.length === 0 ? emptySelect(table.columns) : selects.join(' union all ');
  return `create view druid.${identifier(table.name)} as ${body}`;
}

function fileSelect(group: FileGroup, table: SourceTable): string {
  const own = new Map(group.columns.map((column) => [column.name, column]));
  const items = table.columns.map((column) => item(column, own.get(column.field)));
  return `select ${items.join(', ')} from ${parquet(group.paths)}${timeFilter(table)}`;
}

/** The bounds are a superset of what matches; said on the file's own column they skip row groups. */
function timeFilter({ bounds }: SourceTable): string {
  const instant = (ms: number): string => `make_timestamptz(${BigInt(ms) * 1000n})`;
  const conditions = [
    ...(bounds.fromMs === null ? [] : [`"__time" >= ${instant(bounds.fromMs)}`]),
    ...(bounds.toMs === null ? [] : [`"__time" < ${instant(bounds.toMs)}`]),
  ];
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
}

/**
 * Groups are joined in the types that the pieces themselves have, and only then brought to the table's: in another segment
 * the same metric may be text, and texts cannot be added up.
 */
function liveSelect(group: LiveGroup, table: SourceTable): string {
  const merges = mergesOf(group);
  const own = unifyColumns(
    group.pieces.map(({ columns }) => columns),
    [],
  );
  const union = group.pieces.map((piece) => pieceSelect(piece, own, table)).join(' union all ');
  const joined =
    group.rollup && group.pieces.length > 1 ? groupedSelect(union, { own, merges, group }) : union;
  const present = new Map(own.map(({ field, duckdbType }) => [field, { name: field, type: duckdbType }]));
  const items = table.columns.map((column) => item(column, present.get(column.field)));
  return `select ${items.join(', ')} from (${joined})`;
}

function groupedSelect(
  union: string,
  parts: {
    readonly own: readonly TableColumn[];
    readonly merges: ReadonlyMap<string, Merge>;
    readonly group: LiveGroup;
  },
): string {
  const { own, merges, group } = parts;
  const wide = group.pieces.some((piece) => piece.wide);
  const items = own.map((column) => {
    const merge = merges.get(column.field);
    const name = identifier(column.field);
    return merge === undefined ? name : `${mergeCall(merge, column, wide)} as ${name}`;
  });
  const keys = own
    .filter(({ field }) => !merges.has(field))
    .flatMap(({ field, duckdbType }) => groupKeys(duckdbType, identifier(field)));
  return `select ${items.join(', ')} from (${union}) group by ${keys.join(', ')}`;
}

/** Columns under the names they have in files. */
function pieceSelect(
  piece: LiveGroup['pieces'][number],
  own: readonly TableColumn[],
  table: SourceTable,
): string {
  const has = new Map(piece.columns.map((column) => [column.name, column]));
  const items = own.map((column) => item({ ...column, name: column.field }, has.get(column.field)));
  return `select ${items.join(', ')} from ${parquet([piece.path])}${timeFilter(table)}`;
}

function mergesOf(group: LiveGroup): ReadonlyMap<string, NonNullable<LiveColumn['merge']>> {
  const columns = group.pieces.flatMap((piece) => piece.columns);
  return new Map(columns.flatMap(({ name, merge }) => (merge === null ? [] : [[name, merge] as const])));
}

/** Near int64's ends the sum of longs stays the HUGEINT that DuckDB makes of it. */
function mergeCall(merge: Merge, column: TableColumn, wide: boolean): string {
  const name = identifier(column.field);
  if (wide && merge === 'sum' && column.duckdbType === 'BIGINT') return `sum(${name})`;
  return addedUp(merge, column.duckdbType, name);
}

function parquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], hive_partitioning = false)`;
}

function item(column: TableColumn, own: Column | undefined): string {
  return `${columnExpression(column, own)} as ${identifier(column.name)}`;
}

function columnExpression({ duckdbType }: TableColumn, own: Column | undefined): string {
  if (own === undefined) return `cast(null as ${duckdbType})`;
  const name = identifier(own.name);
  if (own.type === duckdbType) return isList(duckdbType) ? `nullif(${name}, [])` : name;
  if (own.type === 'TIMESTAMP WITH TIME ZONE' && duckdbType === 'TIMESTAMP')
    return `${name} at time zone 'UTC'`;
  if (isList(own.type) && duckdbType === 'VARCHAR[]')
    return `nullif(list_transform(${name}, lambda value: cast(value as varchar)), [])`;
  if (duckdbType === 'VARCHAR[]') return `case when ${name} is not null then [cast(${name} as varchar)] end`;
  if (isList(own.type))
    return `case len(${name}) when 0 then null when 1 then cast(${name}[1] as varchar) else cast(to_json(${name}) as varchar) end`;
  return `cast(${name} as ${duckdbType})`;
}

function isList(type: string): boolean {
  return type.endsWith('[]');
}

function emptySelect(columns: readonly TableColumn[]): string {
  const items = columns.map((column) => `cast(null as ${column.duckdbType}) as ${identifier(column.name)}`);
  return `select ${items.join(', ')} where false`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
