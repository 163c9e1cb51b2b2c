/** Every function that works gives what Druid gives, of Druid's type, past the gate; the others say why they do not. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Select } from '../../../query/sql/ast.ts';
import { withTail } from '../../../query/sql/functions/aggregate-tail.ts';
import { functionTable } from '../../../query/sql/functions/index.ts';
import { SqlProblem } from '../../../query/sql/errors.ts';
import { parse } from '../../../query/sql/parser.ts';
import { types } from '../../../query/sql/typed-sql.ts';
import { aggregateCases, sketchCases, windowCases } from './functions-cases-aggregates.ts';
import { castCases } from './functions-cases-casts.ts';
import { arrayCases, jsonCases, multiCases } from './functions-cases-lists.ts';
import { numberCases } from './functions-cases-numbers.ts';
import { addressCases, choiceCases, patternCases, stringCases } from './functions-cases-strings.ts';
import { partCases, timeCases, timeTextCases, zonedCases } from './functions-cases-times.ts';
import { evaluate, nowMs, openDuckdb, run, translated } from './functions-support.ts';
import type { Case } from './functions-support.ts';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await openDuckdb();
});

const alone = {
  numbers: numberCases,
  strings: stringCases,
  patterns: patternCases,
  addresses: addressCases,
  choices: choiceCases,
  times: timeCases,
  'parts of times': partCases,
  'texts of times': timeTextCases,
  arrays: arrayCases,
  json: jsonCases,
  casts: castCases,
};
const overRows = { 'multi-value dimensions': multiCases, windows: windowCases };

function named(cases: readonly Case[]): (readonly [name: string, one: Case])[] {
  return cases.map((one) => [one[0], one]);
}

async function check([expression, value, type]: Case, tail: string, timeZone = 'UTC'): Promise<void> {
  const found = await evaluate(connection, `SELECT ${expression}${tail}`, timeZone);
  if (typeof value === 'number') expect(found.value, found.sql).toBeCloseTo(value, 9);
  else expect(found.value, found.sql).toEqual(value);
  if (type !== undefined) expect(found.type).toBe(type);
}

describe.each(Object.entries(alone))('%s', (_, cases) => {
  it.each(named(cases))('%s', (_name, one) => check(one, ''));
});

describe.each(Object.entries(overRows))('%s', (_, cases) => {
  it.each(named(cases))('%s', (_name, one) => check(one, ' FROM t ORDER BY __time'));
});

describe('aggregates', () => {
  it.each(named(aggregateCases))('%s', (_name, one) => check(one, ' FROM t'));

  it.each(named(sketchCases))('%s', (_name, one) => check(one, ' FROM t'));

  it('take sketches of the kind they are for', () => {
    expect(() => translated('SELECT HLL_SKETCH_ESTIMATE(DS_QUANTILES_SKETCH(n)) FROM t')).toThrow(
      'HLL_SKETCH_ESTIMATE: found COMPLEX<quantilesDoublesSketch>, expected a sketch: COMPLEX<HLLSketch>',
    );
    expect(() => translated('SELECT APPROX_QUANTILE_DS(users, 0.5) FROM t')).toThrow(
      'expected a sketch: COMPLEX<quantilesDoublesSketch>',
    );
    expect(() => translated('SELECT DS_GET_QUANTILE(n, 0.5) FROM t')).toThrow(
      'found BIGINT, expected a sketch',
    );
    expect(() => translated('SELECT DS_HLL(s, 3) FROM t')).toThrow('lgK must be from 4 to 21, found 3');
    expect(() => translated('SELECT DS_QUANTILES_SKETCH(n, 100) FROM t')).toThrow('k must be a power of two');
    expect(() => translated('SELECT CAST(users AS VARCHAR) FROM t')).toThrow('HLL_SKETCH_ESTIMATE');
  });

  it('of no rows', async () => {
    const query = (call: string): string => `SELECT ${call} FROM t WHERE n > 100`;
    for (const call of ['COUNT(*)', 'COUNT(DISTINCT s)'])
      expect((await evaluate(connection, query(call))).value).toBe(0);
    for (const call of [
      'SUM(n)',
      'AVG(n)',
      'AVG(d)',
      'MIN(n)',
      'LATEST(s)',
      'ARRAY_AGG(n)',
      "STRING_AGG(s, ',')",
      'ARRAY_CONCAT_AGG(arr)',
      'APPROX_QUANTILE_DS(n, 0.5)',
    ])
      expect((await evaluate(connection, query(call))).value, call).toBeNull();
  });

  it('GROUPING says which keys a row leaves out', async () => {
    const query =
      'SELECT GROUPING(s, n) FROM t WHERE n = 1 GROUP BY GROUPING SETS ((s, n), (s), ()) ORDER BY 1';
    expect((await evaluate(connection, query)).value).toEqual([0, 1, 3]);
  });
});

describe('aggregates whose value is worked on after the call', () => {
  const context = {
    span: { at: 0, end: 0 },
    name: 'X',
    timeZone: 'UTC',
    nowMs,
    approximateCountDistinct: true,
  };
  const call = (parse('SELECT AVG(DISTINCT n) FROM t').query.body as Select).items[0];

  it.each([
    ['AVG', { sql: 'n // 3', type: types.bigint }, 0.5],
    ['ARRAY_CONCAT_AGG', { sql: 'tags', type: types.multi }, ['a', 'b', 'c', 'd']],
  ])('%s takes DISTINCT itself', async (name, arg, value) => {
    const entry = functionTable.get(name);
    if (entry?.verdict !== 'works' || call?.kind !== 'expr' || call.expr.kind !== 'call')
      throw new Error(`${name} is an aggregate that works`);
    const { sql } = withTail(entry.translate([arg], context, call.expr), ' filter (where true)');
    expect((await run(connection, `select ${sql} from druid.t`)).value).toEqual(value);
  });

  it('a literal cannot move the place of FILTER', async () => {
    const found = await evaluate(
      connection,
      `SELECT ARRAY_CONCAT_AGG(STRING_TO_ARRAY(CONCAT('/*tail*/)', s), 'x')) FILTER (WHERE n = 1) FROM t`,
    );
    expect(found.value).toEqual(['/*tail*/)one']);
  });
});

