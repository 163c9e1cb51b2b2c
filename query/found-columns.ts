/**
 * The SQL that brings a column whose type was found from its values to the type it has over all files, and the raw columns of
 * live pieces (segments/variant-columns.ts) to the type they have over the rows of a sequence.
 *
 * The twin of segments/found-values.ts: what is live reads as it will when published.
 */
import { doubleText } from './sql/double-text.ts';

export type Reading = {
  /** With rollup a whole double is one group with the long, so it reads like it (segments/found-values.ts). */
  readonly rollup: boolean;
};

const asRead: Reading = { rollup: false };

const arrays: ReadonlySet<string> = new Set(['BIGINT[]', 'DOUBLE[]', 'ARRAY<VARCHAR>']);
const elements: Readonly<Record<string, string>> = {
  'BIGINT[]': 'BIGINT',
  'DOUBLE[]': 'DOUBLE',
  'ARRAY<VARCHAR>': 'VARCHAR',
  'VARCHAR[]': 'VARCHAR',
};

export function isArray(type: string): boolean {
  return arrays.has(type);
}

/** The plain type in it: `VARCHAR` of `ARRAY<VARCHAR>`, itself when it is no list. */
export function elementType(type: string): string {
  return elements[type] ?? type;
}

/** `to`: one that columns with found types can have, and that `from` can become. */
export function readFound(
  value: string,
  from: string,
  { to, reading }: { readonly to: string; readonly reading: Reading },
): string {
  if (to === 'JSON') return toJson(value, from, reading);
  if (!isArray(to)) return toPlain(value, from, { to, reading });
  const element = elementType(to);
  if (elements[from] === element) return value;
  if (elements[from] === undefined)
    return `case when ${value} is not null then [${toPlain(value, from, { to: element, reading })}] end`;
  return eachItem(value, (item) => toPlain(item, elementType(from), { to: element, reading: asRead }));
}

type Wanted = { readonly to: string; readonly reading: Reading };

function toPlain(value: string, from: string, { to, reading }: Wanted): string {
  if (from === to) return value;
  if (to === 'VARCHAR' && from === 'DOUBLE') return numberText(value, reading);
  return `cast(${value} as ${to})`;
}

function numberText(double: string, { rollup }: Reading): string {
  const text = doubleText(double);
  if (!rollup) return text;
  const isWhole = `${double} = trunc(${double}) and abs(${double}) < 9223372036854775808 and not (${double} = 0 and signbit(${double}))`;
  return `case when ${isWhole} then cast(cast(${double} as bigint) as varchar) else ${text} end`;
}

function toJson(value: string, from: string, reading: Reading): string {
  switch (from) {
    case 'JSON':
    case 'BIGINT':
      return `cast(${value} as varchar)`;
    case 'DOUBLE':
      return jsonDouble(value, reading);
    case 'DOUBLE[]':
      return joined(value, (item) => jsonDouble(item, asRead));
    default:
      return `cast(to_json(${value}) as varchar)`;
  }
}

function jsonDouble(double: string, reading: Reading): string {
  return `case when isfinite(${double}) then ${numberText(double, reading)} when ${double} is not null then '"' || ${doubleText(double)} || '"' end`;
}

function joined(list: string, item: (value: string) => string): string {
  const items = eachItem(list, (value) => `coalesce(${item(value)}, 'null')`);
  return `case when ${list} is not null then '[' || array_to_string(${items}, ',') || ']' end`;
}

function eachItem(list: string, body: (item: string) => string): string {
  return `list_transform(${list}, lambda e: ${body('e')})`;
}

/** A value of a `VARIANT` column, which is `value`, as the type all its rows have. */
export function readVariant(value: string, { to, reading }: Wanted): string {
  const isList = `starts_with(${value}, '[')`;
  if (to === 'JSON') {
    const plain = variantJson(value, reading);
    return `case when starts_with(${value}, '{') then ${value} when ${isList} then ${listJson(value)} else ${plain} end`;
  }
  if (!isArray(to)) return variantPlain(value, { to, reading });
  const element = elementType(to);
  const items = eachItem(itemsOf(value), (item) => variantPlain(item, { to: element, reading: asRead }));
  const texts = eachItem(itemsOf(value), (item) => variantItemText(item));
  const list = element === 'VARCHAR' ? `case when ${hasText(value)} then ${texts} else ${items} end` : items;
  return `case when ${isList} then ${list} when ${value} is not null then [${variantPlain(value, { to: element, reading })}] end`;
}

/** Items as variants; null where the list has null. */
function itemsOf(list: string): string {
  return eachItem(`json_extract(${list}, '$[*]')`, (item) => `nullif(cast(${item} as varchar), 'null')`);
}

function hasText(list: string): string {
  return `list_bool_or(${eachItem(itemsOf(list), (item) => `coalesce(starts_with(${item}, '"'), false)`)})`;
}

function variantPlain(value: string, { to, reading }: Wanted): string {
  if (to === 'VARCHAR')
    return (
      `case when starts_with(${value}, '"') then json_extract_string(${value}, '$') when ${value} = 'true' then '1' ` +
      `when ${value} = 'false' then '0' when ${isDouble(value)} then ${numberText(`cast(${value} as double)`, reading)} else ${value} end`
    );
  return `case ${value} when 'true' then 1 when 'false' then 0 else cast(${value} as ${to}) end`;
}

/** In a list with texts. */
function variantItemText(item: string): string {
  const text = variantPlain(item, { to: 'VARCHAR', reading: asRead });
  return `case when ${item} in ('true', 'false') then ${item} else ${text} end`;
}

function variantJson(value: string, reading: Reading): string {
  const isOther = `starts_with(${value}, '"') or ${value} in ('true', 'false')`;
  return `case when ${isOther} or not ${isDouble(value)} then ${value} else ${jsonDouble(`cast(${value} as double)`, reading)} end`;
}

/** A list that has lists or objects in it is canonical already. */
function listJson(list: string): string {
  const isNested = `list_bool_or(${eachItem(itemsOf(list), (item) => `coalesce(left(${item}, 1) in ('[', '{'), false)`)})`;
  const plain = joined(itemsOf(list), (item) => variantJson(item, asRead));
  return `case when ${isNested} then ${list} else ${plain} end`;
}

function isDouble(number: string): boolean | string {
  return `regexp_matches(${number}, '[.eEinN]')`;
}
