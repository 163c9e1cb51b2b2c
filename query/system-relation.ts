/** Where the rows of a system table are put for one query: DuckDB keeps INFORMATION_SCHEMA for itself. */
import type { SystemTable } from './messages.ts';
import { identifier } from './views.ts';

export function systemTableName({ schema, name }: Pick<SystemTable, 'schema' | 'name'>): string {
  return schema === 'sys' ? name : `${schema}.${name}`;
}

export function systemRelation(table: Pick<SystemTable, 'schema' | 'name'>): string {
  return `sys.${identifier(systemTableName(table))}`;
}
