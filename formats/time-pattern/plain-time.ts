/**
 * The quick way for what nearly every pattern is: at most one each of year, month, day, hour, minute, second and fraction. They
 * cannot contradict one another, so the instant follows from them at once; the long way (compile.ts) gives the same.
 */
import { dayMs, daysOfMonth, limitMs, startOfDay } from '../../domain/calendar.ts';
import { fields, yearOfYearless, type Field } from './fields.ts';

const dateFields: readonly Field[] = [fields.year, fields.month, fields.dayOfMonth];
const timeFields: readonly Field[] = [fields.hour, fields.minute, fields.second, fields.millisecond];

/** NaN: a value that its field cannot have. Null: the pattern needs the long way. */
export function plainTime(pattern: readonly Field[]): ((values: readonly number[]) => number) | null {
  if (new Set(pattern).size < pattern.length) return null;
  if (!pattern.every((field) => dateFields.includes(field) || timeFields.includes(field))) return null;
  const [year = -1, month = -1, day = -1] = dateFields.map((field) => pattern.indexOf(field));
  const noYear = month >= 0 || day >= 0 ? yearOfYearless : 1970;
  const times = timeFields.flatMap((field) => {
    const slot = pattern.indexOf(field);
    return slot < 0 ? [] : [{ slot, unitMs: field.unitMs, count: field.rangeMs / field.unitMs }];
  });
  return (values) => {
    let ms = dateOf(values[year] ?? noYear, values[month] ?? 1, values[day] ?? 1);
    for (const { slot, unitMs, count } of times) {
      const value = values[slot] ?? count;
      if (value >= count) return Number.NaN;
      ms += value * unitMs;
    }
    return ms;
  };
}

function dateOf(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN;
  if (day > 28 && day > daysOfMonth(year, month - 1)) return Number.NaN;
  const ms = startOfDay(year, month - 1, day);
  return Math.abs(ms) >= limitMs - dayMs ? Number.NaN : ms;
}
