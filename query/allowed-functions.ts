/**
 * Every function of DuckDB that a translated statement may call; all others are refused by name before anything runs
 * (reliability.md 4.3).
 *
 * It holds what the translator, its casts and its functions write, and nothing more: no function that reads files, settings,
 * other statements' data or the process, writes, sleeps, or makes rows out of nothing. A new function of ours adds its name
 * here; a newer DuckDB opens nothing by itself.
 */
const operators = '% & * + - / // << >> | || ~ ~~ !~~';

const aggregates = `
  any_value approx_count_distinct approx_quantile arg_max_null arg_min_null array_agg avg bit_and bit_or bit_xor
  count count_star cume_dist dense_rank first_value grouping lag last_value lead list max min nth_value ntile
  percent_rank rank row_number stddev_pop stddev_samp string_agg sum var_pop var_samp`;

const numbers = `
  abs acos asin atan atan2 ceil ceiling cos cot degrees even exp floor greatest isfinite isinf isnan least ln log10
  log2 mod pi pow power radians round sign sin sqrt tan trunc xor`;

/** `error` raises one of our own messages, such as that of a division by zero. */
const strings = `
  array_to_string char_length chr concat contains decode error format from_base64 left length like_escape lower lpad
  ltrim not_like_escape octet_length position printf regexp_extract regexp_full_match regexp_matches regexp_replace
  repeat replace reverse right rpad rtrim split_part starts_with string_split string_split_regex strlen strpos
  substr substring translate trim unicode upper`;

const times = `
  date_diff date_sub date_trunc day dayofmonth dayofweek dayofyear decade century epoch epoch_ms hour isodow isoyear
  make_timestamp_ms microsecond millennium millisecond minute month quarter second strftime time_bucket timezone
  to_days to_milliseconds to_minutes to_months try_strptime week year`;

const collections = `
  array_extract array_slice flatten json json_array json_exists json_extract json_extract_string json_keys
  json_merge_patch json_object json_type json_valid json_value len list_append list_bool_and list_bool_or
  list_concat list_contains list_distinct list_filter list_has_all list_has_any list_max list_position list_prepend
  list_reduce list_resize list_sort list_transform list_value row struct_extract struct_pack to_json unnest`;

/** Ours (sketch-functions.ts). */
const sketches = `
  headgate_hll_estimate headgate_hll_of_doubles headgate_hll_of_longs headgate_hll_of_texts headgate_hll_union
  headgate_quantiles headgate_quantiles_of headgate_quantiles_union headgate_rank`;

const others = 'coalesce if nullif';

const words = (text: string): string[] => text.trim().split(/\s+/);

export const allowedFunctions: ReadonlySet<string> = new Set(
  [operators, aggregates, numbers, strings, times, collections, sketches, others].flatMap(words),
);
