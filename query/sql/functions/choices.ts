/** Functions that choose one of their arguments. */
import { castTo, coerceBoth, commonType } from '../casts.ts';
import { isNumber, isWhole, types } from '../typed-sql.ts';
import type { CallContext, SqlType, TypedSql } from '../typed-sql.ts';
import { argument, bigint, double, many, scalar, varchar } from './entries.ts';
import type { Entry } from './entries.ts';
import { nullOf, once } from './fragments.ts';

function inCommon(args: readonly TypedSql[], context: CallContext): { type: SqlType; sql: string[] } {
  const type = commonType(args.map((arg) => arg.type));
  return { type, sql: args.map((arg) => castTo(arg, type, context).sql) };
}

function firstKnown(args: readonly TypedSql[], context: CallContext): TypedSql {
  const { type, sql } = inCommon(args, context);
  return { sql: `coalesce(${sql.join(', ')})`, type };
}

/** Numbers and texts together are texts; longs are longs, all other numbers doubles. */
function reduction(name: string): Entry {
  return scalar(
    { syntax: `${name}([expr1, ...])`, args: [0, many], note: 'Nulls are passed over.' },
    (args, context) => {
      const known = args.filter((arg) => arg.type.name !== 'NULL');
      if (known.length === 0) return nullOf(types.varchar);
      const common = commonType(known.map((arg) => arg.type));
      const allNumbers = known.every((arg) => isNumber(arg.type));
      const allWhole = known.every((arg) => isWhole(arg.type));
      const isTime = common.name === 'TIMESTAMP' || common.name === 'DATE';
      const type = allWhole ? bigint : allNumbers ? double : isTime ? common : varchar;
      const sql = known.map((arg) => castTo(arg, type, context).sql);
      return { sql: `${name.toLowerCase()}(${sql.join(', ')})`, type };
    },
  );
}

export const choices: readonly Entry[] = [
  scalar({ syntax: 'COALESCE(value1, value2, ...)', args: [1, many], multi: 'whole' }, firstKnown),
  scalar({ syntax: 'NVL(value1, value2)', args: [2, 2], multi: 'whole' }, firstKnown),
  scalar({ syntax: 'NULLIF(value1, value2)', args: [2, 2] }, (args, context) => {
    const value = argument(args, 0);
    const other = argument(args, 1);
    if (coerceBoth(value, other, context)[0] === value)
      return { sql: `nullif(${value.sql}, ${coerceBoth(value, other, context)[1].sql})`, type: value.type };
    // Compared as another type than it has.
    const compared = (v: string, o: string): string => {
      const [left, right] = coerceBoth({ ...value, sql: v }, { ...other, sql: o }, context);
      return `CASE WHEN ${left.sql} = ${right.sql} THEN NULL ELSE ${v} END`;
    };
    return { sql: once([value.sql, other.sql], compared, 'u'), type: value.type };
  }),
  reduction('GREATEST'),
  reduction('LEAST'),
];