describe('in another time zone', () => {
  it.each(named(zonedCases))('%s', (_name, one) => check(one, '', 'America/Los_Angeles'));
});

describe('the table', () => {
  const all = [
    ...Object.values(alone).flat(),
    ...Object.values(overRows).flat(),
    ...aggregateCases,
    ...sketchCases,
  ].map(([expression]) => expression);
  const roundsToUnit = new Map([
    ['FLOOR TO', 'FLOOR(TIMESTAMP'],
    ['CEIL TO', 'CEIL(TIMESTAMP'],
  ]);
  const working = [...functionTable].filter(([, entry]) => entry.verdict === 'works').map(([name]) => name);

  it.each(working.filter((name) => name !== 'GROUPING'))('has a case for %s', (name) => {
    const start = roundsToUnit.get(name) ?? `${name}(`;
    expect(all.some((expression) => expression === name || expression.includes(start))).toBe(true);
  });

  it('refuses the others with a reason, whatever their arguments', () => {
    for (const [name, entry] of functionTable)
      if (entry.verdict === 'refused')
        expect(() => translated(`SELECT ${name}(1)`), name).toThrow(
          `Function ${name} is not supported: ${entry.reason}`,
        );
  });

  it('names entries as they are called', () => {
    for (const [name, entry] of functionTable) {
      expect(name).toMatch(/^[A-Z][A-Z0-9_]*( TO)?$/);
      expect(entry.syntax.startsWith(name.replace(/ TO$/, '')), name).toBe(true);
    }
  });
});

