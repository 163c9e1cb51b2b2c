/** What Druid documents as functions and the grammar reads in a form of its own: no names to call. For the docs. */
export const grammarForms: readonly {
  readonly name: string;
  readonly syntax: string;
  readonly note: string;
}[] = [
  { name: 'ARRAY', syntax: 'ARRAY[expr1, expr2, ...]', note: 'The elements get their common type.' },
  { name: 'CASE', syntax: 'CASE [expr] WHEN x THEN y [...] [ELSE z] END', note: '' },
  {
    name: 'CAST',
    syntax: 'CAST(value AS TYPE)',
    note: 'A value that does not fit is null; TRY_CAST is the same for literals too.',
  },
  {
    name: 'UNNEST',
    syntax: 'UNNEST(source_expression) AS table_alias_name(column_alias_name)',
    note: 'In FROM.',
  },
];
