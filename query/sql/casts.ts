/**
 * From one type of Druid to another, as CAST does and as comparison and CASE do unasked: what does not parse is null, as
 * in Druid, and never an error of the running query. Only a literal that cannot be a time is refused at once.
 */
import type { Span } from './ast.ts';
import { doubleText } from './double-text.ts';
import { SqlProblem } from './errors.ts';
import { duckdbType, each, nullOf, once, text, timestamp } from './functions/fragments.ts';
import { knownZone, parseTime, timeFormSql, toLocal, toUtc } from './functions/time-zones.ts';
import { arrayOf, isMulti, isNumber, isWhole, types, typeText } from './typed-sql.ts';
import type { SqlType, TypedSql } from './typed-sql.ts';

/** What a CallContext has, and all a cast needs. */
export type CastContext = { readonly span: Span | null; readonly timeZone: string };

const noContext: CastContext = { span: null, timeZone: 'UTC' };

export function castTo(value: TypedSql, type: SqlType, context: CastContext = noContext): TypedSql {
  const from = value.type;
  if (sameType(from, type)) return value;
  if (value.constant?.value === null || from.name === 'NULL') return nullOf(type);
  switch (type.name) {
    case 'NULL':
      return value;
    case 'VARCHAR':
      return type.multi ? toMulti(value, context) : toText(value, context);
    case 'INTEGER':
    case 'BIGINT':
      return toWhole(value, type, context);
    case 'FLOAT':
    case 'DOUBLE':
    case 'DECIMAL':
      return toFraction(value, type, context);
    case 'BOOLEAN':
      return toBoolean(value, context);
    case 'TIMESTAMP':
      return toTimestamp(value, context);
    case 'DATE':
      return toDate(value, context);
    case 'ARRAY':
      return toArray(value, type.element, context);
    case 'INTERVAL':
    case 'SKETCH':
      throw impossible(from, type, context);
    case 'COMPLEX':
      if (from.name === 'VARCHAR' && !from.multi)
        throw impossible(from, type, context, 'use PARSE_JSON or TRY_PARSE_JSON');
      throw impossible(from, type, context, 'use TO_JSON_STRING and PARSE_JSON');
  }
}

/** Both sides of a comparison in one type. A multi-value side stays as it is and the other becomes a text. */
export function coerceBoth(a: TypedSql, b: TypedSql, context: CastContext = noContext): [TypedSql, TypedSql] {
  if (sameType(a.type, b.type)) return [a, b];
  if (isMulti(a.type) && b.type.name !== 'ARRAY')
    return [a, isMulti(b.type) ? b : castTo(b, types.varchar, context)];
  if (isMulti(b.type) && a.type.name !== 'ARRAY') return [castTo(a, types.varchar, context), b];
  const type = comparisonType(a.type, b.type);
  if (type === null)
    throw new SqlProblem(
      `Cannot compare ${typeText(a.type)} with ${typeText(b.type)}, expected values of one kind; CAST one of them`,
      context.span,
    );
  return [castTo(a, type, context), castTo(b, type, context)];
}

/** The least type that all have: of CASE branches, COALESCE, IN lists and UNION columns. Text when nothing else fits. */
export function commonType(all: readonly SqlType[]): SqlType {
  let common: SqlType = types.null;
  for (const type of all) common = commonOfTwo(common, type);
  return common;
}

export function sameType(a: SqlType, b: SqlType): boolean {
  if (a.name === 'ARRAY') return b.name === 'ARRAY' && sameType(a.element, b.element);
  if (a.name === 'SKETCH') return b.name === 'SKETCH' && a.sketch === b.sketch;
  return a.name === b.name && isMulti(a) === isMulti(b);
}

const fractions: readonly SqlType['name'][] = ['DECIMAL', 'FLOAT', 'DOUBLE'];

