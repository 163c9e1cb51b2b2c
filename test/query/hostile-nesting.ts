/**
 * Statements that are hostile by their depth: every construct 190 and 100,000 deep, never closed, and pieces that would double
 * at every level of a careless translation.
 */
export type Outcome = 'refused' | 'answered' | 'time' | 'memory' | 'rows' | 'bytes';

export type HostileShape = {
  readonly name: string;
  readonly sql: string;
  /** Any of these; nothing else may happen. */
  readonly outcomes: readonly Outcome[];
};

/** `open` * depth, `core`, `close` * depth. */
type Nesting = {
  readonly name: string;
  readonly open: string;
  readonly core: string;
  readonly close: string;
};

const nestings: readonly Nesting[] = [
  { name: 'parentheses', open: '(', core: '1', close: ')' },
  { name: 'NOT', open: 'not ', core: 'true', close: '' },
  { name: 'minus', open: '- ', core: '1', close: '' },
  { name: 'plus', open: '+ ', core: '1', close: '' },
  { name: 'calls', open: 'abs(', core: '1', close: ')' },
  { name: 'calls of two', open: 'greatest(1, ', core: '1', close: ')' },
  { name: 'CASE in THEN', open: 'case when true then ', core: '1', close: ' end' },
  { name: 'CASE in WHEN', open: 'case when ', core: 'true', close: ' then true end' },
  { name: 'CASE in its operand', open: 'case ', core: '1', close: ' when 1 then 1 when 2 then 2 end' },
  { name: 'CAST', open: 'cast(', core: '1', close: ' as bigint)' },
  { name: 'CAST there and back', open: 'cast(cast(', core: '1', close: ' as varchar) as bigint)' },
  { name: 'ARRAY', open: 'array[', core: '1', close: ']' },
  { name: 'scalar queries', open: '(select ', core: '1', close: ')' },
  { name: 'EXISTS', open: 'exists (select 1 where ', core: 'true', close: ')' },
  { name: 'IN', open: '1 in (select 1 where ', core: 'true', close: ')' },
  { name: 'BETWEEN', open: '(1 between 0 and ', core: '1', close: ') is true and 1' },
  { name: 'TRIM', open: 'trim(both from ', core: "'a'", close: ')' },
  { name: 'EXTRACT', open: 'extract(day from ', core: "timestamp '2026-01-01'", close: ')' },
  { name: 'FLOOR TO', open: 'floor(', core: "timestamp '2026-01-01'", close: ' to day)' },
  { name: 'TIME_CEIL', open: 'time_ceil(', core: "timestamp '2026-01-01'", close: ", 'P3D')" },
  { name: 'TIME_FORMAT', open: 'time_format(time_parse(', core: "'2026-01-01'", close: "), 'yyyy-MM-dd')" },
  { name: 'LENGTH and REPEAT', open: "length(repeat('a', ", core: '1', close: '))' },
  { name: 'LPAD', open: 'lpad(', core: "'a'", close: ", 3, 'b')" },
  { name: 'POSITION', open: "position('a' in substring('aaa', ", core: '1', close: '))' },
  { name: 'REGEXP_EXTRACT of its own pattern', open: "regexp_extract('a', ", core: "'a'", close: ')' },
  { name: 'MV_FILTER_ONLY', open: 'mv_filter_only(', core: "array['a']", close: ", array['a'])" },
  { name: 'ARRAY_SLICE', open: 'array_slice(', core: 'array[1, 2]', close: ', 0, 2)' },
  { name: 'JSON_VALUE', open: 'json_value(', core: `'{"a":1}'`, close: ", '$.a')" },
  { name: 'SAFE_DIVIDE', open: 'safe_divide(', core: '1', close: ', 2)' },
  { name: 'divided by itself', open: '1 / (', core: '1', close: ')' },
  { name: 'braces', open: '{fn abs(', core: '1', close: ')}' },
  { name: 'NVL', open: 'nvl(', core: 'null', close: ', 1)' },
  { name: 'windows', open: 'sum(', core: '1', close: ') over ()' },
  { name: 'aggregates', open: 'sum(', core: '1', close: ')' },
  { name: 'IS TRUE', open: '(', core: 'true', close: ' is true)' },
];

/** What stands around a whole query. */
const queryNestings: readonly Nesting[] = [
  { name: 'queries in parentheses', open: '(', core: 'select 1 as a', close: ')' },
  { name: 'FROM', open: 'select * from (', core: 'select 1 as a', close: ') as t' },
  { name: 'FROM with a WHERE', open: 'select a from (', core: 'select 1 as a', close: ') as t where a = 1' },
  { name: 'parenthesised tables', open: 'select * from ((', core: 'select 1 as a', close: '))' },
  { name: 'WITH in WITH', open: 'with w as (', core: 'select 1 as a', close: ') select * from w' },
  { name: 'UNION ALL in parentheses', open: 'select 1 as a union all (', core: 'select 1 as a', close: ')' },
  { name: 'GROUP BY', open: 'select a, count(*) from (', core: 'select 1 as a', close: ') as t group by a' },
  {
    name: 'UNNEST',
    open: 'select a from (',
    core: 'select 1 as a',
    close: ') as t cross join unnest(array[1]) as u(b)',
  },
  {
    name: 'joins to the right',
    open: 'select 1 from life join (',
    core: 'select 1 as a',
    close: ') as t on true',
  },
];

function nested({ open, core, close }: Nesting, depth: number): string {
  return `${open.repeat(depth)}${core}${close.repeat(depth)}`;
}

const shallow: readonly Outcome[] = ['answered', 'refused', 'time', 'memory'];

/** 200 levels may work or be refused; they never hurt. Of 100,000 as many as a statement may have letters for. */
const deep: readonly HostileShape[] = [
  ...nestings.flatMap((nesting) => shapes(nesting, (text) => `select ${text} as a`)),
  ...queryNestings.flatMap((nesting) => shapes(nesting, (text) => text)),
];

function shapes(nesting: Nesting, around: (text: string) => string): HostileShape[] {
  const levels = Math.min(100_000, Math.floor(250_000 / (nesting.open.length + nesting.close.length)));
  return [
    { name: `${nesting.name}, 190 deep`, sql: around(nested(nesting, 190)), outcomes: shallow },
    { name: `${nesting.name}, ${levels} deep`, sql: around(nested(nesting, levels)), outcomes: ['refused'] },
    {
      name: `${nesting.name}, never closed`,
      sql: around(nesting.open.repeat(levels)),
      outcomes: ['refused'],
    },
  ];
}

export const nestedShapes: readonly HostileShape[] = deep;
