/**
 * No matching row lies outside the bounds: random conditions over random rows, matched by an evaluator that knows
 * nothing of bounds. Where Druid's meaning leaves room (clocks that are turned, several values in one column), the
 * evaluator takes the reading that matches more rows.
 */
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { expect, test } from 'vitest';
import type { Expr } from '../../../query/sql/ast.ts';
import type { Bounds } from '../../../query/sql/bounds.ts';
import { parse } from '../../../query/sql/parser.ts';
import { tablesUsed } from '../../../query/sql/tables-used.ts';

const seed = Number(process.env['SEED'] ?? 20261121);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Clocks were turned in Los Angeles on the 8th and in Berlin on the 29th of March, and in November. */
const centreMs = Date.UTC(2026, 2, 8, 10);
const zones = ['UTC', 'America/Los_Angeles', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Apia', '+05:30'];

type Row = {
  readonly __time: number;
  readonly s: string | null;
  readonly n: number | null;
  readonly tags: readonly string[] | null;
};

const texts = ['a', 'ab', 'abc', 'b', 'ba', 'c', 'é', '\u{ff61}', '😀', 'Z', '~'];
const numbers = [-3, -0.5, 0, 0.1, 1, 2.5, 7, 2 ** 24 + 1, 9_007_199_254_740_993];

const timeMs = fc.oneof(
  fc.integer({ min: -300, max: 300 }).map((quarters) => centreMs + quarters * 15 * minuteMs),
  fc.integer({ min: -800, max: 800 }).map((days) => centreMs + days * dayMs),
);
const row: fc.Arbitrary<Row> = fc.record({
  __time: timeMs,
  s: fc.option(fc.constantFrom(...texts)),
  n: fc.option(fc.constantFrom(...numbers)),
  tags: fc.option(fc.uniqueArray(fc.constantFrom(...texts), { minLength: 1, maxLength: 3 })),
});

/** Conditions as text, so that the parser is part of what is tested. */
const literalTime = timeMs.map((ms) => new Date(ms).toISOString().slice(0, 19));
const moment = fc.oneof(
  literalTime.map((text) => `'${text}'`),
  literalTime.map((text) => `timestamp '${text.replace('T', ' ')}'`),
  literalTime.map((text) => `date '${text.slice(0, 10)}'`),
  literalTime.map((text) => `'${text}Z'`),
  timeMs.map((ms) => `millis_to_timestamp(${ms})`),
  fc.constant('current_timestamp'),
  fc
    .tuple(fc.constantFrom('hour', 'day', 'month'), fc.integer({ min: -40, max: 40 }))
    .map(([unit, steps]) => `current_timestamp + interval '${steps}' ${unit}`),
  fc
    .tuple(fc.constantFrom('hour', 'day', 'week', 'month'), fc.integer({ min: -9, max: 9 }))
    .map(([unit, steps]) => `timestampadd(${unit}, ${steps}, current_timestamp)`),
  fc
    .constantFrom('hour', 'day', 'week', 'month', 'quarter', 'year')
    .map((unit) => `floor(current_timestamp to ${unit})`),
);
const subject = fc.oneof(
  { weight: 4, arbitrary: fc.constant('__time') },
  fc.constantFrom('hour', 'day', 'week', 'month').map((unit) => `floor(__time to ${unit})`),
  fc.constantFrom('hour', 'day', 'month').map((unit) => `ceil(__time to ${unit})`),
  fc.constantFrom('PT1H', 'P1D', 'P1M').map((period) => `time_floor(__time, '${period}')`),
  fc.constantFrom('hour', 'day').map((unit) => `date_trunc('${unit}', __time)`),
);
const operator = fc.constantFrom('=', '<', '<=', '>', '>=', '<>');
const text = fc.constantFrom(...texts).map((value) => `'${value}'`);
const number = fc.constantFrom(
  '-3',
  '-0.5',
  '0',
  '0.1',
  '1',
  '2.5',
  '7',
  '1e1',
  '16777217',
  '9007199254740993',
);
const literals = { s: text, tags: text, n: number };

const ofColumn = fc.constantFrom('s', 'n', 'tags' as const).chain((column) => {
  const literal = literals[column as keyof typeof literals];
  return fc.oneof(
    fc.tuple(operator, literal).map(([sign, value]) => `${column} ${sign} ${value}`),
    fc.tuple(operator, literal).map(([sign, value]) => `${value} ${sign} ${column}`),
    fc.tuple(literal, literal).map(([low, high]) => `${column} between ${low} and ${high}`),
    fc.array(literal, { minLength: 1, maxLength: 3 }).map((values) => `${column} in (${values.join(', ')})`),
    fc.constant(`${column} is null`),
    fc
      .constantFrom('a%', '%', 'ab_', '_b%', 'é%', 'b')
      .map((pattern) => (column === 'n' ? 'n > 0' : `${column} like '${pattern}'`)),
  );
});
const ofTime = fc.oneof(
  fc.tuple(subject, operator, moment).map((parts) => parts.join(' ')),
  fc.tuple(moment, operator, subject).map((parts) => parts.join(' ')),
  fc.tuple(subject, moment, moment).map(([it, low, high]) => `${it} between ${low} and ${high}`),
  fc
    .tuple(subject, fc.array(moment, { minLength: 1, maxLength: 3 }))
    .map(([it, all]) => `${it} in (${all.join(', ')})`),
  fc.tuple(literalTime, literalTime).map(([from, to]) => `time_in_interval(__time, '${from}/${to}')`),
  fc
    .tuple(literalTime, fc.constantFrom('PT6H', 'P1D', 'P1M'))
    .map(([from, period]) => `time_in_interval(__time, '${from}/${period}')`),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: ofTime },
    { weight: 3, arbitrary: ofColumn },
    {
      weight: 3,
      arbitrary: fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) and (${b})`),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) or (${b})`),
    },
    { weight: 1, arbitrary: tie('condition').map((a) => `not (${a})`) },
  ),
}));

