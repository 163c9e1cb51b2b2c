/**
 * INFORMATION_SCHEMA: what can be named in SQL here. Values and precisions are what Calcite gives Druid's types.
 */
import { typeText } from '../sql/typed-sql.ts';
import type { SqlType } from '../sql/typed-sql.ts';
import { systemTableColumns, systemTableNames } from './columns.ts';
import type { SystemColumn, SystemSchema } from './columns.ts';
import type { SystemDeps, SystemRow } from './world.ts';

const catalog = 'druid';
/** Druid's; `lookup` and `view` are empty here. */
const schemata = ['druid', 'INFORMATION_SCHEMA', 'lookup', 'sys', 'view'] as const;
const systemSchemata: readonly SystemSchema[] = ['INFORMATION_SCHEMA', 'sys'];

export function schemaRows(): SystemRow[] {
  return schemata.map((name) => [catalog, name, null, null, null, null, null]);
}

export async function tableRows({ store }: Pick<SystemDeps, 'store'>): Promise<SystemRow[]> {
  const sources = await store.dataSourceNames();
  return [
    ...sources.map((name) => [catalog, 'druid', name, 'TABLE', 'NO', 'NO']),
    ...systemSchemata.flatMap((schema) =>
      systemTableNames(schema).map((name) => [catalog, schema, name, 'SYSTEM_TABLE', 'NO', 'NO']),
    ),
  ];
}

export async function columnRows({ sourceColumns }: Pick<SystemDeps, 'sourceColumns'>): Promise<SystemRow[]> {
  const sources = await sourceColumns(null);
  return [
    ...[...sources].flatMap(([name, columns]) => rowsOf('druid', name, columns)),
    ...systemSchemata.flatMap((schema) =>
      systemTableNames(schema).flatMap((name) =>
        rowsOf(schema, name, systemTableColumns(schema, name) ?? []),
      ),
    ),
  ];
}

/** Only what can be called: a function that is refused by name is not there. */
export function routineRows({ functions }: Pick<SystemDeps, 'functions'>): SystemRow[] {
  return [...functions]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, entry]) =>
      entry.verdict === 'works'
        ? [
            [
              catalog,
              'INFORMATION_SCHEMA',
              name,
              'FUNCTION',
              entry.kind === 'aggregate' ? 'YES' : 'NO',
              entry.syntax,
            ],
          ]
        : [],
    );
}

function rowsOf(schema: string, table: string, columns: readonly SystemColumn[]): SystemRow[] {
  return columns.map(({ name, type }, index) => {
    const about = aboutType(type);
    const isText = type.name === 'VARCHAR';
    return [
      catalog,
      schema,
      table,
      name,
      BigInt(index + 1),
      '', // COLUMN_DEFAULT
      schema === 'druid' && name === '__time' ? 'NO' : 'YES',
      type.name === 'ARRAY' ? 'ARRAY' : typeText(type),
      null, // CHARACTER_MAXIMUM_LENGTH
      null, // CHARACTER_OCTET_LENGTH
      about.precision,
      about.precision === null ? null : 10n,
      about.scale,
      about.timePrecision,
      isText ? 'UTF-16LE' : null,
      isText ? 'UTF-16LE$en_US$primary' : null,
      about.jdbc,
    ];
  });
}

type About = {
  readonly jdbc: bigint;
  readonly precision: bigint | null;
  readonly scale: bigint | null;
  readonly timePrecision: bigint | null;
};

/** Calcite's "not specified". */
const noScale = -2_147_483_648n;
const plain = { precision: null, scale: null, timePrecision: null };

/** `jdbc` are the codes of java.sql.Types. */
const abouts: { readonly [name in SqlType['name']]: About } = {
  INTEGER: { jdbc: 4n, precision: 10n, scale: 0n, timePrecision: null },
  BIGINT: { jdbc: -5n, precision: 19n, scale: 0n, timePrecision: null },
  FLOAT: { jdbc: 6n, precision: 15n, scale: noScale, timePrecision: null },
  DOUBLE: { jdbc: 8n, precision: 15n, scale: noScale, timePrecision: null },
  DECIMAL: { jdbc: 3n, precision: 19n, scale: 0n, timePrecision: null },
  BOOLEAN: { jdbc: 16n, ...plain },
  TIMESTAMP: { jdbc: 93n, precision: null, scale: null, timePrecision: 3n },
  DATE: { jdbc: 91n, precision: null, scale: null, timePrecision: 0n },
  INTERVAL: { jdbc: 1111n, ...plain },
  NULL: { jdbc: 0n, ...plain },
  COMPLEX: { jdbc: 1111n, ...plain },
  SKETCH: { jdbc: 1111n, ...plain },
  VARCHAR: { jdbc: 12n, ...plain },
  ARRAY: { jdbc: 2003n, ...plain },
};

function aboutType(type: SqlType): About {
  return abouts[type.name];
}
