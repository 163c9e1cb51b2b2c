/** What Druid documents and is not here: other sketches and their details, lookups, Bloom filters, and functions of extensions. */
import { refused } from './entries.ts';
import type { Entry } from './entries.ts';

const sketch =
  'sketches here are of two kinds, HLL and quantiles: use DS_HLL and HLL_SKETCH_ESTIMATE, or DS_QUANTILES_SKETCH, DS_GET_QUANTILES and DS_RANK';

const sketches: readonly string[] = [
  'DS_THETA(expr[, size])',
  'DS_TUPLE_DOUBLES(expr[, nominalEntries])',
  'DS_TUPLE_DOUBLES_INTERSECT(expr, ...[, nominalEntries])',
  'DS_TUPLE_DOUBLES_METRICS_SUM_ESTIMATE(expr)',
  'DS_TUPLE_DOUBLES_NOT(expr, ...[, nominalEntries])',
  'DS_TUPLE_DOUBLES_UNION(expr, ...[, nominalEntries])',
  'DS_CDF(expr, splitPoint0, splitPoint1, ...)',
  'DS_HISTOGRAM(expr, splitPoint0, splitPoint1, ...)',
  'DS_QUANTILE_SUMMARY(expr)',
  'HLL_SKETCH_ESTIMATE_WITH_ERROR_BOUNDS(expr[, numStdDev])',
  'HLL_SKETCH_TO_STRING(expr)',
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
