/**
 * The statement gate: decides from DuckDB's own parse tree whether what the translator made may run, before anything is bound.
 *
 * Denied by default: one SELECT, tables of ours, functions on a list, and only node kinds known here. The first wall is the
 * translator, which writes every word itself; the locked instance (locked-instance.ts) is the third.
 */
import { HeadgateError } from '../domain/errors.ts';
import { allowedFunctions, allowedTableFunctions } from './allowed-functions.ts';

type Node = { readonly [key: string]: unknown };

const queryNodes = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE']);
const tableReferences = new Set([
  'BASE_TABLE',
  'TABLE_FUNCTION',
  'SUBQUERY',
  'JOIN',
  'EXPRESSION_LIST',
  'EMPTY',
  'EMPTY_FROM',
]);
const expressionClasses = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'LAMBDA_REF',
  'OPERATOR',
  'PARAMETER',
  'POSITIONAL_REFERENCE',
  'STAR',
  'SUBQUERY',
  'TYPE',
  'WINDOW',
]);

/** `tree` is what json_serialize_sql answered. Throws QUERY_INVALID. */
export function checkStatement(tree: unknown): void {
  if (!isNode(tree)) throw refused('the SQL engine could not read it');
  if (tree['error'] === true)
    throw refused(String(tree['error_message'] ?? 'the SQL engine could not read it'));
  const statements = asArray(tree['statements']);
  const first = statements[0];
  if (statements.length !== 1 || !isNode(first) || !isNode(first['node']))
    throw refused(`found ${statements.length} statements, expected exactly one SELECT`);
  walk(first);
}

/** Iterative: a tree can be as deep as its author likes. */
function walk(root: Node): void {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (Array.isArray(value)) {
      for (const item of value) open.push(item);
    } else if (isNode(value)) {
      checkNode(value);
      for (const child of Object.values(value)) if (typeof child === 'object') open.push(child);
    }
  }
}

function checkNode(node: Node): void {
  const type = node['type'];
  if (typeof node['class'] === 'string') return checkExpression(node);
  if ('cte_map' in node) {
    if (!queryNodes.has(String(type))) throw notAllowed(`a ${String(type)} part of a query`);
    return;
  }
  // Every table reference, and nothing else, has both.
  if ('sample' in node && 'query_location' in node) checkTableReference(node);
}

function checkExpression(node: Node): void {
  const kind = String(node['class']);
  if (!expressionClasses.has(kind)) throw notAllowed(`a ${kind} expression`);
  if (kind !== 'FUNCTION' && kind !== 'WINDOW') return;
  const name = String(node['function_name']);
  const schema = String(node['schema'] ?? '').toLowerCase();
  const catalog = String(node['catalog'] ?? '').toLowerCase();
  const isOurs = (schema === '' || schema === 'main') && (catalog === '' || catalog === 'system');
  if (!isOurs || !allowedFunctions.has(name.toLowerCase()))
    throw notAllowed(`function ${schema && schema !== 'main' ? `${schema}.` : ''}${name}`);
}

function checkTableReference(node: Node): void {
  const type = String(node['type']);
  if (!tableReferences.has(type))
    throw notAllowed(type === 'SHOW_REF' ? 'DESCRIBE, SHOW or SUMMARIZE' : `a ${type} in the FROM clause`);
  if (type === 'TABLE_FUNCTION') {
    const call = node['function'];
    const name = isNode(call) ? String(call['function_name']) : '';
    if (!allowedTableFunctions.has(name.toLowerCase())) throw notAllowed(`table function ${name}`);
  }
  if (type === 'BASE_TABLE') checkTable(node);
}

/** Without a schema it is a WITH name: nothing else is there to be found. */
function checkTable(node: Node): void {
  const parts = ['catalog_name', 'schema_name', 'table_name'].map((key) => String(node[key]));
  const [catalog, schema] = parts;
  if (catalog !== '' || !['', 'druid', 'sys'].includes(schema ?? ''))
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
