/** Window functions: the bare call, to which the translator adds OVER. */
import { castTo } from '../casts.ts';
import { argument, bigint, constantWhole, double, problem, windowed } from './entries.ts';
import type { Entry } from './entries.ts';
import type { SqlType } from '../typed-sql.ts';

function bare(name: string, type: SqlType): Entry {
  return windowed({ syntax: `${name}()`, args: [0, 0] }, () => ({ sql: `${name.toLowerCase()}()`, type }));
}

function neighbour(name: string): Entry {
  return windowed({ syntax: `${name}(expr[, offset[, default]])`, args: [1, 3] }, (args, context) => {
    const value = argument(args, 0);
    const offset = args[1] === undefined ? [] : [String(constantWhole(args[1], 'the offset', context))];
    const otherwise = args[2] === undefined ? [] : [castTo(args[2], value.type, context).sql];
    return {
      sql: `${name.toLowerCase()}(${[value.sql, ...offset, ...otherwise].join(', ')})`,
      type: value.type,
    };
  });
}

function edge(name: string, note: string): Entry {
  return windowed({ syntax: `${name}(expr)`, args: [1, 1], note }, (args) => {
    const value = argument(args, 0);
    return { sql: `${name.toLowerCase()}(${value.sql})`, type: value.type };
  });
}

export const windows: readonly Entry[] = [
  ...['ROW_NUMBER', 'RANK', 'DENSE_RANK'].map((name) => bare(name, bigint)),
  ...['PERCENT_RANK', 'CUME_DIST'].map((name) => bare(name, double)),
  windowed({ syntax: 'NTILE(tiles)', args: [1, 1] }, (args, context) => {
    const tiles = constantWhole(argument(args, 0), 'the number of tiles', context);
    if (tiles < 1) throw problem(context, `found ${tiles} tiles, expected 1 or more`);
    return { sql: `ntile(${tiles})`, type: bigint };
  }),
  neighbour('LAG'),
  neighbour('LEAD'),
  edge('FIRST_VALUE', ''),
  edge('LAST_VALUE', 'With ORDER BY and without a frame the window ends at the current row, as in SQL.'),
];
