/**
 * Several live pieces of a sequence to one, by DuckDB and off the thread that asked for it.
 *
 * With rollup equal groups are added up, else rows are put side by side, as they are when a piece is wide (live-piece.ts):
 * whoever reads it adds them up. A group is what the index takes for one: -0 is not 0, a text equals a list of it, a column
 * that a piece lacks is null.
 */
import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { DataSchema } from '../domain/spec/spec.ts';
import { addedUp, groupKeys } from './group-merge.ts';
import { pieceColumns } from './live-piece.ts';
import type { Piece, PieceColumn } from './live-piece.ts';
import { markTimestampUtc } from './parquet-footer.ts';
import { copyStatement, quotedName, quotedText } from './parquet-writer.ts';

export async function mergePieces(options: {
  readonly schema: DataSchema;
  readonly connection: DuckDBConnection;
  readonly pieces: readonly Piece[];
  readonly localPath: string;
}): Promise<Piece> {
  const { schema, connection, pieces, localPath } = options;
  const columns = commonColumns(schema, pieces);
  const union = pieces.map((piece) => selectFrom(piece, columns)).join(' union all ');
  const hasWide = pieces.some(({ wide }) => wide);
  const select = schema.rollup && !hasWide ? grouped(columns, union) : renamed(columns, union);
  const copied = await connection.runAndReadAll(
    copyStatement(select, { path: localPath, header: '{}', codec: 'snappy' }),
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
  return pieceColumns(schema, {
    multi: new Set(all.filter(({ type }) => type === 'VARCHAR[]').map(({ field }) => field)),
    discovered: new Set(all.filter(({ role }) => role === 'discovered').map(({ field }) => field)),
    kinds: new Map(),
  });
}

/** The piece's columns under the names c0, c1, ... and with the common types. */
function selectFrom(piece: Piece, columns: readonly PieceColumn[]): string {
  const list = columns.map((wanted, at) => {
    const has = piece.columns.find(({ field, role }) => field === wanted.field && role === wanted.role);
    return `${has === undefined ? `null::${wanted.type}` : converted(has, wanted)} as c${at}`;
  });
  return `select ${list.join(', ')} from read_parquet(${quotedText(piece.localPath)}, hive_partitioning = false)`;
}

function converted(has: PieceColumn, wanted: PieceColumn): string {
  const name = quotedName(has.name);
  if (wanted.role === 'time') return `cast(make_timestamp_ms(epoch_ms(${name})) as timestamp_ms)`;
  if (has.type === wanted.type) return name;
  return `case when ${name} is null then null else [${name}] end`;
}

function renamed(columns: readonly PieceColumn[], from: string): string {
  return `select ${columns.map(({ name }, at) => `c${at} as ${quotedName(name)}`).join(', ')} from (${from})`;
}

function grouped(columns: readonly PieceColumn[], from: string): string {
  const list = columns.map(
    ({ name, merge, type }, at) =>
      `${merge === null ? `c${at}` : addedUp(merge, type, `c${at}`)} as ${quotedName(name)}`,
  );
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
