/**
 * Random statements: each is either refused by the translator or answered by DuckDB. What DuckDB itself would refuse
 * (a name it does not find, a type that does not fit) is a fault of the translation.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HeadgateError } from '../../../domain/errors.ts';
import { openWorld } from './translate-world.ts';
import type { World } from './translate-world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** The same statements in every run: a failure names its seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Kind = 'number' | 'text' | 'time' | 'condition';

class Writer {
  readonly #random: () => number;
  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  pick<T>(all: readonly T[]): T {
    const chosen = all[Math.floor(this.#random() * all.length)];
    if (chosen === undefined) throw new Error('nothing to pick');
    return chosen;
  }

  chance(of: number): boolean {
    return this.#random() < of;
  }

  expr(kind: Kind, depth: number): string {
    if (depth <= 0) return this.leaf(kind);
    const part = (of: Kind): string => this.expr(of, depth - 1);
    const any = (): string => part(this.pick(['number', 'text', 'time', 'condition']));
    switch (kind) {
      case 'number':
        return this.pick([
          () => `${part('number')} ${this.pick(['+', '-', '*'])} ${part('number')}`,
          () => `(${part('number')}) / 2`,
          () => `length(${part('text')})`,
          () => `cast(${any()} as ${this.pick(['bigint', 'double'])})`,
          () => `case when ${part('condition')} then ${part('number')} else ${part('number')} end`,
          () => `extract(hour from ${part('time')})`,
          () => `coalesce(${part('number')}, 0)`,
          () =>
            `(select max(age) from users where ${this.chance(0.5) ? 'users.country = e.country' : 'age > 1'})`,
        ])();
      case 'text':
        return this.pick([
          () => `${part('text')} || ${any()}`,
          () => `upper(${part('text')})`,
          () => `substring(${part('text')}, 1, 2)`,
          () => `cast(${any()} as varchar)`,
          () => `case when ${part('condition')} then ${part('text')} end`,
          () => `case ${part('text')} when ${part('text')} then ${part('text')} else 'q' end`,
          () => `nvl(${part('text')}, 'n')`,
          () => `mv_to_string(${part('text')}, ',')`,
        ])();
      case 'time':
        return this.pick([
          () => `floor(${part('time')} to day)`,
          () => `(${part('time')} + interval '1' ${this.pick(['hour', 'month'])})`,
          () => `time_shift(${part('time')}, 'P1D', 1)`,
        ])();
      case 'condition':
        return this.condition(depth);
    }
  }

  condition(depth: number): string {
    const part = (of: Kind): string => this.expr(of, depth - 1);
    const kind = this.pick<Kind>(['number', 'text', 'time']);
    return this.pick([
      () => `${part(kind)} ${this.pick(['=', '<>', '<', '>='])} ${part(kind)}`,
      () => `(${part('condition')} ${this.pick(['and', 'or'])} ${part('condition')})`,
      () => `not ${part('condition')}`,
      () => `${part(kind)} is ${this.pick(['', 'not '])}null`,
      () => `${part('text')} ${this.pick(['', 'not '])}like 'x%'`,
      () => `${part(kind)} ${this.pick(['', 'not '])}in (${this.leaf(kind)}, ${this.leaf(kind)})`,
      () => `${part(kind)} between ${this.leaf(kind)} and ${this.leaf(kind)}`,
      () => `${part('text')} in (select ${this.pick(['country', 'roles', 'upper(roles)'])} from users)`,
      () => `exists (select 1 from users where users.country = e.country)`,
    ])();
  }

  leaf(kind: Kind): string {
    const literals = {
      number: ['1', '2.5', '-3', 'null', '1e2'],
      text: ["'x'", "'US'", "''", 'null'],
      time: ["timestamp '2026-01-01 00:00:00'", 'current_timestamp'],
      condition: ['true', 'false', "country = 'US'", "tags = 'x'"],
    };
    const columns = {
      number: ['cnt', 'price', 'ratio'],
      text: ['country', 'page', 'tags', 'code', 'e.tags'],
      time: ['__time', 'e.__time'],
      condition: ['cnt > 1'],
    };
    return this.pick(this.chance(0.6) ? columns[kind] : literals[kind]);
  }

  aggregate(): string {
    const kind = this.pick<Kind>(['number', 'text']);
    const filter = this.chance(0.3) ? ` filter (where ${this.expr('condition', 1)})` : '';
    const call = this.pick([
      'count(*)',
      `count(${this.expr(kind, 1)})`,
      `count(distinct ${this.expr(kind, 1)})`,
      `sum(${this.expr('number', 1)})`,
      `avg(${this.expr('number', 1)})`,
      `min(${this.expr('time', 1)})`,
      `latest(${this.expr('number', 1)})`,
      `array_agg(${this.pick(['cnt', 'page'])} order by page)`,
    ]);
    return `${call}${filter}`;
  }

  statement(): string {
    const where = this.chance(0.5) ? ` where ${this.expr('condition', 2)}` : '';
    const keys = [this.kindExpr(), this.kindExpr()].slice(0, 1 + Math.floor(this.#random() * 2));
    const from = this.pick([
      'events e',
      'events e',
      '(select * from events) e',
      'events e left join (select country as c2, count(*) as n2 from users group by 1) u on e.country = u.c2',
      'events e cross join unnest(mv_to_array(tags)) as x (v)',
    ]);
    if (this.chance(0.5)) {
      const order = this.pick(['', ' order by 1', ` order by ${this.expr('number', 1)}`]);
      const extra = this.chance(0.3)
        ? ', row_number() over (partition by country order by __time) as rn'
        : '';
      const distinct = extra === '' && this.chance(0.2) ? 'distinct ' : '';
      return `select ${distinct}${keys.join(', ')}${extra} from ${from}${where}${order} limit 3`;
    }
    const group = this.pick([
      keys.map((_, index) => index + 1).join(', '),
      keys.join(', '),
      `rollup (${keys.join(', ')})`,
      `grouping sets ((${keys.join(', ')}), ())`,
    ]);
    const having = this.chance(0.3) ? ` having ${this.aggregate()} is not null` : '';
    const order = this.pick(['', ' order by 2 desc', ` order by ${this.aggregate()}`]);
    return `select ${keys.join(', ')}, ${this.aggregate()}, ${this.aggregate()} from ${from}${where} group by ${group}${having}${order} limit 3`;
  }

  kindExpr(): string {
    return this.expr(this.pick(['number', 'text', 'time', 'condition']), 2);
  }
}

/** Kinds of DuckDB's errors that only a wrong translation has. What depends on the rows may fail in Druid as well. */
const faults = [
  'Binder',
  'Parser',
  'Catalog',
  'Internal',
  'Not implemented',
  'Syntax',
  'Mismatch Type',
  'Conversion',
];

it('translates what it takes into SQL that DuckDB takes', { timeout: 120_000 }, async () => {
  let answered = 0;
  const wrong: string[] = [];
  for (let seed = 1; seed <= 1500; seed++) {
    const sql = new Writer(seed).statement();
    try {
      await world.answer(sql);
      answered += 1;
    } catch (error) {
      if (!(error instanceof HeadgateError)) throw new Error(`${seed}: ${sql}`, { cause: error });
      const { kind } = error.details;
      const isFault = typeof kind === 'string' && faults.includes(kind);
      if (isFault || / is not allowed here/.test(error.message))
        wrong.push(`${seed}: ${sql}: ${error.message}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(900);
});
