/** A tree written as text, fully parenthesised, so that a test shows in one line how a statement was read. */
import type {
  Call,
  Expr,
  FrameBound,
  GroupingElement,
  OrderItem,
  Query,
  QueryBody,
  Select,
  TableAlias,
  TableExpr,
  Window,
} from '../../../query/sql/ast.ts';
import { parse } from '../../../query/sql/parser.ts';

export function shapeOf(sql: string): string {
  const statement = parse(sql);
  return statement.kind === 'explain' ? `explain ${query(statement.query)}` : query(statement.query);
}

/** Of `select <sql>`. */
export function exprShape(sql: string): string {
  return shapeOf(`select ${sql}`).replace(/^select /, '');
}

function query(it: Query): string {
  const ctes = it.with.map(
    (cte) => `${cte.name.text}${names(cte.columns.map((name) => name.text))} as (${query(cte.query)})`,
  );
  return [
    ctes.length > 0 ? `with ${ctes.join(', ')}` : '',
    body(it.body),
    order(it.orderBy),
    it.limit === null ? '' : `limit ${expr(it.limit)}`,
    it.offset === null ? '' : `offset ${expr(it.offset)}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function names(list: readonly string[]): string {
  return list.length === 0 ? '' : `(${list.join(',')})`;
}

function body(it: QueryBody): string {
  switch (it.kind) {
    case 'select':
      return select(it);
    case 'nested':
      return `(${query(it.query)})`;
    case 'values':
      return `values ${it.rows.map((row) => `(${exprs(row)})`).join(',')}`;
    case 'set':
      return `{${body(it.left)} ${it.operator}${it.all ? ' ALL' : ''} ${body(it.right)}}`;
  }
}

function select(it: Select): string {
  const items = it.items.map((item) =>
    item.kind === 'star'
      ? [...item.qualifier.map((name) => name.text), '*'].join('.')
      : expr(item.expr) + (item.alias === null ? '' : ` as ${item.alias.text}`),
  );
  return [
    `select${it.distinct ? ' distinct' : ''} ${items.join(', ')}`,
    it.from === null ? '' : `from ${table(it.from)}`,
    it.where === null ? '' : `where ${expr(it.where)}`,
    it.groupBy === null ? '' : `group by ${it.groupBy.map(grouping).join(', ')}`,
    it.having === null ? '' : `having ${expr(it.having)}`,
    it.windows.map((named) => `window ${named.name.text} as ${window(named.window)}`).join(', '),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function table(it: TableExpr): string {
  switch (it.kind) {
    case 'table':
      return it.path.map((name) => name.text).join('.') + alias(it.alias);
    case 'subquery':
      return `(${query(it.query)})${alias(it.alias)}`;
    case 'unnest':
      return `unnest(${expr(it.expr)})${alias(it.alias)}`;
    case 'function':
      return `table(${call(it.call)})${alias(it.alias)}`;
    case 'join': {
      const condition = it.on !== null ? ` on ${expr(it.on)}` : '';
      const using = it.using !== null ? ` using ${it.using.map((name) => name.text).join(',')}` : '';
      return `[${table(it.left)} ${it.natural ? 'NATURAL ' : ''}${it.type} ${table(it.right)}${condition}${using}]`;
    }
  }
}

function alias(it: TableAlias | null): string {
  return it === null ? '' : ` as ${it.name.text}${names(it.columns.map((name) => name.text))}`;
}

function grouping(it: GroupingElement): string {
  if (it.kind === 'expr') return expr(it.expr);
  if (it.kind === 'set') return `set(${exprs(it.exprs)})`;
  return `${it.kind}(${it.elements.map(grouping).join(', ')})`;
}

function order(items: readonly OrderItem[]): string {
  if (items.length === 0) return '';
  const shown = items.map(
    (item) =>
      expr(item.expr) +
      (item.descending ? ' desc' : '') +
      (item.nulls === null ? '' : ` nulls ${item.nulls}`),
  );
  return `order by ${shown.join(', ')}`;
}

function exprs(list: readonly Expr[]): string {
  return list.map(expr).join(', ');
}

const not = (negated: boolean): string => (negated ? 'not ' : '');

function expr(it: Expr): string {
  switch (it.kind) {
    case 'string':
      return `'${it.value}'`;
    case 'number':
      return it.text;
    case 'boolean':
      return String(it.value);
    case 'null':
      return 'null';
    case 'time':
      return `${it.type} '${it.value}'`;
    case 'interval':
      return `interval ${it.negative ? '-' : ''}'${it.value}' ${it.from}${it.to === null ? '' : ` to ${it.to}`}`;
    case 'parameter':
      return `?${it.index}`;
    case 'column':
      return it.path.map((name) => name.text).join('.');
    case 'unary':
      return `(${it.operator} ${expr(it.operand)})`;
    case 'binary':
      return `(${expr(it.left)} ${it.operator} ${expr(it.right)})`;
    case 'quantified':
      return `(${expr(it.left)} ${it.operator} ${it.quantifier} ${'body' in it.right ? query(it.right) : expr(it.right)})`;
    case 'is':
      return `(${expr(it.operand)} is ${not(it.negated)}${it.test})`;
    case 'between':
      return `(${expr(it.operand)} ${not(it.negated)}between ${it.symmetric ? 'symmetric ' : ''}${expr(it.low)} and ${expr(it.high)})`;
    case 'like':
      return `(${expr(it.operand)} ${not(it.negated)}${it.operator} ${expr(it.pattern)}${it.escape === null ? '' : ` escape ${expr(it.escape)}`})`;
    case 'in':
      return `(${expr(it.operand)} ${not(it.negated)}in (${'body' in it.options ? query(it.options) : exprs(it.options)}))`;
    case 'exists':
      return `exists(${query(it.query)})`;
    case 'scalarQuery':
      return `scalar(${query(it.query)})`;
    case 'case': {
      const branches = it.branches.map((branch) => ` when ${expr(branch.when)} then ${expr(branch.then)}`);
      const operand = it.operand === null ? '' : ` ${expr(it.operand)}`;
      return `case${operand}${branches.join('')}${it.otherwise === null ? '' : ` else ${expr(it.otherwise)}`} end`;
    }
    case 'cast': {
      const precision = names(it.type.precision.map(String));
      return `${it.tries ? 'try_' : ''}cast(${expr(it.operand)} as ${it.type.name}${precision}${it.type.array ? ' ARRAY' : ''})`;
    }
    case 'extract':
      return `extract(${it.unit} from ${expr(it.operand)})`;
    case 'roundTime':
      return `${it.direction}(${expr(it.operand)} to ${it.unit})`;
    case 'trim':
      return `trim(${it.side} ${it.characters === null ? '' : `${expr(it.characters)} `}from ${expr(it.operand)})`;
    case 'position':
      return `position(${expr(it.needle)} in ${expr(it.haystack)}${it.start === null ? '' : ` from ${expr(it.start)}`})`;
    case 'array':
      return `array[${exprs(it.items)}]`;
    case 'element':
      return `${expr(it.operand)}[${expr(it.index)}]`;
    case 'row':
      return `row(${exprs(it.items)})`;
    case 'call':
      return call(it);
  }
}

function call(it: Call): string {
  const inside = [it.distinct ? 'distinct' : '', it.star ? '*' : exprs(it.args), order(it.orderBy)]
    .filter((part) => part !== '')
    .join(' ');
  const over = it.over === null ? '' : ` over ${'text' in it.over ? it.over.text : window(it.over)}`;
  const filter = it.filter === null ? '' : ` filter (${expr(it.filter)})`;
  return `${it.name.text}(${inside})${it.nulls === null ? '' : ` ${it.nulls} nulls`}${filter}${over}`;
}

function window(it: Window): string {
  const frame =
    it.frame === null
      ? ''
      : `${it.frame.unit} ${bound(it.frame.start)}${it.frame.finish === null ? '' : ` to ${bound(it.frame.finish)}`}`;
  const parts = [
    it.base?.text ?? '',
    it.partitionBy.length > 0 ? `partition by ${exprs(it.partitionBy)}` : '',
    order(it.orderBy),
    frame,
  ];
  return `(${parts.filter((part) => part !== '').join(' ')})`;
}

function bound(it: FrameBound): string {
  return 'expr' in it ? `${expr(it.expr)} ${it.kind}` : it.kind;
}
