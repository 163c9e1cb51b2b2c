/**
 * The SQL of one view per data source: its segment files and the rows running tasks hold, as one table.
 *
 * Files differ in their columns: a later spec adds some or changes a type, and a string dimension is a list in the segments
 * where a record had several values. The view gives every column the one type it has over all of them. Rows of a rolled-up
 * sequence that came in several pieces are joined here, each group one row, as in the segment they will become.
 */
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

function liveSelect(group: LiveGroup, table: SourceTable): string {
  const pieces = group.pieces.map((piece) => pieceSelect(piece, table));
  const union = pieces.join(' union all ');
  if (!group.rollup || pieces.length === 1) return union;
  const merges = mergesOf(group);
  const wide = group.pieces.some((piece) => piece.wide);
  const items = table.columns.map((column) => {
    const merge = merges.get(column.field);
    const name = identifier(column.name);
    return merge === undefined ? name : `${mergeCall(merge, column, wide)} as ${name}`;
  });
  const keys = table.columns
    .filter(({ field }) => !merges.has(field))
    .flatMap(({ name, duckdbType }) => groupKeys(duckdbType, identifier(name)));
  return `select ${items.join(', ')} from (${union}) group by ${keys.join(', ')}`;
}

function pieceSelect(piece: LiveGroup['pieces'][number], table: SourceTable): string {
  const own = new Map(piece.columns.map((column) => [column.name, column]));
  const items = table.columns.map((column) => item(column, own.get(column.field)));
  return `select ${items.join(', ')} from ${parquet([piece.path])}${timeFilter(table)}`;
}

function mergesOf(group: LiveGroup): ReadonlyMap<string, NonNullable<LiveColumn['merge']>> {
  const columns = group.pieces.flatMap((piece) => piece.columns);
  return new Map(columns.flatMap(({ name, merge }) => (merge === null ? [] : [[name, merge] as const])));
}

/** Near int64's ends the sum of longs stays the HUGEINT that DuckDB makes of it. */
function mergeCall(merge: Merge, column: TableColumn, wide: boolean): string {
  const name = identifier(column.name);
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