/** Three-valued: null is unknown. Of times, both ends of what they may be. */
type Truth = boolean | null;
type Around = { readonly row: Row; readonly zone: string; readonly nowMs: number };

function truthOf(expr: Expr, around: Around): Truth {
  if (expr.kind === 'unary') return inverse(truthOf(expr.operand, around));
  if (expr.kind === 'binary' && (expr.operator === 'AND' || expr.operator === 'OR'))
    return joined(expr.operator === 'AND', truthOf(expr.left, around), truthOf(expr.right, around));
  if (expr.kind === 'binary') return compared(expr.left, expr.operator, expr.right, around);
  if (expr.kind === 'between') {
    const above = compared(expr.operand, '>=', expr.low, around);
    return joined(true, above, compared(expr.operand, '<=', expr.high, around));
  }
  if (expr.kind === 'in' && !('body' in expr.options))
    return expr.options
      .map((item) => compared(expr.operand, '=', item, around))
      .reduce((a, b) => joined(false, a, b));
  if (expr.kind === 'is') return columnValues(expr.operand, around.row).length === 0;
  if (expr.kind === 'like') {
    const pattern = expr.pattern.kind === 'string' ? expr.pattern.value : '';
    const values = columnValues(expr.operand, around.row);
    return values.length === 0 ? null : values.some((value) => isLike(String(value), pattern));
  }
  if (expr.kind === 'call') return isInInterval(expr.args[1], around);
  throw new Error(`the evaluator does not know ${expr.kind}`);
}

