/** Functions of texts. A text is null or whole: nothing here fails because of what is in it. */
import { castTo } from '../casts.ts';
import type { CallContext, TypedSql } from '../typed-sql.ts';
import {
  alias,
  argument,
  bigint,
  boolean,
  constantWhole,
  many,
  problem,
  scalar,
  typed,
  varchar,
} from './entries.ts';
import type { Entry } from './entries.ts';
import { once } from './fragments.ts';

const codePoints =
  'Places count code points; Druid counts UTF-16 units, which differ beyond the basic plane.';

/** In UTF-16 units: characters of four bytes count twice. */
const length = typed({ syntax: 'LENGTH(expr)', args: [1, 1] }, [varchar], bigint, (x) =>
  once(
    [x],
    (v) =>
      `CASE WHEN strlen(${v}) = length(${v}) THEN length(${v}) ELSE length(${v}) + length(regexp_replace(${v}, '[^\\x{10000}-\\x{10FFFF}]', '', 'g')) END`,
  ),
);

const substring = typed(
  { syntax: 'SUBSTRING(expr, index[, length])', args: [2, 3], note: codePoints },
  [varchar, bigint],
  varchar,
  (x, index, count) => `substring(${x}, ${index}${count === undefined ? '' : `, greatest(${count}, 0)`})`,
);

function trimmed(name: string, call: string): Entry {
  return typed(
    { syntax: `${name}(expr[, chars])`, args: [1, 2] },
    [varchar],
    varchar,
    (x, characters) => `${call}(${x}, ${characters ?? "' '"})`,
  );
}

/** Null when the length is negative; cut when it is short; nothing is added when there is nothing to add. */
function padded(name: string, call: string): Entry {
  return typed(
    { syntax: `${name}(expr, length[, chars])`, args: [2, 3] },
    [varchar, bigint, varchar],
    varchar,
    (x, count, characters = "' '") =>
      once(
        [x, count, characters],
        (v, n, c) =>
          `CASE WHEN ${n} < 0 OR ${c} IS NULL THEN NULL WHEN ${c} = '' THEN left(${v}, ${n}) ELSE ${call}(${v}, CAST(${n} AS INTEGER), CASE WHEN ${c} = '' THEN ' ' ELSE ${c} END) END`,
      ),
  );
}

/** The first digits of a text in another base, exact as far as a long goes, else null. */
function parseLong(args: readonly TypedSql[], context: CallContext): TypedSql {
  const value = castTo(argument(args, 0), varchar, context).sql;
  const radix = args[1] === undefined ? 10 : constantWhole(args[1], 'the radix', context);
  if (radix < 2 || radix > 36) throw problem(context, `found the radix ${radix}, expected 2 to 36`);
  const whole = (v: string): string =>
    `CASE WHEN regexp_full_match(${v}, '[+-]?[0-9]+') THEN TRY_CAST(${v} AS BIGINT) END`;
  if (radix === 10) return { sql: once([value], whole), type: bigint };
  const digits = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, radix);
  const digitsMax = Math.ceil(63 / Math.log2(radix)) + 1;
  const prefix = radix === 16 ? '(0x)?' : '';
  const bare = (v: string): string => `regexp_replace(lower(${v}), '^[+-]?${prefix}', '')`;
  const number = (v: string): string =>
    `list_reduce(list_transform(string_split(${bare(v)}, ''), lambda c: CAST(strpos('${digits}', c) - 1 AS HUGEINT)), lambda a, b: a * ${radix} + b)`;
  const sql = once(
    [value],
    (v) =>
      `CASE WHEN regexp_full_match(lower(${v}), '[+-]?${prefix}[${digits}]{1,${digitsMax}}') THEN TRY_CAST(CASE WHEN left(${v}, 1) = '-' THEN -1 ELSE 1 END * ${number(v)} AS BIGINT) END`,
  );
  return { sql, type: bigint };
}

