/** The list of functions: every name on it exists, and nothing on it reads files, settings, the process, or writes. */
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedFunctions, allowedTableFunctions } from '../../query/allowed-functions.ts';
import { druidMacros } from '../../query/druid-macros.ts';

let instance: DuckDBInstance;
const known = new Map<string, Set<string>>();

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const macro of druidMacros) await connection.run(macro);
  const reader = await connection.runAndReadAll(
    'select lower(function_name), function_type from duckdb_functions()',
  );
  for (const [name, type] of reader.getRows())
    known.set(String(name), (known.get(String(name)) ?? new Set()).add(String(type)));
  connection.closeSync();
});

afterAll(() => instance.closeSync());

/** Made by the parser, so not in the catalog of functions. */
const syntax = new Set([
  'coalesce',
  'if',
  'ifnull',
  'try',
  'grouping',
  'grouping_id',
  '=',
  '<>',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '!',
]);

describe('allowed functions', () => {
  it('exist', () => {
    const unknown = [...allowedFunctions].filter((name) => !known.has(name) && !syntax.has(name));
    expect(unknown).toEqual([]);
  });

  it('are none that reach out', () => {
    const reaching =
      /^(read_|parquet_|sniff|glob|duckdb_|pragma|pg_|current_(setting|query|schema|database|user|role|transaction|connection)|getenv|getvariable|nextval|currval|setseed|sleep|write_log|txid|version|query|json_(execute|serialize|deserialize)|which_secret|add_parquet_key|icu_collate|checkpoint|in_search_path|stats$|__internal|arrow_scan|seq_scan|test_|inet_|has_|obj_)/;
    expect([...allowedFunctions].filter((name) => reaching.test(name))).toEqual([]);
  });

  it('in FROM are three', () => {
    expect([...allowedTableFunctions].sort()).toEqual(['generate_series', 'range', 'unnest']);
    // A pragma is a statement, or a table function of another name; none may be called.
    expect([...allowedFunctions].filter((name) => known.get(name)?.has('pragma'))).toEqual([]);
  });
});