function inverse(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function joined(isAnd: boolean, a: Truth, b: Truth): Truth {
  const decides = !isAnd;
  if (a === decides || b === decides) return decides;
  return a === null || b === null ? null : isAnd;
}

function isLike(value: string, pattern: string): boolean {
  const source = [...pattern].map((it) => (it === '%' ? '.*' : it === '_' ? '.' : it)).join('');
  return new RegExp(`^${source}$`, 'su').test(value);
}

function columnValues(expr: Expr, it: Row): readonly (string | number)[] {
  if (expr.kind !== 'column') throw new Error('no column');
  const value = it[expr.path[0]?.text as keyof Row];
  return value === null ? [] : typeof value === 'object' ? value : [value];
}

function compared(left: Expr, sign: string, right: Expr, around: Around): Truth {
  const holds = (a: number): boolean =>
    ({ '=': a === 0, '<': a < 0, '<=': a <= 0, '>': a > 0, '>=': a >= 0, '<>': a !== 0 })[sign] ?? false;
  const turn = isValue(right) || !isValue(left) ? 1 : -1;
  const [tested, value] = turn === 1 ? [left, right] : [right, left];
  if (isTime(left) || isTime(right)) {
    const difference = momentOf(tested, around) - momentOf(value, around);
    return holds(turn * Math.sign(difference));
  }
  const values = columnValues(tested, around.row);
  if (values.length === 0) return null;
  const literal = value.kind === 'string' ? value.value : numberOf(value);
  return values.some((one) => holds(turn * order(one, literal)));
}

function order(a: string | number, b: string | number): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
  // A column of floats holds what is nearest.
  return Math.fround(a) === Math.fround(Number(b)) ? 0 : a - Number(b);
}

function isValue(expr: Expr): boolean {
  return expr.kind !== 'column' && !isTime(expr);
}

const times = new WeakMap<Expr, boolean>();

function isTime(expr: Expr): boolean {
  const isKnown = times.get(expr) ?? JSON.stringify(expr).includes('"__time"');
  times.set(expr, isKnown);
  return isKnown;
}

/** Of one statement, and so of one zone. */
const constants = new WeakMap<Expr, number>();

function momentOf(expr: Expr, around: Around): number {
  const ms = constants.get(expr) ?? timeOf(expr, around);
  if (!isTime(expr)) constants.set(expr, ms);
  return ms;
}

function numberOf(expr: Expr): number {
  if (expr.kind === 'number') return Number(expr.text);
  if (expr.kind === 'unary') return -numberOf(expr.operand);
  throw new Error('no number');
}

function timeOf(expr: Expr, around: Around): number {
  switch (expr.kind) {
    case 'column':
      return around.row.__time;
    case 'string':
    case 'time':
      return instantOf(expr.value, around.zone);
    case 'roundTime': {
      const operand = timeOf(expr.operand, around);
      const start = floorTo(operand, expr.unit, around.zone);
      if (expr.direction === 'FLOOR' || start === operand) return start;
      return zoned(start, around.zone).add({ [`${expr.unit.toLowerCase()}s`]: 1 }).epochMilliseconds;
    }
    case 'binary':
      if (expr.right.kind !== 'interval') break;
      return shift(timeOf(expr.left, around), expr.right.from, Number(expr.right.value), around.zone);
    case 'call':
      return timeOfCall(expr, around);
    default:
  }
  throw new Error(`the evaluator does not know ${expr.kind}`);
}

function timeOfCall(call: Expr & { kind: 'call' }, around: Around): number {
  const [first, second, third] = call.args;
  const word = (expr: Expr | undefined): string => (expr?.kind === 'string' ? expr.value : '');
  if (call.name.text === 'CURRENT_TIMESTAMP' || first === undefined) return around.nowMs;
  if (call.name.text === 'MILLIS_TO_TIMESTAMP') return numberOf(first);
  if (call.name.text === 'TIMESTAMPADD' && second !== undefined && third !== undefined)
    return shift(timeOf(third, around), word(first), numberOf(second), around.zone);
  if (call.name.text === 'DATE_TRUNC' && second !== undefined)
    return floorTo(timeOf(second, around), word(first).toUpperCase(), around.zone);
  const unit = { PT1H: 'HOUR', P1D: 'DAY', P1M: 'MONTH' }[word(second)] ?? '';
  return floorTo(timeOf(first, around), unit, around.zone);
}

