/** What the grammar refuses, in Druid's words and at its place. */
import { describe, expect, test } from 'vitest';
import type { HeadgateError } from '../../../domain/errors.ts';
import { located, SqlProblem } from '../../../query/sql/errors.ts';
import { isReserved } from '../../../query/sql/parse-keywords.ts';
import { parse } from '../../../query/sql/parser.ts';

function failureOf(sql: string): HeadgateError {
  try {
    parse(sql);
  } catch (error) {
    if (error instanceof SqlProblem) return located(error, sql);
    throw error;
  }
  throw new Error(`this was read: ${sql}`);
}

/** The token, where it stands, and the options that must be among those offered. */
describe('an unexpected token is named with its place and what could stand there', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['', '<EOF>', '1:1', ['"SELECT"', '"WITH"', '"EXPLAIN"', '"VALUES"', '"("']],
    ['  -- nothing', '<EOF>', '1:1', ['"SELECT"']],
    ['select', '<EOF>', '1:6', ['"*"', '<IDENTIFIER>', '<QUOTED_STRING>', '"CASE"']],
    ['select a frm b c', 'b', '1:14', ['"FROM"', '","', '<EOF>']],
    ['select a from', '<EOF>', '1:13', ['<IDENTIFIER>', '<QUOTED_IDENTIFIER>', '"("', '"UNNEST"']],
    ['select a\nfrom t\nwhere', '<EOF>', '3:5', ['"("', '"NOT"']],
    ['select (1 + 2', '<EOF>', '1:13', ['")"', '","']],
    ['select 1)', ')', '1:9', ['<EOF>', '"FROM"']],
    ['select a from t group a', 'a', '1:23', ['"BY"']],
    ['select case when a then 1', '<EOF>', '1:25', ['"WHEN"', '"ELSE"', '"END"']],
    ['select a between 1 or 2', 'or', '1:20', ['"AND"']],
    ['select a is 5', '5', '1:13', ['"NULL"', '"TRUE"', '"DISTINCT"']],
    ['select * from a join b', '<EOF>', '1:22', ['"ON"', '"USING"']],
    ['select * from a natural', '<EOF>', '1:23', ['"JOIN"', '"LEFT"']],
    ['select extract(foo from a)', 'foo', '1:16', ['"YEAR"', '"HOUR"']],
    ["select interval '1' fortnight", 'fortnight', '1:21', ['"DAY"']],
    ['select a from t limit b', 'b', '1:23', ['<UNSIGNED_INTEGER_LITERAL>', '"?"', '"ALL"']],
    ['select a from t order by a nulls', '<EOF>', '1:32', ['"FIRST"', '"LAST"']],
    ['with a as select 1 select 2', 'select', '1:11', ['"("']],
    ['explain select 1', 'select', '1:9', ['"PLAN"']],
    ['select sum(a) over (rows 1)', ')', '1:27', ['"PRECEDING"', '"FOLLOWING"']],
    ['select trim(both a)', ')', '1:19', ['"FROM"']],
    ['selec 1', 'selec', '1:1', ['"SELECT"']],
    ['select language from t', 'language', '1:8', ['<QUOTED_IDENTIFIER>']],
    ['select a from t limit 1, 2', ',', '1:24', ['"OFFSET"', '<EOF>']],
    ['select a as 5', 'as 5', '1:10', ['"AS" <IDENTIFIER>']],
    ['select a from t as', 'as <EOF>', '1:17', ['"AS" <QUOTED_IDENTIFIER>']],
    // As recorded from Druid 33: ONE is reserved.
    ['select cast(9007199254740993 as bigint) as big, 1.0 as one', 'as one', '1:53', ['"AS" <IDENTIFIER>']],
    ['select a :: int', '::', '1:10', ['"FROM"']],
    ["select {x '1'}", 'x', '1:9', ['"FN"', '"TS"']],
  ])('%s', (sql, token, place, options) => {
    const failure = failureOf(sql);
    expect(failure.code).toBe('QUERY_INVALID');
    expect(failure.message).toContain(`Received an unexpected token [${token}] (line [`);
    expect(failure.details).toMatchObject({ token });
    expect(`${String(failure.details['line'])}:${String(failure.details['column'])}`).toBe(place);
    const acceptable = String(failure.details['acceptable']);
    for (const option of options) expect(acceptable).toContain(option);
    expect(acceptable).toMatch(/^\[.+\]$/);
    expect(acceptable.length).toBeLessThan(500);
  });

  test('every option that is offered for the end of a statement can stand there', () => {
    const sql = 'select a from t';
    const offered = String(failureOf(`${sql} )`).details['acceptable']);
    const follow: Readonly<Record<string, string>> = {
      '","': 'b',
      '"JOIN"': 'b on c',
      '"WHERE"': 'b',
      '"GROUP"': 'by a',
      '"LIMIT"': '1',
      '"UNION"': 'select 1',
      '"AS"': 'x',
    };
    for (const [option, rest] of Object.entries(follow)) {
      expect(offered).toContain(option);
      expect(() => parse(`${sql} ${option.slice(1, -1)} ${rest}`)).not.toThrow();
    }
  });

  test('what is refused by name is not offered', () => {
    for (const sql of [
      'select',
      'select a from t )',
      'select a from t group by',
      'select sum(a) over (rows 1 preceding 1',
      'with',
    ])
      expect(failureOf(sql).details['acceptable']).not.toMatch(
        /STREAM|TABLESAMPLE|EXTEND|MATCH_RECOGNIZE|EXCLUDE|RECURSIVE|"DISTINCT", "ALL", <IDENTIFIER>, <QUOTED_IDENTIFIER>, "GROUPING"/,
      );
  });

  test('a long token is cut', () => {
    const [refusal = ''] = failureOf(`select 1 '${'x'.repeat(10_000)}'`).message.split(
      ', acceptable options: ',
    );
    expect(refusal.length).toBeLessThan(250);
  });
});

