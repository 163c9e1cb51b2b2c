/** What Druid documents and is not here: sketches as values, lookups, Bloom filters, and functions of extensions. */
import { refused } from './entries.ts';
import type { Entry } from './entries.ts';

const sketch =
  'there are no sketch columns here; count and rank the rows themselves, for example with APPROX_COUNT_DISTINCT or APPROX_QUANTILE_DS';

const sketches: readonly string[] = [
  'DS_HLL(expr[, lgK, tgtHllType])',
  'DS_THETA(expr[, size])',
  'DS_QUANTILES_SKETCH(expr[, k])',
  'DS_TUPLE_DOUBLES(expr[, nominalEntries])',
  'DS_TUPLE_DOUBLES_INTERSECT(expr, ...[, nominalEntries])',
  'DS_TUPLE_DOUBLES_METRICS_SUM_ESTIMATE(expr)',
  'DS_TUPLE_DOUBLES_NOT(expr, ...[, nominalEntries])',
  'DS_TUPLE_DOUBLES_UNION(expr, ...[, nominalEntries])',
  'DS_CDF(expr, splitPoint0, splitPoint1, ...)',
  'DS_GET_QUANTILE(expr, fraction)',
  'DS_GET_QUANTILES(expr, fraction0, fraction1, ...)',
  'DS_HISTOGRAM(expr, splitPoint0, splitPoint1, ...)',
  'DS_QUANTILE_SUMMARY(expr)',
  'DS_RANK(expr, value)',
  'HLL_SKETCH_ESTIMATE(expr[, round])',
  'HLL_SKETCH_ESTIMATE_WITH_ERROR_BOUNDS(expr[, numStdDev])',
  'HLL_SKETCH_TO_STRING(expr)',
  'HLL_SKETCH_UNION([lgK, tgtHllType], expr0, expr1, ...)',
  'THETA_SKETCH_ESTIMATE(expr)',
  'THETA_SKETCH_ESTIMATE_WITH_ERROR_BOUNDS(expr, errorBoundsStdDev)',
  'THETA_SKETCH_INTERSECT([size], expr0, expr1, ...)',
  'THETA_SKETCH_NOT([size], expr0, expr1, ...)',
  'THETA_SKETCH_UNION([size], expr0, expr1, ...)',
  'TDIGEST_GENERATE_SKETCH(expr[, compression])',
];

export const refusals: readonly Entry[] = [
  ...sketches.map((syntax) => refused(syntax, sketch)),
  refused(
    'BLOOM_FILTER(expr, numEntries)',
    'there are no Bloom filters here; use COUNT(DISTINCT ...) or a join',
  ),
  refused(
    'BLOOM_FILTER_TEST(expr, serialized-filter)',
    'there are no Bloom filters here; use IN with a query',
  ),
  refused(
    'LOOKUP(expr, lookupName[, replaceMissingValueWith])',
    'there are no lookups here; use a join with another data source, or CASE',
  ),
  refused(
    'DECODE_BASE64_COMPLEX(dataType, expr)',
    'there are no complex types but JSON here; use PARSE_JSON',
  ),
  refused('JSON_PATHS(expr)', 'the paths of a value cannot be listed here; use JSON_KEYS at a path'),
  ...['BIG_SUM', 'BIG_MIN', 'BIG_MAX'].map((name) =>
    refused(`${name}(expr)`, 'there are no compressed decimals here; use SUM, MIN and MAX'),
  ),
  ...['SPECTATOR_COUNT(expr)', 'SPECTATOR_PERCENTILE(expr, percentile)'].map((syntax) =>
    refused(syntax, 'there are no Spectator histograms here; use COUNT and APPROX_QUANTILE_DS'),
  ),
  ...['DDSKETCH_GENERATE(expr)', 'DDSKETCH_QUANTILE(expr, fraction)'].map((syntax) =>
    refused(syntax, sketch),
  ),
];
