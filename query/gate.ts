/**
 * The statement gate: decides from DuckDB's own parse tree whether a statement may run, before anything is bound.
 *
 * Denied by default: one SELECT (or EXPLAIN of one), tables that are data sources or ours, functions on a list, and
 * only node kinds known here. The locked instance (locked-instance.ts) is the second wall, not the first.
 */
import { HeadgateError } from '../domain/errors.ts';
import { allowedFunctions, allowedTableFunctions } from './allowed-functions.ts';
import type { TableUse } from './messages.ts';

type Node = { readonly [key: string]: unknown };

export type Statement = {
  readonly tables: readonly TableUse[];
  readonly outputs: readonly OutputName[];
};

/** How an output column is named: as DuckDB does, as Druid names an expression without alias, or a star. */
export type OutputName = 'own' | 'expression' | 'star';

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

/** `tree` is what json_serialize_sql answered for `sql`. Throws QUERY_INVALID. */
export function checkStatement(tree: unknown, sql: string): Statement {
  if (!isNode(tree)) throw refused('the SQL parser gave no answer', sql);
  if (tree['error'] === true) throw parserRefused(tree, sql);
  const statements = asArray(tree['statements']);
  const first = statements[0];
  if (statements.length !== 1 || !isNode(first) || !isNode(first['node']))
    throw refused(
      `found ${statements.length} statements, expected exactly one SELECT or EXPLAIN PLAN FOR SELECT`,
      sql,
    );
  const found = walk(first, sql);
  const tables = found.tables.map((table) => ({ ...table, optional: isMaybeCte(table, found.cteNames) }));
  return { tables, outputs: outputsOf(first['node']) };
}

type Found = { readonly tables: Omit<TableUse, 'optional'>[]; readonly cteNames: Set<string> };

/** Iterative: a tree can be as deep as its author likes. */
function walk(root: Node, sql: string): Found {
  const found: Found = { tables: [], cteNames: new Set() };
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (Array.isArray(value)) {
      for (const item of value) open.push(item);
    } else if (isNode(value)) {
      checkNode(value, sql, found);
      for (const child of Object.values(value)) if (typeof child === 'object') open.push(child);
    }
  }
  return found;
}

function checkNode(node: Node, sql: string, found: Found): void {
  const type = node['type'];
  if (typeof node['class'] === 'string') return checkExpression(node, sql);
  if ('cte_map' in node) {
    if (!queryNodes.has(String(type))) throw notAllowed(`a ${String(type)} part of a query`, node, sql);
    if (isNode(node['cte_map']))
      for (const entry of asArray(node['cte_map']['map']))
        if (isNode(entry)) found.cteNames.add(String(entry['key']).toLowerCase());
    return;
  }
  // Every table reference, and nothing else, has both.
  if ('sample' in node && 'query_location' in node) checkTableReference(node, sql, found);
}

function checkExpression(node: Node, sql: string): void {
  const kind = String(node['class']);
  if (!expressionClasses.has(kind)) throw notAllowed(`a ${kind} expression`, node, sql);
  if (kind !== 'FUNCTION' && kind !== 'WINDOW') return;
  const name = String(node['function_name']);
  const schema = String(node['schema'] ?? '').toLowerCase();
  const catalog = String(node['catalog'] ?? '').toLowerCase();
  const isOurs = (schema === '' || schema === 'main') && (catalog === '' || catalog === 'system');
  if (!isOurs || !allowedFunctions.has(name.toLowerCase()))
    throw notAllowed(`function ${schema && schema !== 'main' ? `${schema}.` : ''}${name}`, node, sql);
}

function checkTableReference(node: Node, sql: string, found: Found): void {
  const type = String(node['type']);
  if (!tableReferences.has(type))
    throw notAllowed(
      type === 'SHOW_REF' ? 'DESCRIBE, SHOW or SUMMARIZE' : `a ${type} in the FROM clause`,
      node,
      sql,
    );
  if (type === 'TABLE_FUNCTION') {
    const call = node['function'];
    const name = isNode(call) ? String(call['function_name']) : '';
    if (!allowedTableFunctions.has(name.toLowerCase())) throw notAllowed(`table function ${name}`, node, sql);
  }
  if (type === 'BASE_TABLE') found.tables.push(tableUse(node, sql));
}

