/**
 * Aggregates: the bare call, to which the translator adds FILTER and OVER. Nothing is approximate unless its note says so.
 */
import { castTo } from '../casts.ts';
import { arrayOf, isMulti, isWhole } from '../typed-sql.ts';
import type { CallContext, TypedSql } from '../typed-sql.ts';
import { finished } from './aggregate-tail.ts';
import {
  aggregate,
  alias,
  argument,
  bigint,
  constantText,
  constantWhole,
  double,
  many,
  problem,
  varchar,
} from './entries.ts';
import type { Entry } from './entries.ts';
import { text } from './fragments.ts';
import { number } from './numbers.ts';
import { estimatedCount, estimatedQuantile } from './sketches.ts';

/** Sums and averages are of longs or of doubles, whatever comes in. */
function widened(arg: TypedSql, context: CallContext): TypedSql {
  const value = number(arg, context);
  return castTo(value, isWhole(value.type) ? bigint : double, context);
}

function noMulti(arg: TypedSql, context: CallContext): TypedSql {
  if (isMulti(arg.type))
    throw problem(context, 'a multi-value dimension has no single value here; use UNNEST(MV_TO_ARRAY(...))');
  return arg;
}

/** Longs are summed without overflow, but shown as Druid's type. */
const sum = aggregate({ syntax: 'SUM(expr)', args: [1, 1] }, (args, context) => {
  const value = widened(argument(args, 0), context);
  return { sql: `sum(${value.sql})`, type: value.type };
});

function extreme(name: 'MIN' | 'MAX'): Entry {
  const call = name.toLowerCase();
  return aggregate({ syntax: `${name}(expr)`, args: [1, 1] }, ([arg], context) => {
    const value = noMulti(argument(arg ? [arg] : [], 0), context);
    return { sql: `${call}(${value.sql})`, type: value.type };
  });
}

function spread(name: string, call: string): Entry {
  return aggregate({ syntax: `${name}(expr)`, args: [1, 1] }, (args, context) => ({
    sql: `${call}(${castTo(argument(args, 0), double, context).sql})`,
    type: double,
  }));
}

function distinctCount(name: string, syntax: string, max: number): Entry {
  return aggregate(
    {
      syntax: `${name}(${syntax})`,
      args: [1, max],
      note: 'Exact; over a column of HLL sketches approximate. Parameters have no effect.',
    },
    (args, context) => {
      const value = argument(args, 0);
      if (value.type.name === 'SKETCH') return estimatedCount(value, context);
      return { sql: `count(DISTINCT ${value.sql})`, type: bigint };
    },
  );
}

/** A text of at most so many bytes, as Druid cuts what it keeps. */
function bounded(value: TypedSql, bytes: TypedSql | undefined, context: CallContext): string {
  if (bytes === undefined || value.type.name !== 'VARCHAR') return value.sql;
  const max = constantWhole(bytes, 'the number of bytes', context);
  if (max < 1) throw problem(context, `the number of bytes must be 1 or more, found ${max}`);
  return `left(${value.sql}, ${max})`;
}

function byTime(name: string, call: string): Entry {
  return aggregate(
    {
      syntax: `${name}(expr, timestampExpr[, maxBytesPerString])`,
      args: [2, 3],
      note: 'Texts are cut after so many characters, not bytes. Among equal times any row may be taken.',
    },
    (args, context) => {
      const value = noMulti(argument(args, 0), context);
      const time = argument(args, 1);
      return { sql: `${call}(${bounded(value, args[2], context)}, ${time.sql})`, type: value.type };
    },
  );
}

/** Without the translator's help: `__time` of the only table there is. */
function byOwnTime(name: string, call: string): Entry {
  return aggregate(
    {
      syntax: `${name}(expr[, maxBytesPerString])`,
      args: [1, 2],
      note: 'By `__time` of the table; a first or last metric by its own time. Texts are cut after so many characters, not bytes.',
    },
    (args, context) => {
      const value = noMulti(argument(args, 0), context);
      return { sql: `${call}(${bounded(value, args[1], context)}, "__time")`, type: value.type };
    },
  );
}

/** A quantile of doubles from a t-digest: small, and close to exact at both ends. */
function quantile(name: string, syntax: string, max: number): Entry {
  return aggregate(
    {
      syntax: `${name}(${syntax})`,
      args: [2, max],
      note: 'Approximate, by a t-digest; over a column of quantiles sketches by their union. Further parameters have no effect. Null, not NaN, without rows.',
    },
    (args, context) => {
      const fraction = Number(argument(args, 1).constant?.value ?? Number.NaN);
      if (!(fraction >= 0 && fraction <= 1))
        throw problem(context, 'the fraction must be a literal number from 0 to 1');
      const column = argument(args, 0);
      if (column.type.name === 'SKETCH') return estimatedQuantile(column, fraction, context);
      const value = castTo(column, double, context).sql;
      return { sql: `approx_quantile(${value}, ${fraction})`, type: double };
    },
  );
}

const sizeNote = 'A size in bytes has no effect: the memory of the query is the limit.';

function separatorOf(arg: TypedSql | undefined, context: CallContext): string {
  return text(arg === undefined ? '' : constantText(arg, 'the separator', context));
}