function commonOfTwo(a: SqlType, b: SqlType): SqlType {
  if (a.name === 'NULL') return b;
  if (b.name === 'NULL' || sameType(a, b)) return a;
  if (a.name === 'ARRAY' || b.name === 'ARRAY') {
    const element = (type: SqlType): SqlType =>
      type.name === 'ARRAY' ? type.element : isMulti(type) ? types.varchar : type;
    return arrayOf(commonOfTwo(element(a), element(b)));
  }
  if (isMulti(a) || isMulti(b)) return types.multi;
  if (isWhole(a) && isWhole(b)) return types.bigint;
  if (isNumber(a) && isNumber(b)) {
    const most = fractions[Math.max(fractions.indexOf(a.name), fractions.indexOf(b.name))];
    // A float cannot hold a long: both become doubles.
    return most === a.name && !isWhole(b) ? a : most === b.name && !isWhole(a) ? b : types.double;
  }
  if (isTime(a) && isTime(b)) return types.timestamp;
  if (a.name === 'COMPLEX' || b.name === 'COMPLEX') return types.complex;
  return types.varchar;
}

function comparisonType(a: SqlType, b: SqlType): SqlType | null {
  if (a.name === 'NULL') return b;
  if (b.name === 'NULL') return a;
  if (a.name === 'ARRAY' || b.name === 'ARRAY') {
    const isList = (type: SqlType): boolean => type.name === 'ARRAY' || isMulti(type);
    return isList(a) && isList(b) ? commonOfTwo(a, b) : null;
  }
  if (isNumber(a) && isNumber(b)) return isWhole(a) && isWhole(b) ? types.bigint : types.double;
  if (isTime(a) && isTime(b)) return types.timestamp;
  if (a.name === 'VARCHAR') return textAgainst(b);
  if (b.name === 'VARCHAR') return textAgainst(a);
  if (a.name === 'BOOLEAN' && isNumber(b)) return b;
  if (b.name === 'BOOLEAN' && isNumber(a)) return a;
  return null;
}

/** A text is compared as whatever stands against it; texts with whole numbers as doubles: `'1.5' > 1` holds. */
function textAgainst(type: SqlType): SqlType | null {
  if (isWhole(type)) return types.double;
  if (isNumber(type)) return types.double;
  if (isTime(type) || type.name === 'BOOLEAN' || type.name === 'VARCHAR') return type;
  return type.name === 'COMPLEX' ? types.varchar : null;
}

function isTime(type: SqlType): boolean {
  return type.name === 'TIMESTAMP' || type.name === 'DATE';
}

function toText(value: TypedSql, context: CastContext): TypedSql {
  const { type, sql, constant } = value;
  const zone = knownZone(context.timeZone, context.span);
  switch (type.name) {
    case 'VARCHAR':
      throw impossible(type, types.varchar, context, 'use MV_TO_STRING, or UNNEST(MV_TO_ARRAY(...))');
    case 'FLOAT':
    case 'DOUBLE':
    case 'DECIMAL':
      return { sql: doubleText(sql), type: types.varchar };
    case 'TIMESTAMP':
      return { sql: `strftime(${toLocal(sql, zone)}, '%Y-%m-%d %H:%M:%S')`, type: types.varchar };
    case 'DATE':
      return { sql: `strftime(${sql}, '%Y-%m-%d')`, type: types.varchar };
    case 'ARRAY':
      throw impossible(type, types.varchar, context, 'use ARRAY_TO_STRING or ARRAY_TO_MV');
    case 'SKETCH':
      throw impossible(type, types.varchar, context, 'use HLL_SKETCH_ESTIMATE or DS_GET_QUANTILE');
    case 'INTEGER':
    case 'BIGINT':
      if (constant !== undefined) return textConstant(String(constant.value));
      break;
    default:
      break;
  }
  return { sql: `CAST(${sql} AS VARCHAR)`, type: types.varchar };
}

function textConstant(value: string): TypedSql {
  return { sql: text(value), type: types.varchar, constant: { value } };
}

