/**
 * Arrays and multi-value dimensions: the same functions under two names. ARRAY_* give arrays, MV_* give multi-value texts.
 * Both take both, and a single text as a list of one; a missing list stays missing.
 */
import { castTo, commonType } from '../casts.ts';
import { arrayOf, isMulti, types, typeText } from '../typed-sql.ts';
import type { CallContext, SqlType, TypedSql } from '../typed-sql.ts';
import { argument, bigint, boolean, constantText, multi, problem, scalar, varchar } from './entries.ts';
import type { Entry } from './entries.ts';
import { each, once, text } from './fragments.ts';

type List = { readonly sql: string; readonly element: SqlType };

type Family = {
  readonly prefix: 'ARRAY' | 'MV';
  readonly list: (arg: TypedSql, context: CallContext) => List;
  readonly resultOf: (element: SqlType) => SqlType;
};

export function isList(arg: TypedSql): boolean {
  return arg.type.name === 'ARRAY' || isMulti(arg.type);
}

function arrayArgument(arg: TypedSql, context: CallContext): List {
  if (arg.type.name === 'ARRAY') return { sql: arg.sql, element: arg.type.element };
  if (isMulti(arg.type)) return { sql: arg.sql, element: varchar };
  if (arg.type.name === 'VARCHAR' || arg.type.name === 'NULL')
    return { sql: castTo(arg, arrayOf(varchar), context).sql, element: varchar };
  throw problem(context, `found a value of type ${typeText(arg.type)}, expected an ARRAY`);
}

function textArgument(arg: TypedSql, context: CallContext): List {
  const list = arrayArgument(arg, context);
  const type = arrayOf(list.element);
  return { sql: castTo({ sql: list.sql, type }, arrayOf(varchar), context).sql, element: varchar };
}

const arrays: Family = { prefix: 'ARRAY', list: arrayArgument, resultOf: arrayOf };
const multiValues: Family = { prefix: 'MV', list: textArgument, resultOf: () => multi };

/** Both lists with elements of one type. */
function lists(
  family: Family,
  a: TypedSql,
  b: TypedSql,
  context: CallContext,
): { x: string; y: string; element: SqlType } {
  const [left, right] = [family.list(a, context), family.list(b, context)];
  const element = commonType([left.element, right.element]);
  const cast = ({ sql, element: own }: List): string =>
    castTo({ sql, type: arrayOf(own) }, arrayOf(element), context).sql;
  return { x: cast(left), y: cast(right), element };
}

function elementAt(list: string, index: string): string {
  // Below the first place DuckDB counts from the end.
  return once([list, index], (l, n) => `CASE WHEN ${n} >= 1 THEN ${l}[${n}] END`);
}

function joined(list: List, separator: string, context: CallContext): string {
  const texts = each(
    list.sql,
    (e) => `coalesce(${castTo({ sql: e, type: list.element }, varchar, context).sql}, 'null')`,
  );
  return `array_to_string(${texts}, ${separator})`;
}

/** What lies beyond the end of the list is null, as in Druid. */
function slice(list: string, start: string, end: string): string {
  return once(
    [list, start, end],
    (l, s, e) =>
      `CASE WHEN ${s} >= 0 AND ${s} <= len(${l}) AND ${s} <= ${e} THEN list_resize(${l}[${s} + 1:${e}], ${e} - ${s}) END`,
  );
}

function lookups(family: Family): readonly Entry[] {
  const { prefix } = family;
  const at = (name: string, shift: string): Entry =>
    scalar({ syntax: `${prefix}_${name}(arr, long)`, args: [2, 2], multi: 'whole' }, (args, context) => {
      const list = family.list(argument(args, 0), context);
      const index = castTo(argument(args, 1), bigint, context).sql;
      return { sql: elementAt(list.sql, `(${index}${shift})`), type: list.element };
    });
  const find = (name: string, shift: string): Entry =>
    scalar({ syntax: `${prefix}_${name}(arr, expr)`, args: [2, 2], multi: 'whole' }, (args, context) => {
      const list = family.list(argument(args, 0), context);
      const value = castTo(argument(args, 1), list.element, context).sql;
      return { sql: `(nullif(list_position(${list.sql}, ${value}), 0)${shift})`, type: bigint };
    });
  return [at('OFFSET', ' + 1'), at('ORDINAL', ''), find('OFFSET_OF', ' - 1'), find('ORDINAL_OF', '')];
}