function tableUse(node: Node, sql: string): Omit<TableUse, 'optional'> {
  const name = String(node['table_name']);
  const schema = String(node['schema_name']);
  const catalog = String(node['catalog_name']);
  if (catalog !== '' || !['', 'druid', 'sys'].includes(schema)) {
    const full = [catalog, schema, name].filter((part) => part !== '').join('.');
    throw notAllowed(
      `table ${full}`,
      node,
      sql,
      'use a data source, or sys.segments, sys.supervisors, sys.tasks',
    );
  }
  return { schema: schema === 'sys' ? 'sys' : 'druid', name, ...positionOf(node, sql) };
}

/** A CTE of that name exists somewhere in the statement; whether it is meant here is DuckDB's to say. */
function isMaybeCte(table: Omit<TableUse, 'optional'>, cteNames: ReadonlySet<string>): boolean {
  return table.schema === 'druid' && cteNames.has(table.name.toLowerCase());
}

function outputsOf(query: Node): OutputName[] {
  let node = query;
  while (node['type'] === 'SET_OPERATION_NODE' || node['type'] === 'CTE_NODE') {
    const next = node['type'] === 'CTE_NODE' ? node['child'] : (node['left'] ?? asArray(node['children'])[0]);
    if (!isNode(next)) return [];
    node = next;
  }
  return asArray(node['select_list']).map((item) => {
    if (!isNode(item)) return 'own';
    if (item['class'] === 'STAR') return 'star';
    return item['alias'] !== '' || item['class'] === 'COLUMN_REF' ? 'own' : 'expression';
  });
}

/** The names Druid would give: an expression without alias is `EXPR$<position>`. */
export function nameOutputs(outputs: readonly OutputName[], columns: readonly string[]): string[] {
  const stars = outputs.filter((output) => output === 'star').length;
  if (stars > 1 || (stars === 0 && outputs.length !== columns.length)) return [...columns];
  const star = outputs.indexOf('star');
  return columns.map((column, position) => {
    const fromEnd = outputs.length - (columns.length - position);
    const output =
      star < 0 || position < star ? outputs[position] : fromEnd > star ? outputs[fromEnd] : 'star';
    return output === 'expression' ? `EXPR$${position}` : column;
  });
}

function parserRefused(tree: Node, sql: string): HeadgateError {
  const message = String(tree['error_message'] ?? 'it cannot be parsed');
  if (/only select statements/i.test(message))
    return refused('found another statement, expected one SELECT or EXPLAIN PLAN FOR SELECT', sql);
  const position = Number(tree['position'] ?? NaN);
  return refused(message, sql, Number.isFinite(position) ? position : undefined);
}

function notAllowed(what: string, node: Node, sql: string, remedy?: string): HeadgateError {
  const location = Number(node['query_location']);
  return refused(`${what} is not allowed here${remedy ? `; ${remedy}` : ''}`, sql, location);
}

export function refused(message: string, sql: string, byteOffset?: number): HeadgateError {
  const at = byteOffset === undefined ? null : lineAndColumn(sql, byteOffset);
  const place = at ? ` (line [${at.line}], column [${at.column}])` : '';
  return new HeadgateError('QUERY_INVALID', `${message}${place}`, {
    details: at ? { line: String(at.line), column: String(at.column) } : {},
  });
}

function positionOf(node: Node, sql: string): { line: number; column: number } {
  return lineAndColumn(sql, Number(node['query_location'])) ?? { line: 1, column: 1 };
}

/** DuckDB counts bytes, people count characters from 1. Null for "nowhere" (the parser's 2^64-1). */
export function lineAndColumn(sql: string, byteOffset: number): { line: number; column: number } | null {
  const bytes = Buffer.from(sql);
  if (!Number.isFinite(byteOffset) || byteOffset < 0 || byteOffset > bytes.length) return null;
  const before = bytes.subarray(0, byteOffset).toString().split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
