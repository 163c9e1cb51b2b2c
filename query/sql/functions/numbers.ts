/** Numeric functions. Whole numbers stay whole; everything else is a double, as in Druid. */
import { castTo } from '../casts.ts';
import { isNumber, isWhole } from '../typed-sql.ts';
import type { CallContext, TypedSql } from '../typed-sql.ts';
import { alias, argument, bigint, double, scalar, typed } from './entries.ts';
import type { Entry, Shape } from './entries.ts';
import { once } from './fragments.ts';

const notANumber = `CAST('NaN' AS DOUBLE)`;
const aboveAll = `CAST('Infinity' AS DOUBLE)`;
const belowAll = `CAST('-Infinity' AS DOUBLE)`;

/** A number as it is; a text as a double, as Druid reads it. */
export function number(arg: TypedSql, context: CallContext): TypedSql {
  if (isNumber(arg.type)) return arg;
  return castTo(arg, arg.type.name === 'VARCHAR' ? double : bigint, context);
}

/** Both as longs when both are, else both as doubles. */
function pair(args: readonly TypedSql[], context: CallContext): { x: string; y: string; whole: boolean } {
  const [x, y] = [number(argument(args, 0), context), number(argument(args, 1), context)];
  const whole = isWhole(x.type) && isWhole(y.type);
  const type = whole ? bigint : double;
  return { x: castTo(x, type, context).sql, y: castTo(y, type, context).sql, whole };
}

function ofDouble(name: string, body: (x: string) => string): Entry {
  return typed({ syntax: `${name}(expr)`, args: [1, 1] }, [double], double, (x) => body(x ?? ''));
}

/** Where Java answers NaN or an infinity, DuckDB raises an error. */
function guarded(name: string, cases: (x: string) => string): Entry {
  return ofDouble(name, (x) => once([x], (v) => `CASE ${cases(v)} END`));
}

/** Whole numbers are their own result. */
function unlessWhole(shape: Shape, body: (x: string) => string): Entry {
  return scalar(shape, (args, context) => {
    const value = number(argument(args, 0), context);
    if (isWhole(value.type)) return value;
    return { sql: body(castTo(value, double, context).sql), type: double };
  });
}

/** ROUND and TRUNCATE: to so many digits, to the left of the point when negative. */
function toDigits(shape: Shape, call: string): Entry {
  return scalar(shape, (args, context) => {
    const value = number(argument(args, 0), context);
    const digits = args[1] === undefined ? null : castTo(args[1], bigint, context).sql;
    const x = castTo(value, double, context).sql;
    if (!isWhole(value.type))
      return {
        sql: digits === null ? `${call}(${x})` : `${call}(${x}, CAST(${digits} AS INTEGER))`,
        type: double,
      };
    if (digits === null) return value;
    // Wide, because half a step on top of the largest long is no long.
    const step = 'CAST(pow(10, least(greatest(-v.f1, 0), 18)) AS HUGEINT)';
    const half = call === 'round' ? ` + sign(v.f0) * ${step} // 2` : '';
    const rounded = `CASE WHEN v.f1 >= 0 THEN v.f0 WHEN v.f1 < -18 THEN 0 ELSE (v.f0${half}) // ${step} * ${step} END`;
    return {
      sql: `TRY_CAST(list_transform([struct_pack(f0 := CAST(${value.sql} AS HUGEINT), f1 := ${digits})], lambda v: ${rounded})[1] AS BIGINT)`,
      type: bigint,
    };
  });
}

function bitwise(name: string, body: (x: string, y: string) => string): Entry {
  return typed({ syntax: `${name}(expr1, expr2)`, args: [2, 2] }, [bigint], bigint, (x, y) =>
    body(x ?? '', y ?? ''),
  );
}

/** The low 64 bits of a HUGEINT, as a signed long: shifting never fails in Java. */
function lowBits(huge: string): string {
  return once([huge], (h) => {
    const wide = '18446744073709551616::HUGEINT';
    const low = `((${h} % ${wide}) + ${wide}) % ${wide}`;
    return `CAST(CASE WHEN ${low} >= 9223372036854775808::HUGEINT THEN ${low} - ${wide} ELSE ${low} END AS BIGINT)`;
  });
}

const truncate = toDigits({ syntax: 'TRUNCATE(expr[, digits])', args: [1, 2] }, 'trunc');

const ceil = unlessWhole({ syntax: 'CEIL(expr)', args: [1, 1] }, (x) => `ceil(${x})`);

