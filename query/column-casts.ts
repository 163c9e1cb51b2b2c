/** The SQL by which a view reads a file's column in the type that the data source has. */
import { isArray, readFound, readVariant, type Reading } from './found-columns.ts';
import type { Column } from './messages.ts';
import { unknownType } from '../segments/found-values.ts';
import { isVariant } from '../segments/variant-columns.ts';

/** `name`: the column as an expression. Null for a column the file lacks. */
export function columnAs(
  duckdbType: string,
  own: (Column & { readonly expression: string }) | null,
  reading: Reading,
): string {
  if (own === null || own.type === unknownType) return `cast(null as ${heldType(duckdbType)})`;
  const { expression: name, type } = own;
  if (duckdbType === 'BLOB') return name;
  if (isVariant(type)) return readVariant(name, { to: duckdbType, reading });
  if (duckdbType === 'JSON' || isArray(duckdbType)) return readFound(name, type, { to: duckdbType, reading });
  if (type === duckdbType) return isList(duckdbType) ? `nullif(${name}, [])` : name;
  if (type === 'TIMESTAMP WITH TIME ZONE' && duckdbType === 'TIMESTAMP') return `${name} at time zone 'UTC'`;
  if (isList(type) && duckdbType === 'VARCHAR[]')
    return `nullif(list_transform(${name}, lambda value: cast(value as varchar)), [])`;
  if (duckdbType === 'VARCHAR[]') return `case when ${name} is not null then [cast(${name} as varchar)] end`;
  if (isList(type))
    return `case len(${name}) when 0 then null when 1 then cast(${name}[1] as varchar) else cast(to_json(${name}) as varchar) end`;
  return type === 'DOUBLE' && duckdbType === 'VARCHAR'
    ? readFound(name, type, { to: duckdbType, reading })
    : `cast(${name} as ${duckdbType})`;
}

/** How a query holds it: JSON as text, an array as a list. */
export function heldType(duckdbType: string): string {
  if (duckdbType === 'ARRAY<VARCHAR>') return 'VARCHAR[]';
  return duckdbType === 'JSON' ? 'VARCHAR' : duckdbType;
}

function isList(type: string): boolean {
  return type.endsWith('[]');
}