function toMulti(value: TypedSql, context: CastContext): TypedSql {
  if (value.type.name === 'ARRAY') {
    const { element } = value.type;
    const inner = each(value.sql, (item) => castTo({ sql: item, type: element }, types.varchar, context).sql);
    return { sql: element.name === 'VARCHAR' ? value.sql : inner, type: types.multi };
  }
  const single = castTo(value, types.varchar, context);
  return { sql: listOfOne(single.sql), type: types.multi };
}

/** A missing value is a missing list. */
function listOfOne(sql: string): string {
  return once([sql], (x) => `CASE WHEN ${x} IS NULL THEN NULL ELSE [${x}] END`);
}

const wholeForm = '[+-]?[0-9]+';
const numberForm = String.raw`[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`;
const javascriptNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

function toWhole(value: TypedSql, type: SqlType, context: CastContext): TypedSql {
  const { sql, constant } = value;
  const from = value.type;
  if (isWhole(from)) return { sql, type, constant };
  switch (from.name) {
    case 'FLOAT':
    case 'DOUBLE':
    case 'DECIMAL':
      // Cut off as Java does; DuckDB would round.
      return { sql: `TRY_CAST(trunc(${sql}) AS BIGINT)`, type };
    case 'BOOLEAN':
      return { sql: `CAST(${sql} AS BIGINT)`, type };
    case 'TIMESTAMP':
      return { sql: `epoch_ms(${sql})`, type };
    case 'DATE':
      return { sql: `epoch_ms(${castTo(value, types.timestamp, context).sql})`, type };
    case 'VARCHAR':
    case 'COMPLEX':
      if (isMulti(from)) throw impossible(from, type, context, 'use UNNEST(MV_TO_ARRAY(...))');
      return {
        sql: once(
          [sql],
          (x) =>
            `CASE WHEN regexp_full_match(${x}, '${wholeForm}') THEN TRY_CAST(${x} AS BIGINT) WHEN regexp_full_match(${x}, '${numberForm}') THEN TRY_CAST(trunc(TRY_CAST(${x} AS DOUBLE)) AS BIGINT) END`,
        ),
        type,
      };
    default:
      throw impossible(from, type, context);
  }
}

function toFraction(value: TypedSql, type: SqlType, context: CastContext): TypedSql {
  const { sql, constant } = value;
  const from = value.type;
  const target = duckdbType(type);
  if (isNumber(from)) return { sql: `CAST(${sql} AS ${target})`, type, constant };
  switch (from.name) {
    case 'BOOLEAN':
      return { sql: `CAST(${sql} AS ${target})`, type };
    case 'TIMESTAMP':
    case 'DATE':
      return { sql: `CAST(${castTo(value, types.bigint, context).sql} AS ${target})`, type };
    case 'VARCHAR':
    case 'COMPLEX':
      if (isMulti(from)) throw impossible(from, type, context, 'use UNNEST(MV_TO_ARRAY(...))');
      if (typeof constant?.value === 'string' && javascriptNumber.test(constant.value))
        return { sql: `CAST(${text(constant.value)} AS ${target})`, type };
      return {
        sql: once(
          [sql],
          (x) => `CASE WHEN regexp_full_match(${x}, '${numberForm}') THEN TRY_CAST(${x} AS ${target}) END`,
        ),
        type,
      };
    default:
      throw impossible(from, type, context);
  }
}

function toBoolean(value: TypedSql, context: CastContext): TypedSql {
  const { sql, type } = value;
  if (isNumber(type)) return { sql: `(${sql} <> 0)`, type: types.boolean };
  if (type.name === 'VARCHAR' && !type.multi) return { sql: `(lower(${sql}) = 'true')`, type: types.boolean };
  throw impossible(type, types.boolean, context);
}