export const numbers: readonly Entry[] = [
  scalar({ syntax: 'PI', args: [0, 0] }, () => ({ sql: 'pi()', type: double })),
  scalar({ syntax: 'ABS(expr)', args: [1, 1] }, (args, context) => {
    const value = number(argument(args, 0), context);
    return { sql: `abs(${value.sql})`, type: value.type };
  }),
  scalar({ syntax: 'SIGN(expr)', args: [1, 1] }, (args, context) => {
    const value = number(argument(args, 0), context);
    const type = isWhole(value.type) ? bigint : double;
    return { sql: `CAST(sign(${value.sql}) AS ${type.name})`, type };
  }),
  ceil,
  alias('CEILING', ceil),
  unlessWhole({ syntax: 'FLOOR(expr)', args: [1, 1] }, (x) => `floor(${x})`),
  toDigits({ syntax: 'ROUND(expr[, digits])', args: [1, 2] }, 'round'),
  truncate,
  alias('TRUNC', truncate),
  ofDouble('EXP', (x) => `exp(${x})`),
  guarded(
    'LN',
    (v) => `WHEN ${v} > 0 THEN ln(${v}) WHEN ${v} = 0 THEN ${belowAll} WHEN ${v} < 0 THEN ${notANumber}`,
  ),
  guarded(
    'LOG10',
    (v) => `WHEN ${v} > 0 THEN log10(${v}) WHEN ${v} = 0 THEN ${belowAll} WHEN ${v} < 0 THEN ${notANumber}`,
  ),
  guarded('SQRT', (v) => `WHEN ${v} >= 0 THEN sqrt(${v}) WHEN ${v} < 0 THEN ${notANumber}`),
  guarded(
    'ASIN',
    (v) => `WHEN ${v} BETWEEN -1 AND 1 THEN asin(${v}) WHEN ${v} IS NOT NULL THEN ${notANumber}`,
  ),
  guarded(
    'ACOS',
    (v) => `WHEN ${v} BETWEEN -1 AND 1 THEN acos(${v}) WHEN ${v} IS NOT NULL THEN ${notANumber}`,
  ),
  ...['SIN', 'COS', 'TAN', 'COT'].map((name) =>
    guarded(
      name,
      (v) =>
        `WHEN isfinite(${v}) THEN ${name === 'COT' ? `coalesce(1 / tan(${v}), ${aboveAll})` : `${name.toLowerCase()}(${v})`} WHEN ${v} IS NOT NULL THEN ${notANumber}`,
    ),
  ),
  ...['ATAN', 'DEGREES', 'RADIANS'].map((name) => ofDouble(name, (x) => `${name.toLowerCase()}(${x})`)),
  typed({ syntax: 'ATAN2(y, x)', args: [2, 2] }, [double], double, (y, x) => `atan2(${y}, ${x})`),
  typed({ syntax: 'POWER(expr, power)', args: [2, 2] }, [double], double, (x, y) => `pow(${x}, ${y})`),
  scalar({ syntax: 'MOD(x, y)', args: [2, 2], note: 'Modulo by zero is null.' }, (args, context) => {
    const { x, y, whole } = pair(args, context);
    return { sql: `(${x} % ${y})`, type: whole ? bigint : double };
  }),
  scalar({ syntax: 'DIV(x, y)', args: [2, 2], note: 'Division by zero is null.' }, (args, context) => {
    const { x, y, whole } = pair(args, context);
    if (whole) return { sql: `(${x} // ${y})`, type: bigint };
    return {
      sql: once([x, y], (a, b) => `CASE WHEN ${b} <> 0 THEN TRY_CAST(trunc(${a} / ${b}) AS BIGINT) END`),
      type: bigint,
    };
  }),
  scalar({ syntax: 'SAFE_DIVIDE(x, y)', args: [2, 2] }, (args, context) => {
    const { x, y, whole } = pair(args, context);
    const type = whole ? bigint : double;
    return { sql: `(${x} ${whole ? '//' : '/'} nullif(${y}, 0))`, type };
  }),
  bitwise('BITWISE_AND', (x, y) => `(${x} & ${y})`),
  bitwise('BITWISE_OR', (x, y) => `(${x} | ${y})`),
  bitwise('BITWISE_XOR', (x, y) => `xor(${x}, ${y})`),
  bitwise('BITWISE_SHIFT_LEFT', (x, y) =>
    lowBits(`CAST(${x} AS HUGEINT) * (1::HUGEINT << CAST(${y} & 63 AS HUGEINT))`),
  ),
  bitwise('BITWISE_SHIFT_RIGHT', (x, y) => `(${x} >> (${y} & 63))`),
  typed({ syntax: 'BITWISE_COMPLEMENT(expr)', args: [1, 1] }, [bigint], bigint, (x) => `(~(${x}))`),
  typed(
    { syntax: 'BITWISE_CONVERT_DOUBLE_TO_LONG_BITS(expr)', args: [1, 1] },
    [double],
    bigint,
    (x) => `CAST(CAST(${x} AS BIT) AS BIGINT)`,
  ),
  typed(
    { syntax: 'BITWISE_CONVERT_LONG_BITS_TO_DOUBLE(expr)', args: [1, 1] },
    [bigint],
    double,
    (x) => `CAST(CAST(${x} AS BIT) AS DOUBLE)`,
  ),
];
