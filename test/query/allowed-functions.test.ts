/** The list of functions: every name on it exists, is written by the translator, and nothing on it reaches out. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedFunctions } from '../../query/allowed-functions.ts';
import { addSketchFunctions, sketchFunctionNames } from '../../query/sketch-functions.ts';

let instance: DuckDBInstance;
const known = new Map<string, Set<string>>();

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  addSketchFunctions(connection);
  const reader = await connection.runAndReadAll(
    'select lower(function_name), function_type from duckdb_functions()',
  );
  for (const [name, type] of reader.getRows())
    known.set(String(name), (known.get(String(name)) ?? new Set()).add(String(type)));
  connection.closeSync();
});

afterAll(() => instance.closeSync());

/** Made by the parser, so not in the catalog of functions. */
const syntax = new Set(['coalesce', 'if', 'grouping']);
/** What DuckDB's parser makes of operators: `*` in count, LIKE with ESCAPE, `[..]`, `x[1]`, `x[1:2]`, `x.y`. */
const desugared = new Set([
  'count_star',
  'like_escape',
  'not_like_escape',
  'list_value',
  'array_extract',
  'array_slice',
  'struct_extract',
]);

function wordsOfTranslator(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const text = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  return new Set(text.toLowerCase().match(/[a-z_][a-z0-9_]*/g));
}

describe('allowed functions', () => {
  it('exist', () => {
    const unknown = [...allowedFunctions].filter((name) => !known.has(name) && !syntax.has(name));
    expect(unknown).toEqual([]);
  });

  it('are words of the translator: nothing is open that nobody needs', () => {
    const written = wordsOfTranslator(join(import.meta.dirname, '../../query/sql'));
    const isName = (name: string): boolean => /^[a-z]/.test(name);
    const unneeded = [...allowedFunctions].filter(
      (name) => isName(name) && !written.has(name) && !desugared.has(name),
    );
    expect(unneeded).toEqual([]);
  });

  it('are all of the functions of sketches', () => {
    expect(sketchFunctionNames.filter((name) => !allowedFunctions.has(name))).toEqual([]);
  });

  it('are none that reach out', () => {
    const reaching =
      /^(read_|parquet_|sniff|glob|duckdb_|pragma|pg_|current_(setting|query|schema|database|user|role|transaction|connection)|getenv|getvariable|nextval|currval|setseed|sleep|write_log|txid|version|query|json_(execute|serialize|deserialize)|which_secret|add_parquet_key|icu_collate|checkpoint|in_search_path|stats$|__internal|arrow_scan|seq_scan|test_|inet_|has_|obj_)/;
    expect([...allowedFunctions].filter((name) => reaching.test(name))).toEqual([]);
  });

  it('are none that make rows or lists out of nothing, and no pragma', () => {
    const kinds = new Set(['table', 'table_macro', 'pragma']);
    const rows = [...allowedFunctions].filter((name) =>
      [...(known.get(name) ?? [])].some((kind) => kinds.has(kind)),
    );
    // Each is a function of values too, and none passes the gate in FROM.
    expect(rows).toEqual(['repeat', 'unnest']);
    expect(['range', 'generate_series', 'repeat_row'].filter((name) => allowedFunctions.has(name))).toEqual(
      [],
    );
  });
});
