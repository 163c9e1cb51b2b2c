/** A caller's statement as the DuckDB SQL that answers it, over the tables the parent looked up. */
import { metricTimeOf } from '../domain/metric-time.ts';
import type { RunMessage } from './messages.ts';
import { functionTable } from './sql/functions/index.ts';
import { parse } from './sql/parser.ts';
import { translate } from './sql/translate/index.ts';
import type { Translation } from './sql/translate/index.ts';
import { systemRelation } from './system-relation.ts';
import { identifier } from './views.ts';

export type TranslatedRun = Translation & {
  readonly isExplain: boolean;
  /** For EXPLAIN: what the statement reads. */
  readonly resources: readonly { readonly name: string; readonly type: 'DATASOURCE' }[];
};

export function translateRun(message: RunMessage): TranslatedRun {
  const statement = parse(message.sql);
  const translation = translate(statement, {
    ...message.settings,
    tables: (schema, name) => tableShape(message, schema, name),
    functions: functionTable,
    parameters: message.parameters,
    outerLimit: message.outerLimit,
  });
  return {
    ...translation,
    isExplain: statement.kind === 'explain',
    resources: message.sources.map(({ name }) => ({ name, type: 'DATASOURCE' })),
  };
}

type TableShape = NonNullable<ReturnType<Parameters<typeof translate>[1]['tables']>>;

function tableShape(message: RunMessage, schema: string, name: string): TableShape | null {
  if (schema === 'druid') {
    const source = message.sources.find((table) => table.name === name);
    if (source === undefined) return null;
    const columns = source.columns.map((column) => ({
      name: column.name,
      field: column.name,
      type: column.type,
      ...(column.hasTime === true ? { timeField: metricTimeOf(column.name) } : {}),
    }));
    return { relation: `druid.${identifier(name)}`, columns };
  }
  const table = message.system.find((known) => known.schema === schema && known.name === name);
  if (table === undefined) return null;
  const columns = table.columns.map((column) => ({ ...column, field: column.name }));
  return { relation: systemRelation(table), columns };
}
