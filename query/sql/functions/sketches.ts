/**
 * Sketches in SQL: made by metrics (docs/aggregators.md) or by functions here. Estimates over sketch columns are approximate;
 * the same functions over plain columns count exactly where their note says so.
 */
import { castTo } from '../casts.ts';
import { arrayOf, isMulti, isNumber, isWhole, typeText, types } from '../typed-sql.ts';
import type { CallContext, SketchName, SqlType, TypedSql } from '../typed-sql.ts';
import { finished } from './aggregate-tail.ts';
import {
  aggregate,
  argument,
  bigint,
  boolean,
  constantWhole,
  double,
  many,
  problem,
  scalar,
  varchar,
} from './entries.ts';
import type { Entry } from './entries.ts';

const defaultLgK = 12;
const mostLgK = 21;
const defaultK = 128;
const mostK = 32_768;

export function isSketch(type: SqlType, sketch: SketchName): boolean {
  return type.name === 'SKETCH' && type.sketch === sketch;
}

function sketchArgument(arg: TypedSql, sketch: SketchName, context: CallContext): string {
  if (isSketch(arg.type, sketch)) return arg.sql;
  throw problem(context, `found ${typeText(arg.type)}, expected a sketch: COMPLEX<${sketch}>`);
}

/** Of a column of sketches: their union, and about how many values it has. */
export function estimatedCount(arg: TypedSql, context: CallContext): TypedSql {
  const sql = sketchArgument(arg, 'HLLSketch', context);
  return finished(
    `list(${sql})`,
    (list) =>
      `coalesce(CAST(round(headgate_hll_estimate(headgate_hll_union(${list}, ${mostLgK}))) AS BIGINT), 0)`,
    bigint,
  );
}

/** Of a column of sketches. */
export function estimatedQuantile(arg: TypedSql, fraction: number, context: CallContext): TypedSql {
  const sql = sketchArgument(arg, 'quantilesDoublesSketch', context);
  return finished(
    `list(${sql})`,
    (list) =>
      `(headgate_quantiles(headgate_quantiles_union(${list}, ${mostK}), [CAST(${fraction} AS DOUBLE)])[1])`,
    double,
  );
}

function powerOf(arg: TypedSql | undefined, context: CallContext): number {
  if (arg === undefined) return defaultLgK;
  const lgK = constantWhole(arg, 'lgK', context);
  if (lgK < 4 || lgK > mostLgK) throw problem(context, `lgK must be from 4 to ${mostLgK}, found ${lgK}`);
  return lgK;
}

function sizeOf(arg: TypedSql | undefined, context: CallContext): number {
  if (arg === undefined) return defaultK;
  const k = constantWhole(arg, 'k', context);
  if (k < 2 || k > mostK || !Number.isInteger(Math.log2(k)))
    throw problem(context, `k must be a power of two from 2 to ${mostK}, found ${k}`);
  return k;
}

/** Values are hashed as they are at ingestion: longs, doubles and texts apart from each other. */
const hllAggregate = aggregate(
  {
    syntax: 'DS_HLL(expr[, lgK, tgtHllType])',
    args: [1, 3],
    note: 'Approximate. A sketch of Headgate, which DataSketches cannot read; `tgtHllType` has no effect.',
  },
  (args, context) => {
    const value = argument(args, 0);
    const lgK = powerOf(args[1], context);
    if (isSketch(value.type, 'HLLSketch'))
      return finished(`list(${value.sql})`, (list) => `headgate_hll_union(${list}, ${lgK})`, types.hll);
    if (isMulti(value.type))
      return finished(
        `list(${value.sql})`,
        (list) => `headgate_hll_of_texts(flatten(${list}), ${lgK})`,
        types.hll,
      );
    const [name, type] = isWhole(value.type)
      ? (['headgate_hll_of_longs', bigint] as const)
      : isNumber(value.type)
        ? (['headgate_hll_of_doubles', double] as const)
        : (['headgate_hll_of_texts', varchar] as const);
    const { sql } = castTo(value, type, context);
    return finished(`list(DISTINCT ${sql})`, (list) => `${name}(${list}, ${lgK})`, types.hll);
  },
);

