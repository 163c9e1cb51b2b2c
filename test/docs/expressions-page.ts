/** Writes docs/expressions.md from the registry of functions. */
import { applyFunctions } from '../../formats/expression/apply-functions.ts';
import { functions, refusedFunctions } from '../../formats/expression/registry.ts';
import { maxSize, maxWork } from '../../formats/expression/scope.ts';

/** Chapters of Druid 33's page of native expressions, each name as it is written there, in lower case. */
export const documentedFunctions: Readonly<Record<string, readonly string[]>> = {
  General: words('cast coalesce if nvl like case_searched case_simple isnull notnull bloom_filter_test'),
  Strings: words(
    'concat format like lookup parse_long regexp_extract regexp_like regexp_replace contains_string icontains_string replace ' +
      'substring right left strlen strpos trim ltrim rtrim lower upper reverse repeat lpad rpad',
  ),
  Time: words(
    'timestamp unix_timestamp timestamp_ceil timestamp_floor timestamp_shift timestamp_extract timestamp_parse timestamp_format',
  ),
  Math: words(
    'abs acos asin atan bitwiseand bitwisecomplement bitwiseconvertdoubletolongbits bitwiseconvertlongbitstodouble bitwiseor ' +
      'bitwiseshiftleft bitwiseshiftright bitwisexor atan2 cbrt ceil copysign cos cosh cot div exp expm1 floor getexponent hypot ' +
      'log log10 log1p max min nextafter nextup pi pow remainder rint round safe_divide scalb signum sin sinh sqrt tan tanh ' +
      'todegrees toradians ulp',
  ),
  Arrays: words(
    'array array_length array_offset array_ordinal array_contains array_overlap scalar_in_array array_offset_of array_ordinal_of ' +
      'array_prepend array_append array_concat array_set_add array_set_add_all array_slice array_to_string string_to_array',
  ),
  Lambdas: words('map cartesian_map filter fold cartesian_fold any all'),
  'Nested data': words(
    'json_value json_query json_query_array json_object parse_json try_parse_json to_json_string json_keys json_paths json_merge',
  ),
  Reduction: words('greatest least'),
  'IP addresses': words('ipv4_match ipv4_parse ipv4_stringify ipv6_match'),
  Other: words(
    'human_readable_binary_byte_format human_readable_decimal_byte_format human_readable_decimal_format',
  ),
};

function words(text: string): readonly string[] {
  return text.split(' ');
}

const notes: Readonly<Record<string, string>> = {
  timestamp_ceil: 'Period, origin and zone are written out, not computed.',
  timestamp_floor: 'Period, origin and zone are written out, not computed.',
  timestamp: 'The pattern is written out, not computed.',
  unix_timestamp: 'The pattern is written out, not computed.',
  regexp_extract: 'Java patterns without look-around and back references: they run in linear time.',
  regexp_like: 'As regexp_extract.',
  regexp_replace: 'As regexp_extract; the pattern may come from a field.',
  string_to_array: 'As regexp_extract; the pattern may come from a field.',
  format: '%t, %h and %a fail.',
  parse_json: 'Text behind the value is an error.',
  cartesian_map: 'At most 1,000,000 combinations.',
  cartesian_fold: 'At most 1,000,000 combinations.',
};

export function expressionsPage(): string {
  const documented = new Set(Object.values(documentedFunctions).flat());
  const others = [...Object.keys(functions), ...refusedFunctions.keys()].filter(
    (name) => !documented.has(name),
  );
  return `# Expressions

The native expression language of Druid 33, as \`transformSpec\`, filters of type \`expression\` and metrics use it. Made from
\`formats/expression/registry.ts\` by \`npx vitest run --project unit test/docs -u\`; a test keeps the two equal, and compares them with
the functions Druid documents.

## The language

- Types are \`LONG\` (64 bits, wraps round), \`DOUBLE\`, \`STRING\`, \`ARRAY<...>\` of them, and \`COMPLEX<json>\` for objects. \`true\` in a record is 1.
- \`- !\`, \`^\` (to the right), \`* / %\`, \`+ -\`, \`< <= > >= == !=\`, \`&& ||\`, in this order. \`&&\` and \`||\` bind alike, from the left.
- Texts stand in single quotes, fields in none or in double ones. \`'\\u00e9'\`, \`'it\\'s'\`; \`[1, 2]\`, \`<STRING>[]\`, \`ARRAY<LONG>[]\`; \`(x, y) -> x + y\`.
- Null in, null out, but where a function says otherwise. Two texts are compared as texts; a text beside a number counts as the number it
  reads as. A list of one item counts as that item, a longer one as no number, and as text reads \`[1, 2]\`.
- A number above zero and the text \`true\` are true. Comparisons give 1 and 0.
- Names of functions may be written in any case.

## Where this differs from Druid

- What is broken is refused when the spec is posted, with the place. Druid finds it at the first record, and mends some of it
  silently: \`x = y\` becomes a field named \`xy\`, \`.5\` becomes 5.
- A failure at a record makes the record unparseable. In Druid most of these stop the task.
- One expression works on at most ${maxWork.toLocaleString('en-US')} characters and items for one row, and makes no value larger than
  ${maxSize.toLocaleString('en-US')}; an item counts as several characters. What goes beyond is a failure.
- At most 16,384 characters and 200 levels.
- Functions that give another value at each call are refused: replicas of a task must make the same rows.

${Object.entries(documentedFunctions).map(chapter).join('\n')}
${chapter(['Known to Druid, but not on its page', others])}`;
}

function chapter([title, names]: readonly [string, readonly string[]]): string {
  return `## ${title}

| Function | Verdict | |
| --- | --- | --- |
${names.map(row).join('\n')}
`;
}

function row(name: string): string {
  const why = refusedFunctions.get(name);
  const verdict = why === undefined ? `works | ${notes[name] ?? ''}` : `refused | ${sentence(why)}`;
  return `| \`${name}\`${argumentsOf(name)} | ${verdict} |`;
}

function argumentsOf(name: string): string {
  if (Object.hasOwn(applyFunctions, name)) return ', a lambda first';
  const definition = functions[name];
  if (definition === undefined) return '';
  const { min, max } = definition;
  if (max === null) return `, ${min} or more`;
  return min === max ? `, ${min}` : `, ${min} to ${max}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replaceAll('|', '\\|');
}