describe('what cannot be meant is refused before the query runs', () => {
  it.each([
    ["TIME_FLOOR(CURRENT_TIMESTAMP, 'x')", "TIME_FLOOR: found the period 'x', expected an ISO 8601 period"],
    ["TIME_FLOOR(CURRENT_TIMESTAMP, 'P0D')", 'expected one longer than zero'],
    ["TIME_FLOOR(CURRENT_TIMESTAMP, 'P1M1D')", 'a period of months and days'],
    ["TIME_FLOOR(CURRENT_TIMESTAMP, 'P1DT1H', NULL, 'Europe/Berlin')", 'needs the time zone UTC'],
    ["TIME_FLOOR(CURRENT_TIMESTAMP, CONCAT('P1', 'D'))", 'the period must be a literal text'],
    [
      "TIME_FLOOR(CURRENT_TIMESTAMP, 'P1D', NULL, 'Mars/Olympus')",
      "The time zone 'Mars/Olympus' is not known",
    ],
    ["TIME_FORMAT(CURRENT_TIMESTAMP, 'yyyy-QQ')", "'QQ' in the pattern 'yyyy-QQ' is not supported"],
    ["TIME_FORMAT(CURRENT_TIMESTAMP, 'yyyy ''x')", 'has a quote without its end'],
    ["TIME_PARSE('x', 'yyyy w')", "'w' in the pattern"],
    ["TIME_IN_INTERVAL(CURRENT_TIMESTAMP, 'x/y')", "found the interval 'x/y'"],
    ["TIME_EXTRACT(CURRENT_TIMESTAMP, 'FORTNIGHT')", "found the unit 'FORTNIGHT', expected one of EPOCH"],
    ["DATE_TRUNC('fortnight', CURRENT_TIMESTAMP)", "found the unit 'fortnight'"],
    ["CAST('x' AS TIMESTAMP)", 'Illegal TIMESTAMP constant [x]'],
    ["CAST('x' AS DATE)", 'Illegal DATE constant [x]'],
    ["REGEXP_LIKE('a', '(?=a)')", "'(?=' in the pattern is not supported"],
    ["REGEXP_EXTRACT('a', 'a', 10)", 'found the index 10'],
    ["STRING_FORMAT('%q', 1)", "'%q' in the pattern is not supported"],
    ["STRING_FORMAT('%d')", 'asks for more arguments'],
    ["STRING_FORMAT('50 %')", 'cannot be read'],
    ["PARSE_LONG('1', 40)", 'found the radix 40'],
    ['HUMAN_READABLE_DECIMAL_FORMAT(1, 4)', 'found the precision 4'],
    ["IPV4_MATCH('1.2.3.4', '1.2.3')", "found the subnet '1.2.3'"],
    ["IPV6_MATCH('::1', '::/129')", "found the subnet '::/129'"],
    ["JSON_VALUE('{}', 'a')", "found the path 'a'"],
    ["JSON_VALUE('{}', '$.a[*]')", "found the path '$.a[*]'"],
    ["JSON_OBJECT('a': 1) || 'x'", null],
    ['ARRAY_LENGTH(5)', 'found a value of type INTEGER, expected an ARRAY'],
    ["CAST(ARRAY['a'] AS VARCHAR)", 'use ARRAY_TO_STRING or ARRAY_TO_MV'],
  ])('%s', (expression, message) => {
    if (message === null) expect(() => translated(`SELECT ${expression}`)).not.toThrow();
    else expect(() => translated(`SELECT ${expression}`)).toThrow(message);
  });

  it.each([
    ['EARLIEST_BY(s, __time, 0)', 'must be 1 or more'],
    ['APPROX_QUANTILE_DS(n, 1.5)', 'a literal number from 0 to 1'],
    ['ARRAY_CONCAT_AGG(n)', 'found a single value, expected an ARRAY'],
    ['COUNT()', 'found no argument'],
  ])('%s', (expression, message) => {
    expect(() => translated(`SELECT ${expression} FROM t`)).toThrow(message);
  });
});

describe('the size of the translation', () => {
  const long = 'an argument that is longer than what may stand in the translation more than once';

  /** The expression with one argument made long and not constant; as a text and as an array. */
  function* lengthened(expression: string): Generator<string> {
    const query = `SELECT ${expression}`;
    const item = (parse(query).query.body as Select).items[0];
    if (item?.kind !== 'expr' || item.expr.kind !== 'call') return;
    for (const { at, end } of item.expr.args)
      for (const [before, after] of [
        ['CONCAT(', `, '', '${long}')`],
        ['ARRAY_CONCAT(', `, ARRAY['${long}'])`],
      ])
        yield query.slice(0, at) + before + query.slice(at, end) + after + query.slice(end);
  }

  it('has every argument once, so that nested calls do not multiply it', () => {
    const scalars = [...Object.values(alone).flat(), ...multiCases].map(([expression]) => expression);
    let seen = 0;
    const repeated: string[] = [];
    for (const expression of scalars)
      for (const query of lengthened(expression)) {
        try {
          const { sql } = translated(`${query} FROM t`);
          if (sql.split(long).length > 2) repeated.push(query);
          seen += 1;
        } catch (error) {
          // An argument that must be a literal, or no text.
          if (!(error instanceof SqlProblem)) throw error;
        }
      }
    expect(repeated).toEqual([]);
    expect(seen).toBeGreaterThan(200);
  });
});
