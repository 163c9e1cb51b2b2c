/**
 * Druid's SQL functions that plain DuckDB macros can give; the full dialect is rewritten elsewhere later.
 *
 * Times are TIMESTAMP in UTC, so flooring to a day or an hour needs no zone. Weeks begin on Monday, as in Druid.
 */
const fixedPeriods: readonly (readonly [period: string, interval: string])[] = [
  ['PT1S', '1 second'],
  ['PT5S', '5 seconds'],
  ['PT10S', '10 seconds'],
  ['PT15S', '15 seconds'],
  ['PT30S', '30 seconds'],
  ['PT1M', '1 minute'],
  ['PT5M', '5 minutes'],
  ['PT10M', '10 minutes'],
  ['PT15M', '15 minutes'],
  ['PT30M', '30 minutes'],
  ['PT1H', '1 hour'],
  ['PT2H', '2 hours'],
  ['PT3H', '3 hours'],
  ['PT4H', '4 hours'],
  ['PT6H', '6 hours'],
  ['PT8H', '8 hours'],
  ['PT12H', '12 hours'],
  ['PT24H', '1 day'],
  ['P1D', '1 day'],
  ['P1W', '7 days'],
  ['P1M', '1 month'],
  ['P3M', '3 months'],
  ['P1Y', '1 year'],
];

const periodList = fixedPeriods.map(([period]) => period).join(', ');

/** `time_bucket` counts from Monday 2000-01-03 or, for months, from 2000-01-01: both fall on all boundaries above. */
const interval = `case upper(p) ${fixedPeriods.map(([period, text]) => `when '${period}' then interval '${text}'`).join(' ')}
  else error('the period ' || p || ' is not supported here; use one of ${periodList}') end`;

export const druidMacros: readonly string[] = [
  `create macro main.time_floor(t, p) as time_bucket(${interval}, cast(t as timestamp))`,
  `create macro main.time_ceil(t, p) as case when time_bucket(${interval}, cast(t as timestamp)) = cast(t as timestamp)
    then cast(t as timestamp) else time_bucket(${interval}, cast(t as timestamp)) + ${interval} end`,
  `create macro main.time_shift(t, p, n) as cast(t as timestamp) + ${interval} * n`,
  `create macro main.millis_to_timestamp(ms) as make_timestamp(cast(ms as bigint) * 1000)`,
  `create macro main.timestamp_to_millis(t) as epoch_ms(cast(t as timestamp))`,
  `create macro main.safe_divide(a, b) as case when b = 0 then null else a / b end`,
  `create macro main.approx_count_distinct_ds_hll(x) as approx_count_distinct(x)`,
];