function toTimestamp(value: TypedSql, context: CastContext): TypedSql {
  const { sql, type, constant } = value;
  const zone = knownZone(context.timeZone, context.span);
  if (type.name === 'DATE') return { sql: toUtc(`CAST(${sql} AS TIMESTAMP)`, zone), type: types.timestamp };
  if (isWhole(type)) return { sql: `make_timestamp_ms(${sql})`, type: types.timestamp };
  if (isNumber(type))
    return { sql: `make_timestamp_ms(TRY_CAST(trunc(${sql}) AS BIGINT))`, type: types.timestamp };
  if (type.name !== 'VARCHAR' || type.multi) throw impossible(type, types.timestamp, context);
  if (typeof constant?.value === 'string') {
    const ms = parseTime(constant.value, zone);
    if (ms === null) throw new SqlProblem(`Illegal TIMESTAMP constant [${constant.value}]`, context.span);
    return { sql: timestamp(ms), type: types.timestamp, constant: { value: ms } };
  }
  return { sql: parsedTime(sql, zone), type: types.timestamp };
}

/** A text in one of the forms of `parseTime`, null when it is in none. */
export function parsedTime(sql: string, zone: string): string {
  return once([`trim(${sql})`], (x) => {
    const dated = `CASE WHEN strlen(${x}) = 4 THEN ${x} || '-01-01' WHEN regexp_full_match(${x}, '\\d{4}-\\d{1,2}') THEN ${x} || '-01' ELSE replace(${x}, ',', '.') END`;
    const minutes = `regexp_replace(${dated}, '([T ]\\d{1,2})(Z|[+-].*)?$', '\\1:00\\2')`;
    const whole = `CASE WHEN regexp_full_match(${x}, '${timeFormSql}') THEN regexp_replace(${minutes}, '([T ]\\d{1,2}:\\d{2})(Z|[+-].*)?$', '\\1:00\\2') END`;
    const utc = `CAST(TRY_CAST(${whole} AS TIMESTAMPTZ) AS TIMESTAMP)`;
    if (zone === 'UTC') return utc;
    const local = toUtc(`TRY_CAST(${whole} AS TIMESTAMP)`, zone);
    return `CASE WHEN regexp_matches(${x}, '[T ].*[Z+-]') THEN ${utc} ELSE ${local} END`;
  });
}

function toDate(value: TypedSql, context: CastContext): TypedSql {
  const { type, constant } = value;
  const zone = knownZone(context.timeZone, context.span);
  if (type.name === 'VARCHAR' && typeof constant?.value === 'string') {
    const ms = parseTime(constant.value, 'UTC');
    if (ms === null) throw new SqlProblem(`Illegal DATE constant [${constant.value}]`, context.span);
    return { sql: `CAST(${timestamp(ms)} AS DATE)`, type: types.date };
  }
  if (type.name === 'TIMESTAMP')
    return { sql: `CAST(${toLocal(value.sql, zone)} AS DATE)`, type: types.date };
  if (type.name !== 'VARCHAR' && !isNumber(type)) throw impossible(type, types.date, context);
  return toDate(castTo(value, types.timestamp, context), context);
}

function toArray(value: TypedSql, element: SqlType, context: CastContext): TypedSql {
  const { type, sql } = value;
  const wanted = arrayOf(element);
  const own = type.name === 'ARRAY' ? type.element : isMulti(type) ? types.varchar : null;
  if (own === null) return { sql: listOfOne(castTo(value, element, context).sql), type: wanted };
  if (sameType(own, element)) return { sql, type: wanted };
  if (own.name === 'NULL') return { sql: `CAST(${sql} AS ${duckdbType(wanted)})`, type: wanted };
  return {
    sql: each(sql, (item) => castTo({ sql: item, type: own }, element, context).sql),
    type: wanted,
  };
}

function impossible(from: SqlType, to: SqlType, context: CastContext, instead?: string): SqlProblem {
  const words = isMulti(from) ? 'a multi-value VARCHAR' : typeText(from);
  return new SqlProblem(
    `Cast from ${words} to ${typeText(to)} is not possible${instead === undefined ? '' : `; ${instead}`}`,
    context.span,
  );
}
