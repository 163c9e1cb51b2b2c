/** Functions of texts. Lengths and places count characters as DuckDB does: code points. */

import { alias, bigint, boolean, many, typed, varchar } from './entries.ts';
import type { Entry } from './entries.ts';

const codePoints = 'Counts code points; Druid counts UTF-16 units, which differ beyond the basic plane.';

const length = typed(
  { syntax: 'LENGTH(expr)', args: [1, 1], note: codePoints },
  [varchar],
  bigint,
  (x) => `length(${x})`,
);

const substring = typed(
  { syntax: 'SUBSTRING(expr, index[, length])', args: [2, 3], note: codePoints },
  [varchar, bigint],
  varchar,
  (x, index, count) => `substring(${x}, ${index}${count === undefined ? '' : `, ${count}`})`,
);

export const strings: readonly Entry[] = [
  length,
  alias('CHAR_LENGTH', length),
  alias('CHARACTER_LENGTH', length),
  alias('STRLEN', length),
  typed({ syntax: 'LOWER(expr)', args: [1, 1] }, [varchar], varchar, (x) => `lower(${x})`),
  typed({ syntax: 'UPPER(expr)', args: [1, 1] }, [varchar], varchar, (x) => `upper(${x})`),
  substring,
  alias('SUBSTR', substring),
  typed(
    { syntax: 'CONCAT(expr[, expr, ...])', args: [1, many], note: 'Null when any part is null.' },
    [varchar],
    varchar,
    (...parts) => `(${parts.join(' || ')})`,
  ),
  typed(
    { syntax: 'CONTAINS_STRING(expr, str)', args: [2, 2] },
    [varchar],
    boolean,
    (x, y) => `contains(${x}, ${y})`,
  ),
];