function tests(family: Family): readonly Entry[] {
  const { prefix } = family;
  return [
    scalar({ syntax: `${prefix}_LENGTH(arr)`, args: [1, 1], multi: 'whole' }, (args, context) => ({
      sql: `len(${family.list(argument(args, 0), context).sql})`,
      type: bigint,
    })),
    scalar({ syntax: `${prefix}_CONTAINS(arr, expr)`, args: [2, 2], multi: 'whole' }, (args, context) => {
      const [list, wanted] = [argument(args, 0), argument(args, 1)];
      if (isList(wanted)) {
        const { x, y } = lists(family, list, wanted, context);
        return { sql: `list_has_all(${x}, ${y})`, type: boolean };
      }
      const own = family.list(list, context);
      const element = commonType([own.element, wanted.type]);
      const values = castTo({ sql: own.sql, type: arrayOf(own.element) }, arrayOf(element), context).sql;
      return { sql: `list_contains(${values}, ${castTo(wanted, element, context).sql})`, type: boolean };
    }),
    scalar({ syntax: `${prefix}_OVERLAP(arr1, arr2)`, args: [2, 2], multi: 'whole' }, (args, context) => {
      const { x, y } = lists(family, argument(args, 0), argument(args, 1), context);
      return { sql: `list_has_any(${x}, ${y})`, type: boolean };
    }),
  ];
}

function changes(family: Family): readonly Entry[] {
  const { prefix } = family;
  const add = (
    list: TypedSql,
    value: TypedSql,
    body: (l: string, x: string) => string,
    context: CallContext,
  ): TypedSql => {
    const { sql, element } = family.list(list, context);
    const added = castTo(value, element, context).sql;
    return {
      sql: once([sql, added], (l, x) => `CASE WHEN ${l} IS NOT NULL THEN ${body(l, x)} END`),
      type: family.resultOf(element),
    };
  };
  return [
    scalar({ syntax: `${prefix}_PREPEND(expr, arr)`, args: [2, 2], multi: 'whole' }, (args, context) =>
      add(argument(args, 1), argument(args, 0), (l, x) => `list_prepend(${x}, ${l})`, context),
    ),
    scalar({ syntax: `${prefix}_APPEND(arr, expr)`, args: [2, 2], multi: 'whole' }, (args, context) =>
      add(argument(args, 0), argument(args, 1), (l, x) => `list_append(${l}, ${x})`, context),
    ),
    scalar({ syntax: `${prefix}_CONCAT(arr1, arr2)`, args: [2, 2], multi: 'whole' }, (args, context) => {
      const { x, y, element } = lists(family, argument(args, 0), argument(args, 1), context);
      return { sql: `list_concat(${x}, ${y})`, type: family.resultOf(element) };
    }),
    scalar({ syntax: `${prefix}_SLICE(arr, start, end)`, args: [3, 3], multi: 'whole' }, (args, context) => {
      const list = family.list(argument(args, 0), context);
      const [start, end] = [argument(args, 1), argument(args, 2)].map(
        (arg) => castTo(arg, bigint, context).sql,
      );
      return { sql: slice(list.sql, start ?? '', end ?? ''), type: family.resultOf(list.element) };
    }),
    scalar({ syntax: `${prefix}_TO_STRING(arr, str)`, args: [2, 2], multi: 'whole' }, (args, context) => {
      const separator = castTo(argument(args, 1), varchar, context).sql;
      return { sql: joined(family.list(argument(args, 0), context), separator, context), type: varchar };
    }),
  ];
}

