/** The operators of a filter, by the names they are written with; words in any case. */
export type Operator =
  | '=='
  | '==='
  | '!='
  | '!=='
  | '<'
  | '<='
  | '>'
  | '>='
  | '=~'
  | 'IN'
  | 'NIN'
  | 'SUBSETOF'
  | 'ANYOF'
  | 'NONEOF'
  | 'CONTAINS'
  | 'ALL'
  | 'SIZE'
  | 'EMPTY'
  | 'EXISTS'
  | 'TYPE'
  | 'MATCHES';

const operators: ReadonlySet<string> = new Set<Operator>([
  '==',
  '===',
  '!=',
  '!==',
  '<',
  '<=',
  '>',
  '>=',
  '=~',
  'IN',
  'NIN',
  'SUBSETOF',
  'ANYOF',
  'NONEOF',
  'CONTAINS',
  'ALL',
  'SIZE',
  'EMPTY',
  'EXISTS',
  'TYPE',
  'MATCHES',
]);

export function operatorOf(text: string): Operator | null {
  const name = text.toUpperCase();
  return operators.has(name) ? (name as Operator) : null;
}
