/** Java's text of a double, written by DuckDB: the twin of domain/double-text.ts. */
import { once } from './functions/fragments.ts';

/** As Java prints a double: `1.0`, `1.0E7`, `1.5E-4`, `NaN`. DuckDB writes the same digits in another form. */
export function doubleText(sql: string): string {
  return once([sql], (x) => {
    const plain = `CAST(CAST(${x} AS DOUBLE) AS VARCHAR)`;
    const digits = `CAST(CAST(abs(${x}) AS DOUBLE) AS VARCHAR)`;
    return `CASE WHEN isnan(CAST(${x} AS DOUBLE)) THEN 'NaN' WHEN isinf(CAST(${x} AS DOUBLE)) THEN CASE WHEN ${x} < 0 THEN '-Infinity' ELSE 'Infinity' END
      WHEN ${x} = 0 OR (abs(${x}) >= 0.001 AND abs(${x}) < 10000000) THEN ${plain}
      ELSE ${scientific(`CASE WHEN ${x} < 0 THEN '-' ELSE '' END`, digits)} END`.replace(/\s+/g, ' ');
  });
}

/** `digits` is `12345678.9`, `1e+16`, `1.5e-07` or `0.0001`. */
function scientific(sign: string, digits: string): string {
  const mantissa = `split_part(${digits}, 'e', 1)`;
  const bare = `rtrim(ltrim(replace(${mantissa}, '.', ''), '0'), '0')`;
  const moved = `CASE WHEN ${mantissa} LIKE '0.%' THEN strlen(ltrim(split_part(${mantissa}, '.', 2), '0')) - strlen(split_part(${mantissa}, '.', 2)) - 1 ELSE strlen(split_part(${mantissa}, '.', 1)) - 1 END`;
  const exponent = `(coalesce(TRY_CAST(split_part(${digits}, 'e', 2) AS BIGINT), 0) + ${moved})`;
  return `${sign} || left(${bare}, 1) || '.' || CASE WHEN strlen(${bare}) > 1 THEN substring(${bare}, 2) ELSE '0' END || 'E' || ${exponent}`;
}
