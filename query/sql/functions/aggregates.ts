/**
 * Aggregates: the bare call, to which the translator adds FILTER and OVER. Nothing is approximate unless its note says so.
 */
import { castTo } from '../casts.ts';
import { isMulti, isWhole } from '../typed-sql.ts';
import type { CallContext, TypedSql } from '../typed-sql.ts';
import { finished } from './aggregate-tail.ts';
import { aggregate, argument, bigint, constantWhole, double, problem } from './entries.ts';
import type { Entry } from './entries.ts';
import { number } from './numbers.ts';

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
      note: 'Exact here; sketch columns and their parameters have no effect.',
    },
    (args) => ({ sql: `count(DISTINCT ${argument(args, 0).sql})`, type: bigint }),
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
      note: 'By `__time` of the table. Texts are cut after so many characters, not bytes.',
    },
    (args, context) => {
      const value = noMulti(argument(args, 0), context);
      return { sql: `${call}(${bounded(value, args[1], context)}, "__time")`, type: value.type };
    },
  );
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
  aggregate({ syntax: 'AVG(expr)', args: [1, 1] }, (args, context) => {
    const value = widened(argument(args, 0), context);
    // The average of longs is a long in Druid, cut off.
    if (isWhole(value.type))
      return finished(`avg(${value.sql})`, (call) => `CAST(trunc(${call}) AS BIGINT)`, bigint);
    return { sql: `avg(${value.sql})`, type: double };
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
];
