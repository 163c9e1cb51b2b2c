/**
 * The SQL of one view per data source: its segment files and the rows running tasks hold, as one table.
 *
 * Files differ in their columns: a later spec adds some or changes a type, and a string dimension is a list in the segments
 * where a record had several values. The view gives every column the one type it has over all of them. Rows of a rolled-up
 * sequence that came in several pieces are joined here, each group one row, as in the segment they will become.
 */
import { columnAs } from './column-casts.ts';
import type { Reading } from './found-columns.ts';
import { unifyColumns } from './unify-columns.ts';
import { metricTimeOf } from '../domain/metric-time.ts';
import { addedUp, groupKeys, needsOrder } from '../segments/group-merge.ts';
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
  return `select ${itemsOf(table.columns, own)} from ${parquet(group.paths)}${timeFilter(table)}`;
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
  // A wide piece has groups in several rows.
  const joins = group.rollup && (group.pieces.length > 1 || group.pieces.some(({ wide }) => wide));
  const ordered = joins && [...merges.values()].some(needsOrder);
  const union = group.pieces
    .map((piece, number) => {
      const more = ordered ? orderItems(piece, number) : '';
      return pieceSelect(piece, own, table, { more, reading: group });
    })
    .join(' union all ');
  const joined = joins ? groupedSelect(union, { own, merges, group }) : union;
  const present = new Map<string, Column>();
  for (const { field, duckdbType, hasTime } of own) {
    present.set(field, { name: field, type: duckdbType });
    if (hasTime) present.set(metricTimeOf(field), { name: metricTimeOf(field), type: 'BIGINT' });
  }
  return `select ${itemsOf(table.columns, present)} from (${joined})`;
}

/** Names no column can have (domain/spec/names.ts): where a row stands in the order of reading. */
const order = ['"\u001fpiece"', '"\u001frow"'];

/** Rows of a group that are in one piece stand in order there. */
function orderItems({ columns, wide }: LiveGroup['pieces'][number], number: number): string {
  const rowNumber = 'file_row_number';
  const isTaken = columns.some(({ name }) => name.toLowerCase() === rowNumber);
  return `, ${number} as ${order[0]}, ${wide && !isTaken ? rowNumber : '0::BIGINT'} as ${order[1]}`;
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
  const items = own.flatMap((column) => {
    const merge = merges.get(column.field);
    const name = identifier(column.field);
    if (merge === undefined) return [name];
    const time: TableColumn = {
      ...column,
      name: metricTimeOf(column.name),
      field: metricTimeOf(column.field),
      duckdbType: 'BIGINT',
    };
    const both = column.hasTime ? [column, time] : [column];
    return both.map(
      (one) => `${mergeCall(merges.get(one.field) ?? merge, one, wide)} as ${identifier(one.field)}`,
    );
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
  { more, reading }: { readonly more: string; readonly reading: Reading },
): string {
  const has = new Map(piece.columns.map((column) => [column.name, column]));
  const items = itemsOf(
    own.map((column) => ({ ...column, name: column.field })),
    has,
    reading,
  );
  return `select ${items}${more} from ${parquet([piece.path])}${timeFilter(table)}`;
}

function mergesOf(group: LiveGroup): ReadonlyMap<string, NonNullable<LiveColumn['merge']>> {
  const columns = group.pieces.flatMap((piece) => piece.columns);
  return new Map(columns.flatMap(({ name, merge }) => (merge === null ? [] : [[name, merge] as const])));
}

/** Near int64's ends the sum of longs stays the HUGEINT that DuckDB makes of it. */
function mergeCall(merge: Merge, column: TableColumn, wide: boolean): string {
  const name = identifier(column.field);
  if (wide && merge === 'sum' && column.duckdbType === 'BIGINT') return `sum(${name})`;
  const time = identifier(metricTimeOf(column.field));
  return addedUp({ merge, type: column.duckdbType, value: name, time, order });
}

function parquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], hive_partitioning = false)`;
}

/** Every column, and after one that has it its time. */
function itemsOf(
  columns: readonly TableColumn[],
  own: ReadonlyMap<string, Column>,
  reading: Reading = { rollup: false },
): string {
  const items = columns.flatMap((column) =>
    column.hasTime
      ? [item(column, own.get(column.field), reading), timeItem(column, own)]
      : [item(column, own.get(column.field), reading)],
  );
  return items.join(', ');
}

/** Where the column was no such metric yet, its time is that of the row. */
function timeItem({ name, field }: TableColumn, own: ReadonlyMap<string, Column>): string {
  const value = own.get(field);
  const time = own.get(metricTimeOf(field));
  const sql =
    time !== undefined
      ? identifier(time.name)
      : value === undefined
        ? 'cast(null as BIGINT)'
        : `case when ${identifier(value.name)} is not null then epoch_ms("__time") end`;
  return `${sql} as ${identifier(metricTimeOf(name))}`;
}

function item(column: TableColumn, own: Column | undefined, reading: Reading): string {
  const named = own === undefined ? null : { ...own, expression: identifier(own.name) };
  return `${columnAs(column.duckdbType, named, reading)} as ${identifier(column.name)}`;
}

function emptySelect(columns: readonly TableColumn[]): string {
  return `select ${itemsOf(columns, new Map())} where false`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