function zoned(ms: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
}

function instantOf(value: string, zone: string): number {
  if (value.endsWith('Z')) return Date.parse(value);
  return Temporal.PlainDateTime.from(value.replace(' ', 'T')).toZonedDateTime(zone).epochMilliseconds;
}

function shift(ms: number, unit: string, steps: number, zone: string): number {
  return zoned(ms, zone).add({ [`${unit.toLowerCase()}s`]: steps }).epochMilliseconds;
}

/** On the wall clock, as SQL sees it. */
function floorTo(ms: number, unit: string, zone: string): number {
  const plain = zoned(ms, zone).toPlainDateTime();
  const hour = plain.with({ minute: 0, second: 0, millisecond: 0 });
  const day = hour.with({ hour: 0 });
  const month = day.with({ day: 1 });
  const starts: Readonly<Record<string, Temporal.PlainDateTime>> = {
    HOUR: hour,
    DAY: day,
    WEEK: day.subtract({ days: day.dayOfWeek - 1 }),
    MONTH: month,
    QUARTER: month.with({ month: month.month - ((month.month - 1) % 3) }),
    YEAR: month.with({ month: 1 }),
  };
  return (starts[unit] ?? plain).toZonedDateTime(zone).epochMilliseconds;
}

function isInInterval(interval: Expr | undefined, around: Around): boolean {
  const [from = '', to = ''] = interval?.kind === 'string' ? interval.value.split('/') : [];
  const start = instantOf(from, around.zone);
  const end = to.startsWith('P')
    ? zoned(start, around.zone).add(to).epochMilliseconds
    : instantOf(to, around.zone);
  return around.row.__time >= start && around.row.__time < end;
}

/** As a segment is left out: by what its only row has at least and at most. */
function isWithin(it: Row, { fromMs, toMs, columns }: Bounds): boolean {
  if (fromMs !== null && it.__time < fromMs) return false;
  if (toMs !== null && it.__time >= toMs) return false;
  return columns.every(({ column, low, high }) => {
    const value = it[column as keyof Row];
    const values = value === null ? [] : typeof value === 'object' ? value : [value];
    return values.some(
      (one) => (low === null || bytes(one, low) >= 0) && (high === null || bytes(one, high) <= 0),
    );
  });
}

/** A bound of another kind than the column says nothing of it. */
function bytes(value: string | number, bound: string | number): number {
  if (typeof value !== typeof bound) return 0;
  if (typeof value === 'number') return value - Number(bound);
  return Buffer.compare(Buffer.from(value), Buffer.from(String(bound)));
}

test('no matching row lies outside the bounds, and many others do', () => {
  let matching = 0;
  let leftOut = 0;
  fc.assert(
    fc.property(
      condition,
      fc.array(row, { minLength: 12, maxLength: 12 }),
      fc.constantFrom(...zones),
      (where, rows, zone) => {
        const sql = `select * from t where ${where}`;
        const statement = parse(sql);
        const nowMs = centreMs + 12_345;
        const bounds = tablesUsed(statement, { timeZone: zone, nowMs })[0]?.bounds;
        const { body } = statement.query;
        if (bounds === undefined || body.kind !== 'select' || body.where === null)
          throw new Error('no bounds');
        for (const it of rows) {
          const isMatching = truthOf(body.where, { row: it, zone, nowMs }) === true;
          const isKept = isWithin(it, bounds);
          if (isMatching) matching += 1;
          if (!isKept) leftOut += 1;
          if (isMatching && !isKept)
            throw new Error(`${sql}\n${zone}\n${JSON.stringify(it)}\n${JSON.stringify(bounds)}`);
        }
      },
    ),
    { seed, numRuns: 800 },
  );
  // Otherwise the test would hold for bounds that say nothing, or for conditions that match nothing.
  expect(matching).toBeGreaterThan(1000);
  expect(leftOut).toBeGreaterThan(2000);
}, 60_000);
