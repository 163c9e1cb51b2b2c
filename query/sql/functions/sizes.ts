/** HUMAN_READABLE_*: a number with its unit, `1.00 MiB`. */
import { castTo } from '../casts.ts';
import { argument, bigint, constantWhole, problem, scalar, varchar } from './entries.ts';
import type { Entry } from './entries.ts';
import { once } from './fragments.ts';

const letters = ['K', 'M', 'G', 'T', 'P', 'E'] as const;

type System = { readonly base: bigint; readonly infix: string; readonly suffix: string };

function readable(name: string, { base, infix, suffix }: System): Entry {
  return scalar({ syntax: `${name}(value[, precision])`, args: [1, 2] }, (args, context) => {
    const precision = args[1] === undefined ? 2 : constantWhole(args[1], 'the precision', context);
    if (precision < 0 || precision > 3)
      throw problem(context, `found the precision ${precision}, expected 0 to 3`);
    const value = castTo(argument(args, 0), bigint, context).sql;
    const sql = once([value], (v) => {
      const branches = [...letters.entries()].reverse().map(([index, letter]) => {
        const unit = base ** BigInt(index + 1);
        // What would read 1000.00 K is 1.00 M.
        const from = base === 1000n && index > 0 ? ((unit / 1000n) * 999_950n) / 1000n : unit;
        const number = `printf('%.${precision}f', CAST(${v} AS DOUBLE) / ${unit})`;
        return `WHEN abs(CAST(${v} AS HUGEINT)) >= ${from} THEN ${number} || ' ${letter}${infix}${suffix}'`;
      });
      const plain = suffix === '' ? `CAST(${v} AS VARCHAR)` : `CAST(${v} AS VARCHAR) || ' ${suffix}'`;
      return `CASE WHEN ${v} IS NULL THEN NULL ${branches.join(' ')} ELSE ${plain} END`;
    });
    return { sql, type: varchar };
  });
}

export const sizes: readonly Entry[] = [
  readable('HUMAN_READABLE_BINARY_BYTE_FORMAT', { base: 1024n, infix: 'i', suffix: 'B' }),
  readable('HUMAN_READABLE_DECIMAL_BYTE_FORMAT', { base: 1000n, infix: '', suffix: 'B' }),
  readable('HUMAN_READABLE_DECIMAL_FORMAT', { base: 1000n, infix: '', suffix: '' }),
];
