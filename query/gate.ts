/**
 * The statement gate: decides from DuckDB's own parse tree whether what the translator made may run, before anything is bound.
 *
 * Denied by default: one SELECT, of the kinds of nodes the translator writes, over views of ours, names of its own WITH, and
 * functions on a list. The first wall is the translator, which writes every word itself; the locked instance
 * (locked-instance.ts) is the third.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { HeadgateError } from '../domain/errors.ts';
import { allowedFunctions } from './allowed-functions.ts';
import { explainDuckdbError } from './duckdb-errors.ts';

type Node = { readonly [key: string]: unknown };

/** In characters. The longest statement a caller may write comes to far less; beyond it the engine's parser is the one that pays. */
const translationMax = 4 * 1024 * 1024;

const queryNodes = new Set(['SELECT_NODE', 'SET_OPERATION_NODE']);
const tableReferences = new Set(['BASE_TABLE', 'SUBQUERY', 'JOIN', 'EXPRESSION_LIST', 'EMPTY']);
const expressionClasses = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'OPERATOR',
  'STAR',
  'SUBQUERY',
  'WINDOW',
]);
/** As the translator calls what WITH defines. Any other name without a schema could be a view of the engine, or a file. */
const withName = /^w\d+$/;

/** `connection` is of an instance that holds nothing; it reads the statement and neither binds nor runs it. */
export async function passGate(connection: DuckDBConnection, sql: string): Promise<void> {
  // The engine would run the text up to a NUL, and show all of it here.
  if (sql.includes('\0')) throw refused('found a NUL character');
  if (sql.length > translationMax)
    throw refused(
      `it comes to ${sql.length} characters in the SQL engine, expected at most ${translationMax}; nest less, or ask in several statements`,
    );
  const answer = await connection.runAndReadAll('select json_serialize_sql($1::varchar)', [sql]);
  checkStatement(JSON.parse(withoutNonNumbers(String(answer.getRows()[0]?.[0]))));
}

/** DuckDB writes constants such as 1e400 as bare words. Only after a key of its own: a caller's quote is escaped there. */
function withoutNonNumbers(tree: string): string {
  return tree.replace(/(?<=[a-z_]":)-?(?:Infinity|NaN|inf|nan)(?=[,}\]])/g, 'null');
}

/** `tree` is what json_serialize_sql answered. Throws QUERY_INVALID. */
export function checkStatement(tree: unknown): void {
  if (!isNode(tree)) throw refused('the SQL engine could not read it');
  if (tree['error'] === true) throw unreadable(tree);
  const statements = asArray(tree['statements']);
  const first = statements[0];
  if (statements.length !== 1 || !isNode(first) || !isNode(first['node']))
    throw refused(`found ${statements.length} statements, expected exactly one SELECT`);
  const nodes = nodesOf(first);
  const defined = new Set(nodes.flatMap(definedNames));
  for (const node of nodes) checkNode(node, defined);
}

function unreadable(tree: Node): HeadgateError {
  const type = String(tree['error_type'] ?? 'parser');
  const known = explainDuckdbError(
    new Error(
      JSON.stringify({
        exception_type: type[0]?.toUpperCase() + type.slice(1),
        exception_message: String(tree['error_message'] ?? ''),
      }),
    ),
  );
  return refused(known.message);
}

/** Iterative: a tree can be as deep as its author likes. */
function nodesOf(root: Node): readonly Node[] {
  const nodes: Node[] = [];
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (Array.isArray(value)) {
      for (const item of value) open.push(item);
    } else if (isNode(value)) {
      nodes.push(value);
      for (const child of Object.values(value)) if (typeof child === 'object') open.push(child);
    }
  }
  return nodes;
}

/** The names of a WITH clause. */
function definedNames(node: Node): string[] {
  const map = isNode(node['cte_map']) ? asArray(node['cte_map']['map']) : [];
  return map.map((entry) => (isNode(entry) ? String(entry['key']) : ''));
}

function checkNode(node: Node, defined: ReadonlySet<string>): void {
  if (typeof node['class'] === 'string') return checkExpression(node);
  if ('cte_map' in node) {
    const type = String(node['type']);
    if (!queryNodes.has(type)) throw notAllowed(`a ${type} part of a query`);
    return checkSample(node);
  }
  // Every table reference, and nothing else, has both.
  if ('sample' in node && 'query_location' in node) checkTableReference(node, defined);
}

function checkExpression(node: Node): void {
  const kind = String(node['class']);
  if (!expressionClasses.has(kind)) throw notAllowed(`a ${kind} expression`);
  if (kind === 'STAR' && (node['columns'] !== false || node['expr'] !== null))
    throw notAllowed('a pattern of columns');
  if (kind === 'FUNCTION' || kind === 'WINDOW') checkFunction(node);
}

function checkFunction(node: Node): void {
  const name = String(node['function_name']);
  const schema = String(node['schema'] ?? '').toLowerCase();
  const catalog = String(node['catalog'] ?? '').toLowerCase();
  const isOurs = (schema === '' || schema === 'main') && (catalog === '' || catalog === 'system');
  if (!isOurs || !allowedFunctions.has(name.toLowerCase()))
    throw notAllowed(`function ${schema && schema !== 'main' ? `${schema}.` : ''}${name}`);
}

function checkTableReference(node: Node, defined: ReadonlySet<string>): void {
  const type = String(node['type']);
  if (!tableReferences.has(type)) throw notAllowed(`a ${type} in the FROM clause`);
  checkSample(node);
  if (type === 'BASE_TABLE') checkTable(node, defined);
}

/** Of a table, or of a whole SELECT. A union has none. */
function checkSample(node: Node): void {
  if (isNode(node['sample'])) throw notAllowed('a sample');
}

function checkTable(node: Node, defined: ReadonlySet<string>): void {
  const parts = ['catalog_name', 'schema_name', 'table_name'].map((key) => String(node[key]));
  const [catalog, schema, name = ''] = parts;
  const isOurs = schema === 'druid' || schema === 'sys';
  const isDefined = schema === '' && withName.test(name) && defined.has(name);
  if (catalog !== '' || !(isOurs || isDefined))
    throw notAllowed(`table ${parts.filter((part) => part !== '').join('.')}`);
}

function notAllowed(what: string): HeadgateError {
  return refused(`${what} is not allowed here`);
}

/** Places in what the translator made would mean nothing to whoever wrote the statement. */
function refused(message: string): HeadgateError {
  return new HeadgateError('QUERY_INVALID', `the statement cannot be run: ${message}`);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