const hllEstimate = scalar(
  { syntax: 'HLL_SKETCH_ESTIMATE(expr[, round])', args: [1, 2], note: 'Approximate.' },
  (args, context) => {
    const estimate = `headgate_hll_estimate(${sketchArgument(argument(args, 0), 'HLLSketch', context)})`;
    const round = args[1] === undefined ? null : castTo(args[1], boolean, context).sql;
    const sql = round === null ? estimate : `CASE WHEN ${round} THEN round(${estimate}) ELSE ${estimate} END`;
    return { sql: round === null ? sql : `(${sql})`, type: double };
  },
);

const hllUnion = scalar(
  {
    syntax: 'HLL_SKETCH_UNION([lgK, tgtHllType], expr0, expr1, ...)',
    args: [1, many],
    note: 'As exact as the least exact of them.',
  },
  (args, context) => {
    const hasSize = argument(args, 0).type.name !== 'SKETCH';
    const lgK = hasSize ? powerOf(args[0], context) : mostLgK;
    const rest = args.slice(hasSize ? 1 : 0);
    // A text after lgK is the type of registers, which has no effect.
    const sketches = hasSize && rest[0]?.type.name === 'VARCHAR' ? rest.slice(1) : rest;
    if (sketches.length === 0) throw problem(context, 'found no sketch, expected one or more');
    const list = sketches.map((sketch) => sketchArgument(sketch, 'HLLSketch', context)).join(', ');
    return { sql: `headgate_hll_union([${list}], ${lgK})`, type: types.hll };
  },
);

const quantilesAggregate = aggregate(
  {
    syntax: 'DS_QUANTILES_SKETCH(expr[, k])',
    args: [1, 2],
    note: 'Approximate. A sketch of Headgate, which DataSketches cannot read.',
  },
  (args, context) => {
    const value = argument(args, 0);
    const k = sizeOf(args[1], context);
    if (isSketch(value.type, 'quantilesDoublesSketch'))
      return finished(
        `list(${value.sql})`,
        (list) => `headgate_quantiles_union(${list}, ${k})`,
        types.quantiles,
      );
    const { sql } = castTo(value, double, context);
    return finished(`list(${sql})`, (list) => `headgate_quantiles_of(${list}, ${k})`, types.quantiles);
  },
);

function quantilesArgument(args: readonly TypedSql[], context: CallContext): string {
  return sketchArgument(argument(args, 0), 'quantilesDoublesSketch', context);
}

function doublesOf(args: readonly TypedSql[], context: CallContext): string {
  return `[${args.map((arg) => castTo(arg, double, context).sql).join(', ')}]`;
}

const oneQuantile = scalar(
  {
    syntax: 'DS_GET_QUANTILE(expr, fraction)',
    args: [2, 2],
    note: 'Approximate. Null, not NaN, of nothing.',
  },
  (args, context) => ({
    sql: `headgate_quantiles(${quantilesArgument(args, context)}, ${doublesOf(args.slice(1), context)})[1]`,
    type: double,
  }),
);

const someQuantiles = scalar(
  {
    syntax: 'DS_GET_QUANTILES(expr, fraction0, fraction1, ...)',
    args: [2, many],
    note: 'Approximate. Nulls, not NaN, of nothing.',
  },
  (args, context) => ({
    sql: `headgate_quantiles(${quantilesArgument(args, context)}, ${doublesOf(args.slice(1), context)})`,
    type: arrayOf(double),
  }),
);

const rank = scalar(
  { syntax: 'DS_RANK(expr, value)', args: [2, 2], note: 'Approximate.' },
  (args, context) => ({
    sql: `headgate_rank(${quantilesArgument(args, context)}, ${castTo(argument(args, 1), double, context).sql})`,
    type: double,
  }),
);

export const sketches: readonly Entry[] = [
  hllAggregate,
  hllEstimate,
  hllUnion,
  quantilesAggregate,
  oneQuantile,
  someQuantiles,
  rank,
];
