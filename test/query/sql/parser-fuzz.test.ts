/** Whatever is typed: an answer or a SqlProblem, soon. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SqlProblem, placeOf } from '../../../query/sql/errors.ts';
import { parse } from '../../../query/sql/parser.ts';
import { tablesUsed } from '../../../query/sql/tables-used.ts';
import { shapeOf } from './parser-shape.ts';

const seed = Number(process.env['SEED'] ?? 20261121);
const slowMs = 50;

const statements = [
  `with a as (select x, count(*) as c from druid.wiki where __time >= current_timestamp - interval '1' day group by 1)
   select a.x, sum(c) filter (where c > 1) over (partition by x order by c desc nulls last rows between 1 preceding and current row)
   from a left join "b c" as t (p, q) on a.x = t.p cross join unnest(mv_to_array(tags)) as u(tag)
   where x not in (1, 2.5, 'é') and y like 'a!%' escape '!' or not exists (select 1 from sys.segments s where s.size = a.x)
   group by grouping sets ((a, b), rollup(c), ()) having max(z) is not null window w as (order by q)
   union all (values (1, ?), (row(2), array[1, 2][1])) order by 1 limit 10 offset ? rows`,
  `explain plan for select floor(__time to day), extract(year from t), trim(both 'x' from y), position('a' in b from 2),
   substring(c from 1 for 2), cast(d as decimal(10, 2)), try_cast(e as bigint array), timestampadd(day, -1, f), {fn upper(g)},
   {ts '2026-01-01 00:00:00'}, case when h then i else j end, U&'\\00e9' uescape '!', E'\\n', json_value(k, '$.a' returning bigint)
   from t where a between symmetric 1 and 2 and b = any (select c from d) and e is distinct from f /* x */ -- y`,
];

const pieces = [
  ...statements.flatMap((text) => text.split(/(\s+|[(),.'"])/)).filter((piece) => piece.trim() !== ''),
  ...[
    'select',
    'from',
    '(',
    ')',
    ',',
    '.',
    '*',
    '?',
    "'",
    '"',
    ';',
    '--',
    '/*',
    '*/',
    '{',
    '}',
    '[',
    ']',
    '<',
    '=',
    '!',
  ],
  ...[
    'U&',
    "E'",
    '\\',
    '`',
    '\u0000',
    '\ud800',
    '😀',
    '1e',
    '.5',
    '::',
    '=>',
    'not',
    'and',
    'in',
    'as',
    'insert',
  ],
];

/** Reads it, or refuses it with a place inside the text; nothing else, and soon. */
function check(sql: string): boolean {
  const start = performance.now();
  let isRead = true;
  try {
    const statement = parse(sql);
    tablesUsed(statement, { timeZone: 'UTC', nowMs: 1_800_000_000_000 });
  } catch (error) {
    if (!(error instanceof SqlProblem)) throw error;
    isRead = false;
    expect(error.message).not.toBe('');
    if (error.span !== null) {
      expect(error.span.at).toBeGreaterThanOrEqual(0);
      expect(error.span.end).toBeLessThanOrEqual(sql.length);
      expect(placeOf(sql, error.span).line).toBeGreaterThan(0);
    }
  }
  spent.push(performance.now() - start);
  return isRead;
}

const spent: number[] = [];

/** A machine that is busy with something else stops any one call; hardly ever two hundred of them. */
function expectSoon(): void {
  const sorted = spent.toSorted((a, b) => b - a);
  expect(sorted[Math.floor(sorted.length / 100)]).toBeLessThan(slowMs);
  spent.length = 0;
}

test('10,000 heaps of tokens', () => {
  const heap = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(heap, (sql) => void check(sql)),
    { seed, numRuns: 10_000 },
  );
  expectSoon();
});

const mutation = fc.record({
  statement: fc.constantFrom(...statements),
  edits: fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat({ max: 12 }),
      piece: fc.oneof(fc.constantFrom(...pieces, ''), fc.string({ unit: 'binary', maxLength: 4 })),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

function mutated({
  statement,
  edits,
}: {
  statement: string;
  edits: readonly { at: number; length: number; piece: string }[];
}): string {
  let sql = statement;
  for (const { at, length, piece } of edits) {
    const from = Math.floor(at * sql.length);
    sql = sql.slice(0, from) + piece + sql.slice(from + length);
  }
  return sql;
}

test('10,000 statements with something wrong in them, of which some are still right', () => {
  let read = 0;
  fc.assert(
    fc.property(mutation, (it) => {
      if (check(mutated(it))) read += 1;
    }),
    { seed, numRuns: 10_000 },
  );
  expect(read).toBeGreaterThan(20);
  expectSoon();
});

test('the statements themselves are read', () => {
  for (const sql of statements) expect(check(sql)).toBe(true);
});

test('blanks and comments between tokens change nothing', () => {
  const gap = fc.constantFrom(' ', '\n', '\t\r\n', ' /* x */ ', '-- y\n', '//\n', '/**/');
  const source = statements[0] ?? '';
  const words = source.match(/'[^']*'|"[^"]*"|[\w.]+|[<>!]=|[^\s\w]/g) ?? [];
  fc.assert(
    fc.property(fc.array(gap, { minLength: words.length, maxLength: words.length }), (gaps) => {
      const sql = words.map((word, index) => `${word} ${gaps[index] ?? ''}`).join('');
      expect(shapeOf(sql)).toBe(shapeOf(source));
    }),
    { seed, numRuns: 200 },
  );
});