export const strings: readonly Entry[] = [
  length,
  alias('CHAR_LENGTH', length),
  alias('CHARACTER_LENGTH', length),
  alias('STRLEN', length),
  typed({ syntax: 'LOWER(expr)', args: [1, 1] }, [varchar], varchar, (x) => `lower(${x})`),
  typed({ syntax: 'UPPER(expr)', args: [1, 1] }, [varchar], varchar, (x) => `upper(${x})`),
  typed(
    { syntax: 'CONCAT(expr[, expr, ...])', args: [1, many], note: 'Null when any part is null.' },
    [varchar],
    varchar,
    (...parts) => `(${parts.join(' || ')})`,
  ),
  typed({ syntax: 'TEXTCAT(expr, expr)', args: [2, 2] }, [varchar], varchar, (x, y) => `(${x} || ${y})`),
  typed(
    { syntax: 'CONTAINS_STRING(expr, str)', args: [2, 2] },
    [varchar],
    boolean,
    (x, y) => `contains(${x}, ${y})`,
  ),
  typed(
    { syntax: 'ICONTAINS_STRING(expr, str)', args: [2, 2] },
    [varchar],
    boolean,
    (x, y) => `contains(lower(${x}), lower(${y}))`,
  ),
  typed(
    {
      syntax: 'DECODE_BASE64_UTF8(expr)',
      args: [1, 1],
      note: 'A text that is not Base64 is an error of the query.',
    },
    [varchar],
    varchar,
    (x) => `decode(from_base64(${x}))`,
  ),
  typed(
    { syntax: 'LEFT(expr[, length])', args: [1, 2], note: codePoints },
    [varchar, bigint],
    varchar,
    (x, n = '1') => `left(${x}, greatest(${n}, 0))`,
  ),
  typed(
    { syntax: 'RIGHT(expr[, length])', args: [1, 2], note: codePoints },
    [varchar, bigint],
    varchar,
    (x, n = '1') => `right(${x}, greatest(${n}, 0))`,
  ),
  padded('LPAD', 'lpad'),
  padded('RPAD', 'rpad'),
  scalar({ syntax: 'PARSE_LONG(string[, radix])', args: [1, 2] }, parseLong),
  typed(
    { syntax: 'POSITION(needle IN haystack [FROM startingIndex])', args: [2, 3], note: codePoints },
    [varchar, varchar, bigint],
    bigint,
    (needle, haystack, start) => {
      if (start === undefined) return `strpos(${haystack}, ${needle})`;
      return once([needle, haystack, start], (n, h, s) => {
        const found = `strpos(substring(${h}, greatest(${s}, 1)), ${n})`;
        return `CASE WHEN ${found} = 0 THEN 0 ELSE ${found} + greatest(${s}, 1) - 1 END`;
      });
    },
  ),
  typed(
    { syntax: 'STRPOS(haystack, needle)', args: [2, 2], note: codePoints },
    [varchar],
    bigint,
    (x, y) => `strpos(${x}, ${y})`,
  ),
  typed(
    { syntax: 'REPLACE(expr, pattern, replacement)', args: [3, 3] },
    [varchar],
    varchar,
    (x, y, z) => `replace(${x}, ${y}, ${z})`,
  ),
  typed(
    { syntax: 'REPEAT(expr[, N])', args: [1, 2], note: 'Null when N is less than 1.' },
    [varchar, bigint],
    varchar,
    (x, n = '1') => `repeat(${x}, ${once([n], (count) => `CASE WHEN ${count} >= 1 THEN ${count} END`)})`,
  ),
  typed({ syntax: 'REVERSE(expr)', args: [1, 1] }, [varchar], varchar, (x) => `reverse(${x})`),
  substring,
  alias('SUBSTR', substring),
  trimmed('TRIM', 'trim'),
  trimmed('BTRIM', 'trim'),
  trimmed('LTRIM', 'ltrim'),
  trimmed('RTRIM', 'rtrim'),
];
