/**
 * The DuckDB SQL by which rows of one group become one, exactly as the states of one index add up (metric-states.ts): for
 * pieces merged in a worker, and for pieces joined by a query. Sketches are joined by functions of ours that only a query
 * process has (query/sketch-functions.ts).
 */
export type Merge = 'sum' | 'min' | 'max' | 'first' | 'last' | 'any' | 'hll' | 'quantiles';

export type Merged = {
  readonly merge: Merge;
  readonly type: string;
  readonly value: string;
  /** Of `first` and `last`. */
  readonly time: string;
  /** Expressions by which rows stand in the order of reading. */
  readonly order: readonly string[];
};

/** DuckDB alone can join them. */
export function isPlainMerge(merge: Merge | null): boolean {
  return merge !== 'hll' && merge !== 'quantiles';
}

/** Of equal times the order of reading decides. */
export function needsOrder(merge: Merge | null): boolean {
  return merge === 'first' || merge === 'last' || merge === 'any';
}

/** What rows are grouped by for a column. DuckDB groups -0 with 0, in lists too. */
export function groupKeys(type: string, value: string): string[] {
  if (type === 'DOUBLE[]') return [value, `cast(${value} as varchar)`];
  return isFloating(type) ? [value, `signbit(${value})`] : [value];
}

export function addedUp({ merge, type, value, time, order }: Merged): string {
  switch (merge) {
    case 'sum':
    case 'min':
    case 'max':
      return isFloating(type) ? floating(merge, type, value) : `cast(${merge}(${value}) as ${type})`;
    case 'first':
      return `arg_min_null(${value}, row(${[time, ...order].join(', ')})) filter (where ${time} is not null)`;
    case 'last':
      return `arg_max_null(${value}, row(${[time, ...order].join(', ')})) filter (where ${time} is not null)`;
    case 'any':
      return `arg_min_null(${value}, row(${order.join(', ')})) filter (where ${value} is not null)`;
    case 'hll':
      return `headgate_hll_union(list(${value}), 21)`;
    case 'quantiles':
      return `headgate_quantiles_union(list(${value}), 32768)`;
  }
}

function isFloating(type: string): boolean {
  return type === 'FLOAT' || type === 'DOUBLE';
}

/**
 * NaN wins in Java's min and is the largest in DuckDB, where -0 and 0 are equal; fsum turns infinities into NaN, and a
 * double beyond a float is no float. A sum of longs fits int64 as long as no value is beyond 2^53.
 */
function floating(merge: 'sum' | 'min' | 'max', type: string, value: string): string {
  if (merge === 'sum') return floatingSum(value, type);
  const isZero = merge === 'min' ? `signbit(${value})` : `not signbit(${value})`;
  const zero = merge === 'min' ? '-0.0' : '0.0';
  return (
    `case when bool_or(isnan(${value})) then cast('NaN' as ${type}) ` +
    `when ${merge}(${value}) = 0 and bool_or(${value} = 0 and ${isZero}) then cast('${zero}' as ${type}) ` +
    `else ${merge}(${value}) end`
  );
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
