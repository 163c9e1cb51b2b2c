/**
 * A first or last metric is two columns of a file: the value under the metric's name, and its time in milliseconds beside it.
 * The time is needed to join rows; SQL shows it to nobody.
 */

/** Names of columns have no control characters (spec/names.ts), so nothing of a user's can be called like this. */
const ending = '\u001ftime';

export function metricTimeOf(column: string): string {
  return `${column}${ending}`;
}

export function isMetricTime(column: string): boolean {
  return column.endsWith(ending);
}
