/**
 * JSON. A COMPLEX<json> value is held as its text; functions take such values and texts alike, and a text that is no
 * JSON has nothing at any path.
 */
import { castTo } from '../casts.ts';
import { arrayOf, types } from '../typed-sql.ts';
import type { CallContext, TypedSql } from '../typed-sql.ts';
import { argument, complex, constantText, many, problem, scalar, varchar } from './entries.ts';
import type { Entry } from './entries.ts';
import { each, once, text } from './fragments.ts';

const stepForm = /\.([A-Za-z0-9_$@-]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(-?\d{1,9})\]/gy;

/** Druid's part of JSONPath as DuckDB writes it: `$.a['b c'][0]` as `$."a"."b c"[0]`. */
export function jsonPath(arg: TypedSql, context: CallContext): string {
  const path = constantText(arg, 'the path', context).trim();
  let converted = '$';
  let end = 1;
  for (const match of path.slice(1).matchAll(stepForm)) {
    const [whole, bare, single, double, index] = match;
    end += whole.length;
    const name = bare ?? (single ?? double)?.replace(/\\(.)/g, '$1');
    if (name?.includes('"') === true)
      throw problem(context, `a quote in the path '${path}' is not supported`);
    converted +=
      name === undefined ? `[${index?.startsWith('-') === true ? '#' : ''}${index}]` : `."${name}"`;
  }
  if (!path.startsWith('$') || end !== path.length)
    throw problem(
      context,
      `found the path '${path}', expected one such as '$.a', '$.a[0]' or '$[\\'a b\\']'`,
    );
  return text(converted);
}

/** The JSON text of an argument, null when it is no JSON. */
function json(arg: TypedSql, context: CallContext): string {
  if (arg.type.name === 'COMPLEX') return arg.sql;
  if (arg.type.name !== 'VARCHAR' && arg.type.name !== 'NULL')
    throw problem(context, `found a value of type ${arg.type.name}, expected COMPLEX<json> or a text`);
  return once([castTo(arg, varchar, context).sql], (v) => `CASE WHEN json_valid(${v}) THEN ${v} END`);
}

/** Any value as DuckDB's JSON. Times are milliseconds, as everywhere in Druid. */
function toJson(arg: TypedSql, context: CallContext): string {
  const { type } = arg;
  if (type.name === 'COMPLEX') return `CAST(${arg.sql} AS JSON)`;
  if (type.name === 'TIMESTAMP' || type.name === 'DATE')
    return `to_json(${castTo(arg, types.bigint, context).sql})`;
  if (type.name === 'ARRAY' && (type.element.name === 'COMPLEX' || type.element.name === 'TIMESTAMP'))
    return `to_json(${each(arg.sql, (e) => toJson({ sql: e, type: type.element }, context))})`;
  return `to_json(${arg.sql})`;
}

export const jsonValues: readonly Entry[] = [
  scalar(
    {
      syntax: 'JSON_VALUE(expr, path [RETURNING sqlType])',
      args: [2, 2],
      note: 'A text unless RETURNING or CAST says otherwise. An array at the path is null; use JSON_QUERY_ARRAY.',
    },
    (args, context) => {
      const path = jsonPath(argument(args, 1), context);
      const value = json(argument(args, 0), context);
      return { sql: `json_extract_string(json_value(${value}, ${path}), '$')`, type: varchar };
    },
  ),
  scalar({ syntax: 'JSON_QUERY(expr, path)', args: [2, 2] }, (args, context) => {
    const path = jsonPath(argument(args, 1), context);
    return {
      sql: `CAST(json_extract(${json(argument(args, 0), context)}, ${path}) AS VARCHAR)`,
      type: complex,
    };
  }),
  scalar({ syntax: 'JSON_QUERY_ARRAY(expr, path)', args: [2, 2] }, (args, context) => {
    const path = jsonPath(argument(args, 1), context);
    const sql = once([`json_extract(${json(argument(args, 0), context)}, ${path})`], (j) => {
      const items = each(`CAST(${j} AS JSON[])`, (e) => `CAST(${e} AS VARCHAR)`);
      return `CASE WHEN ${j} IS NULL THEN NULL WHEN json_type(${j}) = 'ARRAY' THEN ${items} ELSE [CAST(${j} AS VARCHAR)] END`;
    });
    return { sql, type: arrayOf(complex) };
  }),
  scalar({ syntax: 'JSON_KEYS(expr, path)', args: [2, 2] }, (args, context) => {
    const path = jsonPath(argument(args, 1), context);
    const sql = once(
      [`json_extract(${json(argument(args, 0), context)}, ${path})`],
      (j) => `CASE WHEN json_type(${j}) = 'OBJECT' THEN json_keys(${j}) END`,
    );
    return { sql, type: arrayOf(varchar) };
  }),
  scalar(
    { syntax: 'JSON_OBJECT(KEY expr1 VALUE expr2[, KEY expr3 VALUE expr4, ...])', args: [0, many] },
    (args, context) => {
      if (args.length % 2 !== 0)
        throw problem(context, `found ${args.length} arguments, expected pairs of a key and a value`);
      const parts = args.map((arg, index) =>
        index % 2 === 0 ? castTo(arg, varchar, context).sql : toJson(arg, context),
      );
      return { sql: `CAST(json_object(${parts.join(', ')}) AS VARCHAR)`, type: complex };
    },
  ),
  scalar(
    {
      syntax: 'JSON_MERGE(expr1, expr2[, expr3 ...])',
      args: [2, many],
      note: 'A key whose value is null in a later object is left out.',
    },
    (args, context) => {
      const merged = args
        .map((arg) => `CAST(${json(arg, context)} AS JSON)`)
        .reduce((all, next) => `json_merge_patch(${all}, ${next})`);
      return { sql: `CAST(${merged} AS VARCHAR)`, type: complex };
    },
  ),
  scalar(
    { syntax: 'PARSE_JSON(expr)', args: [1, 1], note: 'A text that is no JSON is an error of the query.' },
    (args, context) => {
      const value = argument(args, 0);
      if (value.type.name !== 'VARCHAR')
        return { sql: `CAST(${toJson(value, context)} AS VARCHAR)`, type: complex };
      return { sql: `CAST(json(${value.sql}) AS VARCHAR)`, type: complex };
    },
  ),
  scalar({ syntax: 'TRY_PARSE_JSON(expr)', args: [1, 1] }, (args, context) => {
    const value = argument(args, 0);
    if (value.type.name !== 'VARCHAR')
      return { sql: `CAST(${toJson(value, context)} AS VARCHAR)`, type: complex };
    const sql = once([value.sql], (v) => `CASE WHEN json_valid(${v}) THEN CAST(json(${v}) AS VARCHAR) END`);
    return { sql, type: complex };
  }),
  scalar({ syntax: 'TO_JSON_STRING(expr)', args: [1, 1], multi: 'whole' }, (args, context) => ({
    sql: `CAST(${toJson(argument(args, 0), context)} AS VARCHAR)`,
    type: varchar,
  })),
];
