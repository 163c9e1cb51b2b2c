/** Regular expressions and format patterns. The expressions are RE2's: linear in the text, whatever the pattern. */
import { castTo } from '../casts.ts';
import { types } from '../typed-sql.ts';
import type { CallContext, TypedSql } from '../typed-sql.ts';
import { argument, boolean, constantText, constantWhole, many, problem, scalar, varchar } from './entries.ts';
import type { Entry } from './entries.ts';
import { once, text } from './fragments.ts';

const note = 'RE2 syntax: no lookahead, no lookbehind, no backreferences in the pattern.';

/** What Java has and RE2 has not, found before the query runs. */
const javaOnly = /\(\?(?:=|!|<=|<!|>)|\\[1-9]|[*+?}]\+/;

function patternOf(arg: TypedSql, context: CallContext): string {
  const { value } = arg.constant ?? {};
  const found = typeof value === 'string' ? javaOnly.exec(value.replaceAll('\\\\', '')) : null;
  if (found !== null)
    throw problem(context, `'${found[0]}' in the pattern is not supported: patterns are RE2 expressions`);
  return castTo(arg, varchar, context).sql;
}

/** `$1` of Java is `\1` here; `\$` is a plain dollar sign. */
function replacementOf(arg: TypedSql, context: CallContext): string {
  const { value } = arg.constant ?? {};
  if (typeof value !== 'string')
    return `regexp_replace(replace(${castTo(arg, varchar, context).sql}, '\\', '\\\\'), '\\$(\\d)', '\\\\\\1', 'g')`;
  const converted = value.replace(/\\(.)|\$(\d)|\\$/gs, (whole, escaped?: string, group?: string) => {
    if (group !== undefined) return `\\${group}`;
    return escaped === '\\' || escaped === undefined ? '\\\\' : escaped;
  });
  return text(converted);
}

const formatForm = /%(?:%|n|([-0+,]*)(\d+)?(?:\.(\d+))?([a-zA-Z]))/g;
const argumentTypes = {
  s: varchar,
  d: types.bigint,
  x: types.bigint,
  X: types.bigint,
  o: types.bigint,
  f: types.double,
  e: types.double,
  g: types.double,
} as const;

/** Each place of the pattern as a call of its own, so that a null among the arguments reads `null`, as in Java. */
function formatted(args: readonly TypedSql[], context: CallContext): TypedSql {
  const pattern = constantText(argument(args, 0), 'the pattern', context);
  const pieces: string[] = [];
  let next = 1;
  let end = 0;
  for (const match of pattern.matchAll(formatForm)) {
    const [whole, flags = '', , , letter] = match;
    const before = pattern.slice(end, match.index);
    if (before.includes('%')) break;
    pieces.push(text(before));
    end = match.index + whole.length;
    if (letter === undefined) {
      pieces.push(whole === '%n' ? 'chr(10)' : `'%'`);
      continue;
    }
    if (!Object.hasOwn(argumentTypes, letter) || flags.includes(','))
      throw problem(
        context,
        `'${whole}' in the pattern is not supported, expected %s, %d, %f, %e, %x, %o, %n or %%`,
      );
    const arg = args[next++];
    if (arg === undefined)
      throw problem(context, `the pattern '${pattern}' asks for more arguments than there are`);
    const value = castTo(arg, argumentTypes[letter as keyof typeof argumentTypes], context).sql;
    const width = letter === 's' ? whole : whole.replace(/[so]$/, letter);
    pieces.push(`coalesce(printf(${text(width)}, ${value}), 'null')`);
  }
  if (pattern.slice(end).includes('%'))
    throw problem(context, `the pattern '${pattern}' cannot be read, expected places such as %s, %d or %.2f`);
  pieces.push(text(pattern.slice(end)));
  return { sql: `(${pieces.join(' || ')})`, type: varchar };
}

export const patterns: readonly Entry[] = [
  scalar({ syntax: 'REGEXP_LIKE(expr, pattern)', args: [2, 2], note }, (args, context) => ({
    sql: `regexp_matches(${castTo(argument(args, 0), varchar, context).sql}, ${patternOf(argument(args, 1), context)})`,
    type: boolean,
  })),
  scalar({ syntax: 'REGEXP_EXTRACT(expr, pattern[, index])', args: [2, 3], note }, (args, context) => {
    const value = castTo(argument(args, 0), varchar, context).sql;
    const pattern = patternOf(argument(args, 1), context);
    const group = args[2] === undefined ? 0 : constantWhole(args[2], 'the index', context);
    if (group < 0 || group > 9) throw problem(context, `found the index ${group}, expected 0 to 9`);
    // DuckDB gives an empty text for no match.
    const extracted = (v: string, p: string): string =>
      `CASE WHEN regexp_matches(${v}, ${p}) THEN regexp_extract(${v}, ${p}, ${group}) END`;
    // A literal stays one, so that it is compiled once.
    const isLiteral = argument(args, 1).constant !== undefined;
    const sql = isLiteral ? once([value], (v) => extracted(v, pattern)) : once([value, pattern], extracted);
    return { sql, type: varchar };
  }),
  scalar({ syntax: 'REGEXP_REPLACE(expr, pattern, replacement)', args: [3, 3], note }, (args, context) => {
    const value = castTo(argument(args, 0), varchar, context).sql;
    const pattern = patternOf(argument(args, 1), context);
    return {
      sql: `regexp_replace(${value}, ${pattern}, ${replacementOf(argument(args, 2), context)}, 'g')`,
      type: varchar,
    };
  }),
  scalar(
    {
      syntax: 'STRING_FORMAT(pattern[, args...])',
      args: [1, many],
      note: 'The pattern is a literal of %s, %d, %f, %e, %x, %o, %n and %% with width, precision and the flags -, 0 and +.',
    },
    formatted,
  ),
];