describe('other refusals say what was found and what to do', () => {
  test.each<[string, string, string]>([
    ['select `a`', 'Lexical error: found \'`\', expected a token; names are quoted as "name"', '1:8'],
    ['select a # b', 'comments begin with --', '1:10'],
    ['select\u00a01', 'the character U+00A0', '1:7'],
    ["select 'a", "this text does not end, expected '", '1:8'],
    ['select "a', 'this name does not end, expected "', '1:8'],
    ["select E'a\\", "this text does not end, expected '", '1:8'],
    ['select 1 /* a', 'this comment does not end, expected */', '1:10'],
    ["select X'00'", 'Binary literals are not supported', '1:8'],
    ["select _latin1'a'", "Unknown character set 'LATIN1'", '1:8'],
    [String.raw`select U&'\zz'`, 'Unicode escape sequence', '1:8'],
    [String.raw`select E'a\U00110000'`, 'This escape is no character', '1:11'],
    [String.raw`select U&'\+110000'`, 'Unicode escape sequence', '1:8'],
    ["select U&'a' uescape 'ab'", 'UESCAPE must be one character', '1:14'],
    ["select 'a' 'b'", 'String literal continued on same line', '1:12'],
    ["select timestamp '2026-01-01T00:00:00Z'", "Illegal TIMESTAMP literal '2026-01-01T00:00:00Z'", '1:8'],
    ["select timestamp '2026-02-30 00:00:00'", 'Illegal TIMESTAMP literal', '1:8'],
    ["select timestamp '2026-01-01 24:00:00'", 'Illegal TIMESTAMP literal', '1:8'],
    ["select date '2026-13-01'", "Illegal DATE literal '2026-13-01': not in format 'yyyy-MM-dd'", '1:8'],
    ["select date '2026-01-01 00:00:00'", 'Illegal DATE literal', '1:8'],
    ["select time '10:00:00'", 'The type TIME is not supported', '1:8'],
    ["select {t '10:00:00'}", 'The type TIME is not supported', '1:9'],
    ['select cast(a as blob)', "Unknown type 'blob', expected one of BOOLEAN", '1:18'],
    ['select cast(a as timestamp with time zone)', 'use TIMESTAMP and the context parameter', '1:28'],
    ['select cast(a as interval day)', 'CAST to an INTERVAL is not supported', '1:18'],
    ['select a.b(1)', 'No match found for function signature a.b', '1:8'],
    ['select f(a => 1)', 'Named arguments are not supported', '1:10'],
    ['select exists (1)', 'EXISTS expects a query', '1:8'],
    ['select case a when 1, 2 then 3 end', 'write one WHEN for each value', '1:21'],
    ['select sum(a) over (rows current row exclude ties)', 'EXCLUDE in a window frame', '1:38'],
    ['select stream a from t', 'SELECT STREAM is not supported', '1:8'],
    ['select a from t group by distinct a', 'GROUP BY DISTINCT is not supported', '1:26'],
    ['with recursive a as (select 1) select 1', 'WITH RECURSIVE is not supported', '1:6'],
    ['select * from t tablesample bernoulli(1)', 'TABLESAMPLE is not supported: leave it out', '1:17'],
    ['select * from a, lateral (select 1)', 'LATERAL is not supported', '1:18'],
    ['select * from unnest(a, b)', 'write one UNNEST for each', '1:23'],
    ['select * from unnest(a) with ordinality', 'WITH ORDINALITY is not supported', '1:25'],
    ['select * from table(extern(a, b, c))', 'EXTERN is not supported', '1:21'],
    ['select * from table(s3(a))', 'S3 is not supported', '1:21'],
    ['select 1; select 2', 'Several statements are not supported', '1:9'],
    ['select 1;;', 'Several statements are not supported', '1:9'],
  ])('%s', (sql, message, place) => {
    const failure = failureOf(sql);
    expect(failure.message).toContain(message);
    expect(`${String(failure.details['line'])}:${String(failure.details['column'])}`).toBe(place);
  });
});

