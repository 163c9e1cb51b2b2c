/**
 * Several live pieces of a sequence to one, by DuckDB and off the thread that asked for it.
 *
 * With rollup equal groups are added up, else rows are put side by side, as they are when a piece is wide (live-piece.ts) or has
 * sketches: whoever reads it adds them up. Pieces come in the order of reading, and rows stay in it. A group is what the index takes for one: -0 is not 0, a text equals a list of it, a column
 * that a piece lacks is null. Rows whose columns have no settled type stay as they are, too (variant-columns.ts).
 */
import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { metricTimeOf } from '../domain/metric-time.ts';
import type { DataSchema } from '../domain/spec/spec.ts';
import { unknownType } from './found-values.ts';
import { addedUp, groupKeys, isPlainMerge } from './group-merge.ts';
import { isFound, pieceColumns } from './live-piece.ts';
import type { Piece, PieceColumn } from './live-piece.ts';
import { markTimestampUtc } from './parquet-footer.ts';
import { copyStatement, heldType, quotedName, quotedText } from './parquet-writer.ts';
import { asVariant, commonPieceType, isVariant, type PieceFoundType } from './variant-columns.ts';

export async function mergePieces(options: {
  readonly schema: DataSchema;
  readonly connection: DuckDBConnection;
  readonly pieces: readonly Piece[];
  readonly localPath: string;
}): Promise<Piece> {
  const { schema, connection, pieces, localPath } = options;
  const columns = commonColumns(schema, pieces);
  const union = pieces.map((piece, at) => selectFrom(piece, columns, at)).join(' union all ');
  const hasWide =
    pieces.some(({ wide }) => wide) ||
    !columns.every(({ merge, type }) => isPlainMerge(merge) && !isVariant(type));
  const select = schema.rollup && !hasWide ? grouped(columns, union) : renamed(columns, union);
  const copied = await connection.runAndReadAll(
    copyStatement(select, { path: localPath, header: '{}', codec: 'snappy', columns: columns.length }),
  );
  await markTimestampUtc(localPath, '__time');
  return {
    localPath,
    rows: Number(copied.getRowsJS()[0]?.[0]),
    bytes: (await stat(localPath)).size,
    wide: hasWide || (schema.rollup && (await isWide(connection, localPath, columns))),
    columns,
  };
}

function commonColumns(schema: DataSchema, pieces: readonly Piece[]): PieceColumn[] {
  const all = pieces.flatMap(({ columns }) => columns);
  const found = new Map<string, PieceFoundType[]>();
  for (const column of all)
    if (isFound(schema, column) && column.type !== unknownType)
      found.set(column.field, [...(found.get(column.field) ?? []), column.type as PieceFoundType]);
  const columns = {
    multi: new Set(all.filter(({ type }) => type === 'VARCHAR[]').map(({ field }) => field)),
    discovered: new Set(all.filter(({ role }) => role === 'discovered').map(({ field }) => field)),
    kinds: new Map(),
  };
  return pieceColumns(
    schema,
    columns,
    new Map([...found].map(([name, types]) => [name, commonPieceType(types)])),
  );
}

/** The piece's columns under the names c0, c1, ... and with the common types, and the piece's number as `piece`. */
function selectFrom(piece: Piece, columns: readonly PieceColumn[], number: number): string {
  const list = columns.map((wanted, at) => {
    const has = piece.columns.find(({ field, role }) => field === wanted.field && role === wanted.role);
    return `${has === undefined ? `null::${heldType(wanted.type)}` : converted(has, wanted)} as c${at}`;
  });
  return `select ${list.join(', ')}, ${number} as piece from read_parquet(${quotedText(piece.localPath)}, hive_partitioning = false)`;
}

function converted(has: PieceColumn, wanted: PieceColumn): string {
  const name = quotedName(has.name);
  if (wanted.role === 'time') return `cast(make_timestamp_ms(epoch_ms(${name})) as timestamp_ms)`;
  if (has.type === wanted.type) return name;
  if (has.type === unknownType) return `null::${heldType(wanted.type)}`;
  if (isVariant(wanted.type)) return isVariant(has.type) ? name : asVariant(has.type, name);
  return `case when ${name} is null then null else [${name}] end`;
}

function renamed(columns: readonly PieceColumn[], from: string): string {
  return `select ${columns.map(({ name }, at) => `c${at} as ${quotedName(name)}`).join(', ')} from (${from})`;
}

function grouped(columns: readonly PieceColumn[], from: string): string {
  const list = columns.map(({ field, name, merge, type }, at) => {
    const value = `c${at}`;
    const time = `c${columns.findIndex((column) => column.field === metricTimeOf(field))}`;
    const joined = merge === null ? value : addedUp({ merge, type, value, time, order: ['piece'] });
    return `${joined} as ${quotedName(name)}`;
  });
  const keys = columns.flatMap(({ merge, type }, at) => (merge === null ? groupKeys(type, `c${at}`) : []));
  return `select ${list.join(', ')} from (${from}) group by ${keys.join(', ')}`;
}

async function isWide(
  connection: DuckDBConnection,
  path: string,
  columns: readonly PieceColumn[],
): Promise<boolean> {
  const sums = columns.filter(({ merge, type }) => merge === 'sum' && type === 'BIGINT');
  if (sums.length === 0) return false;
  const tests = sums.map(({ name }) => {
    const value = quotedName(name);
    return `coalesce(max(${value}), 0) > 9007199254740991 or coalesce(min(${value}), 0) < -9007199254740991`;
  });
  const found = await connection.runAndReadAll(
    `select ${tests.join(' or ')} from read_parquet(${quotedText(path)}, hive_partitioning = false)`,
  );
  return found.getRowsJS()[0]?.[0] === true;
}
