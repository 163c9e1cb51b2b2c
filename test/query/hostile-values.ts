/**
 * Values that carry SQL: parameters, patterns, periods, paths, formats and types that try to end the literal they become.
 * `FILE` and `FOLDER` as in `hostile-sql.ts`.
 */
import type { QueryParameter } from '../../query/messages.ts';
import type { DruidStatement } from './hostile-druid.ts';

const injected = `'); attach 'FOLDER/x.db' as x; select ('`;
const values: readonly DruidStatement[] = [
  { sql: `select ? as a`, parameters: [{ type: 'VARCHAR', value: injected }], answer: [{ a: injected }] },
  {
    sql: `select ? as a`,
    parameters: [{ type: 'VARCHAR', value: "' || getenv('HOME') || '" }],
    answer: [{ a: "' || getenv('HOME') || '" }],
  },
  { sql: `select ? as a`, parameters: [{ type: 'VARCHAR', value: '\u0000' }], answer: [{ a: '\u0000' }] },
  { sql: `select ? as a`, parameters: [{ type: 'VARCHAR', value: '\ud800' }], answer: [{ a: '\ufffd' }] },
  {
    sql: `select count(*) as n from life where country = ?`,
    parameters: [{ type: 'VARCHAR', value: "US' or '1' = '1" }],
    answer: [{ n: 0 }],
  },
  {
    sql: `select time_floor(timestamp '2026-01-01 05:00:00', ?) as t`,
    parameters: [{ type: 'VARCHAR', value: "P1D'; --" }],
    says: /period/,
  },
  {
    sql: `select time_format(timestamp '2026-01-01 05:00:00', ?) as t`,
    parameters: [{ type: 'VARCHAR', value: "'''); drop table life; --'" }],
    answer: [{ t: "'); drop table life; --" }],
  },
  {
    sql: `select time_floor(timestamp '2026-01-01', 'P1D', null, ?) as t`,
    parameters: [{ type: 'VARCHAR', value: "UTC'); --" }],
    says: /time zone/,
  },
  { sql: `select json_value('{}', ?)`, parameters: [{ type: 'VARCHAR', value: `$.a"'); --` }], says: /path/ },
  { sql: `select json_value('{}', '$["a''b"]') as a`, answer: [{ a: null }] },
  { sql: `select regexp_replace('a', 'a', '\\0\\1''; --') as a`, answer: [{ a: "01'; --" }] },
  { sql: `select 'a' like 'a' escape ''' --'`, says: /ESCAPE/ },
  { sql: `select extract('day''); --' from timestamp '2026-01-01')`, says: /./ },
  { sql: `select timestampadd(day1, 1, timestamp '2026-01-01')`, says: /./ },
  { sql: `select interval '1''; --' day`, says: /interval/i },
  { sql: `select timestamp '2026-01-01''; --'`, says: /TIMESTAMP literal/ },
  { sql: `select cast('1' as "integer; drop table life")`, says: /./ },
  { sql: `select cast('1' as varchar(10); drop)`, says: /unexpected token/ },
  { sql: `select cast('x' as hugeint)`, says: /./ },
  { sql: `select cast('FILE' as blob)`, says: /./ },
  { sql: `select string_format('%s%s%s%s%n', 'a')`, says: /more arguments/ },
  { sql: `select string_format('%9999999999d', 1)`, says: /./ },
  {
    sql: `select string_agg(country, '''); --') as a from life where country = 'none'`,
    answer: [{ a: null }],
  },
  { sql: `select ipv4_match('1.2.3.4', '1.2.3.4''/32; --')`, says: /./ },
];

const wrongParameters: readonly DruidStatement[] = [
  [`select ?`, 'BIGINT', '1; drop table life'],
  [`select ?`, 'BIGINT', '1e9'],
  [`select ?`, 'BIGINT', '0x10'],
  [`select ?`, 'BIGINT', '9'.repeat(100_000)],
  [`select ?`, 'DOUBLE', '1) or (1'],
  [`select ?`, 'DOUBLE', 'NaN'],
  [`select ?`, 'DOUBLE', '1e999'],
  [`select ?`, 'BOOLEAN', 'true; --'],
  [`select ?`, 'TIMESTAMP', true],
  [`select ?`, "VARCHAR'; --", 'x'],
  [`select ?`, 'VARCHAR; drop table life', 'x'],
  [`select ?`, '__proto__', 'x'],
  [`select ?`, 'constructor', 'x'],
  [`select ?`, 'BLOB', 'x'],
  [`select ? from life`, '', 'x'],
  [`select ?, ?`, 'VARCHAR', 'only one'],
  [`select * from ?`, 'VARCHAR', 'life'],
  [`select * from life limit ?`, 'VARCHAR', '1; drop table life'],
  [`select * from life limit ?`, 'BIGINT', -1],
  [`select * from life limit ?`, 'DOUBLE', 1.5],
].map(([sql, type, value]) => ({
  sql: String(sql),
  parameters: [{ type: String(type), value: value as QueryParameter['value'] }],
}));

export const valueStatements: readonly DruidStatement[] = [...values, ...wrongParameters];