/** Split at a regular expression. Java leaves out empty texts at the end. */
function split(name: string, type: SqlType): Entry {
  return scalar(
    { syntax: `${name}(str1, str2)`, args: [2, 2], note: 'The delimiter is an RE2 expression.' },
    (args, context) => {
      const value = castTo(argument(args, 0), varchar, context).sql;
      const delimiter = castTo(argument(args, 1), varchar, context).sql;
      const sql = once(
        [`string_split_regex(${value}, ${delimiter})`],
        (l) =>
          `${l}[1:greatest(1, list_max(list_transform(${l}, lambda x, i: CASE WHEN x <> '' THEN i ELSE 0 END)))]`,
      );
      return { sql, type };
    },
  );
}

/** Values in the list, or those that are not; none left is a missing value. */
function filtered(name: string, not: string): Entry {
  return scalar({ syntax: `${name}(expr, arr)`, args: [2, 2], multi: 'whole' }, (args, context) => {
    const [list, values] = [argument(args, 0), argument(args, 1)].map(
      (arg) => textArgument(arg, context).sql,
    );
    const kept = `list_filter(${list}, lambda k: ${not}list_contains(${values}, k))`;
    return { sql: once([kept], (l) => `CASE WHEN len(${l}) > 0 THEN ${l} END`, 'u'), type: multi };
  });
}

/** Values that begin with a text, or that a pattern matches. */
function filteredBy(
  name: string,
  syntax: string,
  condition: (value: string, argument: string) => string,
): Entry {
  return scalar({ syntax: `${name}(${syntax})`, args: [2, 2], multi: 'whole' }, (args, context) => {
    const list = textArgument(argument(args, 0), context).sql;
    const wanted = text(constantText(argument(args, 1), 'the second argument', context));
    const kept = `list_filter(${list}, lambda k: ${condition('k', wanted)})`;
    return { sql: once([kept], (l) => `CASE WHEN len(${l}) > 0 THEN ${l} END`, 'u'), type: multi };
  });
}

export const collections: readonly Entry[] = [
  ...[arrays, multiValues].flatMap((family) => [...tests(family), ...lookups(family), ...changes(family)]),
  split('STRING_TO_ARRAY', arrayOf(varchar)),
  split('STRING_TO_MV', multi),
  scalar({ syntax: 'ARRAY_TO_MV(arr)', args: [1, 1], multi: 'whole' }, (args, context) => ({
    sql: textArgument(argument(args, 0), context).sql,
    type: multi,
  })),
  scalar({ syntax: 'MV_TO_ARRAY(str)', args: [1, 1], multi: 'whole' }, (args, context) => ({
    sql: textArgument(argument(args, 0), context).sql,
    type: arrayOf(varchar),
  })),
  filtered('MV_FILTER_ONLY', ''),
  filtered('MV_FILTER_NONE', 'NOT '),
  filteredBy('MV_FILTER_PREFIX', 'expr, prefix', (value, prefix) => `starts_with(${value}, ${prefix})`),
  filteredBy('MV_FILTER_REGEX', 'expr, pattern', (value, pattern) => `regexp_matches(${value}, ${pattern})`),
  scalar({ syntax: 'SCALAR_IN_ARRAY(expr, arr)', args: [2, 2], multi: 'whole' }, (args, context) => {
    const [value, list] = [argument(args, 0), arrayArgument(argument(args, 1), context)];
    if (isList(value)) throw problem(context, 'found a list, expected a single value; use ARRAY_OVERLAP');
    const element = commonType([value.type, list.element]);
    const values = castTo({ sql: list.sql, type: arrayOf(list.element) }, arrayOf(element), context).sql;
    const sql = once(
      [castTo(value, element, context).sql, values],
      (x, l) => `CASE WHEN ${x} IS NOT NULL THEN list_contains(${l}, ${x}) END`,
    );
    return { sql, type: types.boolean };
  }),
];
