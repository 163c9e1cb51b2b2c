/**
 * The DuckDB SQL by which rows of one group become one, exactly as the states of one index add up (metric-states.ts): for
 * pieces merged in a worker, and for pieces joined by a query.
 */
export type Merge = 'sum' | 'min' | 'max';

/** What rows are grouped by for a column. DuckDB groups -0 with 0. */
export function groupKeys(type: string, value: string): string[] {
  return isFloating(type) ? [value, `signbit(${value})`] : [value];
}

/**
 * NaN wins in Java's min and is the largest in DuckDB, where -0 and 0 are equal; fsum turns infinities into NaN, and a
 * double beyond a float is no float. A sum of longs fits int64 as long as no value is beyond 2^53.
 */
export function addedUp(merge: Merge, type: string, value: string): string {
  if (!isFloating(type)) return `cast(${merge}(${value}) as ${type})`;
  if (merge === 'sum') return floatingSum(value, type);
  const isZero = merge === 'min' ? `signbit(${value})` : `not signbit(${value})`;
  const zero = merge === 'min' ? '-0.0' : '0.0';
  return (
    `case when bool_or(isnan(${value})) then cast('NaN' as ${type}) ` +
    `when ${merge}(${value}) = 0 and bool_or(${value} = 0 and ${isZero}) then cast('${zero}' as ${type}) ` +
    `else ${merge}(${value}) end`
  );
}

function isFloating(type: string): boolean {
  return type === 'FLOAT' || type === 'DOUBLE';
}

function floatingSum(value: string, type: string): string {
  const sum = `case when isfinite(sum(${value})) then fsum(${value}) else sum(${value}) end`;
  if (type === 'DOUBLE') return sum;
  const largest = '3.4028234663852886e38';
  return (
    `case when ${sum} > ${largest} then cast('Infinity' as FLOAT) ` +
    `when ${sum} < -${largest} then cast('-Infinity' as FLOAT) else cast(${sum} as FLOAT) end`
  );
}