const stringAgg = aggregate(
  { syntax: 'STRING_AGG([DISTINCT] expr, separator[, size])', args: [1, 3], note: sizeNote },
  (args, context, call) => {
    const value = castTo(noMulti(argument(args, 0), context), varchar, context).sql;
    const separator = separatorOf(args[1], context);
    if (!call.distinct) return { sql: `string_agg(${value}, ${separator})`, type: varchar };
    return { sql: `string_agg(DISTINCT ${value}, ${separator} ORDER BY ${value})`, type: varchar };
  },
);

const arrayAggregates: readonly Entry[] = [
  stringAgg,
  alias('LISTAGG', stringAgg),
  aggregate(
    { syntax: 'ARRAY_AGG([DISTINCT] expr[, size])', args: [1, 2], note: sizeNote },
    (args, context, call) => {
      const value = noMulti(argument(args, 0), context);
      const type = arrayOf(value.type);
      if (!call.distinct) return { sql: `array_agg(${value.sql})`, type };
      return { sql: `array_agg(DISTINCT ${value.sql} ORDER BY ${value.sql})`, type };
    },
  ),
  aggregate(
    {
      syntax: 'ARRAY_CONCAT_AGG([DISTINCT] expr[, size])',
      args: [1, 2],
      note: `${sizeNote} With DISTINCT nulls are left out.`,
    },
    (args, context, call) => {
      const value = argument(args, 0);
      if (value.type.name !== 'ARRAY' && !isMulti(value.type))
        throw problem(context, 'found a single value, expected an ARRAY');
      const type = value.type.name === 'ARRAY' ? value.type : arrayOf(varchar);
      const all = (list: string): string =>
        call.distinct ? `(list_sort(list_distinct(flatten(${list}))))` : `(flatten(${list}))`;
      return finished(`list(${call.distinct ? 'DISTINCT ' : ''}${value.sql})`, all, type);
    },
  ),
];

const any = aggregate(
  {
    syntax: 'ANY_VALUE(expr[, maxBytesPerValue[, aggregateMultipleValues]])',
    args: [1, 3],
    note: 'A value that is not null, when there is one.',
  },
  (args, context) => {
    const value = argument(args, 0);
    const sql = isMulti(value.type) ? value.sql : bounded(value, args[1], context);
    return { sql: `any_value(${sql})`, type: value.type };
  },
);

function bits(name: string): Entry {
  return aggregate({ syntax: `${name}(expr)`, args: [1, 1] }, (args, context) => ({
    sql: `${name.toLowerCase()}(${castTo(argument(args, 0), bigint, context).sql})`,
    type: bigint,
  }));
}

const stddev = spread('STDDEV', 'stddev_samp');
const variance = spread('VARIANCE', 'var_samp');

export const aggregates: readonly Entry[] = [
  aggregate(
    { syntax: 'COUNT([DISTINCT] expr | *)', args: [0, 1], note: 'COUNT(DISTINCT) is exact.' },
    (args, context, call) => {
      if (call.star) return { sql: 'count(*)', type: bigint };
      if (args[0] === undefined)
        throw problem(context, 'found no argument, expected COUNT(*) or COUNT(expr)');
      return { sql: `count(${call.distinct ? 'DISTINCT ' : ''}${args[0].sql})`, type: bigint };
    },
  ),
  sum,
  extreme('MIN'),
  extreme('MAX'),
  aggregate({ syntax: 'AVG([DISTINCT] expr)', args: [1, 1] }, (args, context, call) => {
    const value = widened(argument(args, 0), context);
    const average = `avg(${call.distinct ? 'DISTINCT ' : ''}${value.sql})`;
    return { sql: average, type: double };
  }),
  spread('STDDEV_POP', 'stddev_pop'),
  spread('STDDEV_SAMP', 'stddev_samp'),
  stddev,
  spread('VAR_POP', 'var_pop'),
  spread('VAR_SAMP', 'var_samp'),
  variance,
  distinctCount('APPROX_COUNT_DISTINCT', 'expr', 1),
  distinctCount('APPROX_COUNT_DISTINCT_BUILTIN', 'expr', 1),
  distinctCount('APPROX_COUNT_DISTINCT_DS_HLL', 'expr[, lgK, tgtHllType]', 3),
  distinctCount('APPROX_COUNT_DISTINCT_DS_THETA', 'expr[, size]', 2),
  byOwnTime('EARLIEST', 'arg_min_null'),
  byOwnTime('LATEST', 'arg_max_null'),
  byTime('EARLIEST_BY', 'arg_min_null'),
  byTime('LATEST_BY', 'arg_max_null'),
  any,
  ...['BIT_AND', 'BIT_OR', 'BIT_XOR'].map(bits),
  ...arrayAggregates,
  quantile('APPROX_QUANTILE', 'expr, probability[, resolution]', 3),
  quantile('APPROX_QUANTILE_DS', 'expr, probability[, k]', 3),
  quantile(
    'APPROX_QUANTILE_FIXED_BUCKETS',
    'expr, probability, numBuckets, lowerLimit, upperLimit[, outlierHandlingMode]',
    6,
  ),
  quantile('TDIGEST_QUANTILE', 'expr, quantileFraction[, compression]', 3),
  aggregate({ syntax: 'GROUPING(expr, expr...)', args: [1, many], multi: 'each' }, (args) => ({
    sql: `grouping(${args.map((arg) => arg.sql).join(', ')})`,
    type: bigint,
  })),
];
