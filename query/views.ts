/**
 * The SQL of one view per data source: all its segment files as one table, whatever columns each file has.
 *
 * Files of one data source differ: a later spec adds columns or changes a type, and a string dimension is a list in
 * the segments where a record had several values. The view gives every column one type. A multi-value column is text
 * as in Druid's answers: the value alone, or a JSON array of several.
 */
import type { Column } from './messages.ts';

export type FileGroup = { readonly paths: readonly string[]; readonly columns: readonly Column[] };

const timeColumn = '__time';
const integers = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER']);
const wholes = new Set([...integers, 'UBIGINT', 'HUGEINT', 'UHUGEINT']);
const fractions = new Set(['FLOAT', 'DOUBLE']);

/** `name` is a data source's; `groups` have their real columns, read from a file. */
export function viewSql(name: string, groups: readonly FileGroup[], known: readonly Column[]): string {
  const columns = unifiedColumns(groups, known);
  const selects = groups.map((group) => groupSelect(group, columns));
  const body = selects.length === 0 ? emptySelect(columns) : selects.join(' union all ');
  return `create view druid.${identifier(name)} as ${body}`;
}

/** `field` is the name in the files, `name` the one in the view: names that differ in case alone need two. */
type ViewColumn = Column & { readonly field: string };

/** `__time` first, then the spec's columns in its order, then those only files know, by name. */
export function unifiedColumns(groups: readonly FileGroup[], known: readonly Column[]): ViewColumn[] {
  const types = new Map<string, string[]>();
  for (const column of groups.flatMap((group) => group.columns))
    types.set(column.name, [...(types.get(column.name) ?? []), column.type]);
  const knownNames = [
    timeColumn,
    ...known.map((column) => column.name).filter((name) => name !== timeColumn),
  ];
  const others = [...types.keys()].filter((name) => !knownNames.includes(name)).sort();
  const knownTypes = new Map([[timeColumn, 'TIMESTAMP'], ...known.map((it) => [it.name, it.type] as const)]);
  const taken = new Set<string>();
  return [...new Set([...knownNames, ...others])].map((field) => ({
    field,
    name: freeName(field, taken),
    type: unifyTypes(types.get(field) ?? [knownTypes.get(field) ?? 'VARCHAR']),
  }));
}

/** As DuckDB names the second of two: `Page`, `page_1`. */
function freeName(field: string, taken: Set<string>): string {
  let name = field;
  for (let number = 1; taken.has(name.toLowerCase()); number++) name = `${field}_${number}`;
  taken.add(name.toLowerCase());
  return name;
}

/** One type that holds every value of all of them without loss, VARCHAR where there is no other. */
export function unifyTypes(types: readonly string[]): string {
  const distinct = new Set(types.map((type) => (type.startsWith('TIMESTAMP') ? 'TIMESTAMP' : type)));
  const all = (allowed: ReadonlySet<string>): boolean => [...distinct].every((type) => allowed.has(type));
  if ([...distinct].some((type) => type.endsWith('[]'))) return 'VARCHAR';
  const only = distinct.size === 1 ? [...distinct][0] : undefined;
  if (only !== undefined) return only;
  if (all(integers)) return 'BIGINT';
  if (all(wholes)) return 'HUGEINT';
  if (all(new Set([...wholes, ...fractions]))) return 'DOUBLE';
  return 'VARCHAR';
}

function groupSelect(group: FileGroup, columns: readonly ViewColumn[]): string {
  const own = new Map(group.columns.map((column) => [column.name, column.type]));
  const items = columns.map((column) => {
    const type = own.get(column.field);
    return `${columnExpression(column, type)} as ${identifier(column.name)}`;
  });
  const paths = group.paths.map(literal).join(', ');
  return `select ${items.join(', ')} from read_parquet([${paths}], union_by_name = true, hive_partitioning = false)`;
}

function columnExpression(column: ViewColumn, fileType: string | undefined): string {
  const name = identifier(column.field);
  if (fileType === undefined) return `cast(null as ${column.type})`;
  if (fileType === 'TIMESTAMP WITH TIME ZONE' && column.type === 'TIMESTAMP')
    return `${name} at time zone 'UTC'`;
  if (fileType.endsWith('[]'))
    return `case len(${name}) when 0 then null when 1 then cast(${name}[1] as varchar) else cast(to_json(${name}) as varchar) end`;
  return fileType === column.type ? name : `cast(${name} as ${column.type})`;
}

function emptySelect(columns: readonly Column[]): string {
  const items = columns.map((column) => `cast(null as ${column.type}) as ${identifier(column.name)}`);
  return `select ${items.join(', ')} where false`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