describe('statements that are no queries', () => {
  test("INSERT is refused in Druid's words, without a place", () => {
    const recorded =
      'INSERT operations are not supported by requested SQL engine [native], consider using MSQ.';
    expect(failureOf('insert into "g_life" select 1')).toMatchObject({ message: recorded, details: {} });
    expect(failureOf('replace into a overwrite all select 1').message).toBe(
      recorded.replace('INSERT', 'REPLACE'),
    );
    expect(failureOf('explain plan for insert into a select 1').message).toBe(recorded);
  });

  test.each([
    'update a set b = 1',
    'delete from a',
    'merge into a using b on c',
    'truncate table a',
    'upsert into a select 1',
    'create table a (b int)',
    'drop table a',
    'alter table a',
    'comment on table a is 1',
    'set a = 1',
    'reset a',
    'use a',
    'describe a',
    'show tables',
    'summarize a',
    "copy a to 'b'",
    "attach 'a'",
    'detach a',
    'pragma version',
    'install httpfs',
    "load 'a'",
    "export database 'a'",
    "import database 'a'",
    'call f()',
    'checkpoint',
    'vacuum',
    'analyze',
    'grant a',
    'revoke a',
    'begin',
    'start transaction',
    'commit',
    'rollback',
    'prepare a as select 1',
    'execute a',
    'deallocate a',
    'pivot a on b',
    'unpivot a on b',
  ])('%s', (sql) => {
    const word = sql.split(' ')[0]?.toUpperCase() ?? '';
    const failure = failureOf(sql);
    expect(failure.message).toContain(
      `${word} is not supported: found a ${word} statement, expected one SELECT or EXPLAIN PLAN FOR; `,
    );
    expect(failure.details).toMatchObject({ line: '1', column: '1', endColumn: String(word.length) });
    expect(failureOf(`explain plan for ${sql}`).message).toContain(`${word} is not supported`);
  });
});

test('a reserved word is a name in quotes only, other words are names anywhere', () => {
  for (const word of [
    'language',
    'value',
    'user_id',
    'timestamp',
    'day',
    'start',
    'name',
    'type',
    'first',
    'hour',
  ]) {
    expect(() => parse(`select "${word}" from t as "${word}"`)).not.toThrow();
    if (isReserved(word.toUpperCase()))
      expect(() => parse(`select ${word} from t`)).toThrow(/unexpected token/);
    else expect(() => parse(`select ${word}, t.${word} as ${word} from t ${word}`)).not.toThrow();
  }
  expect(
    ['language', 'value', 'timestamp', 'day', 'start', 'hour'].every((word) =>
      isReserved(word.toUpperCase()),
    ),
  ).toBe(true);
  expect(
    ['user_id', 'name', 'type', 'first', 'week', 'data', 'key'].some((word) =>
      isReserved(word.toUpperCase()),
    ),
  ).toBe(false);
});
