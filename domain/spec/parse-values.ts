/**
 * The kinds of value a spec field can have, as zod schemas: lenient where Jackson is and it does no harm.
 *
 * `"2"` is a number and `"true"` a boolean, as Druid reads them; `2.5` is no task count. The message of an issue is
 * what was expected; the reader puts path and value around it.
 */
import { z } from 'zod';
import { parseInstant } from './instant.ts';
import { formatPeriod, parsePeriod } from './period.ts';

export const intMax = 2_147_483_647;

/** Longer periods are taken for a mistake; a hundred years. */
export const periodMaxMs = 36_525 * 86_400_000;

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodType<number> {
  const bound =
    max === Number.MAX_SAFE_INTEGER || max === intMax ? `of at least ${min}` : `from ${min} to ${max}`;
  const error = `a whole number ${bound}`;
  return z.preprocess(numberOfText, z.int({ error }).min(min, { error }).max(max, { error }));
}

/** The largest of Java. */
const longMax = 2 ** 63;

/**
 * A `long` of Java that is only compared: beyond 2^53 the nearest number stands for it, as for the 9223372036854775807 that
 * people write for "never".
 */
export function longNumber(min: number): z.ZodType<number> {
  const error = `a whole number from ${min} to 9223372036854775807`;
  const isLong = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= longMax;
  return z.preprocess(
    (value) =>
      typeof value === 'string' && /^\s*\d{16,19}\s*$/.test(value) ? Number(value) : numberOfText(value),
    z.custom<number>(isLong, { error }),
  );
}

/** Milliseconds as a `long`; what is longer than a hundred years is as good as never, and kept as a hundred years. */
export function longMillis(min: number): z.ZodType<number> {
  return longNumber(min).transform((ms) => Math.min(ms, periodMaxMs));
}

/** Any number that passes, also as a text. */
export function decimal(expected: string, passes: (value: number) => boolean): z.ZodType<number> {
  return z.preprocess(
    (value) =>
      typeof value === 'string' && /^\s*[+-]?\d{1,15}(\.\d{1,20})?([eE][+-]?\d{1,3})?\s*$/.test(value)
        ? Number(value) + 0
        : numberOfText(value),
    z.custom<number>((value) => typeof value === 'number' && Number.isFinite(value) && passes(value), {
      error: expected,
    }),
  );
}

/** Also makes 0 of JSON's -0, which would not survive being written and read again. */
function numberOfText(value: unknown): unknown {
  if (typeof value === 'number') return value + 0;
  return typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value) ? Number(value) + 0 : value;
}

export const flag: z.ZodType<boolean> = z.preprocess(
  (value) => (typeof value === 'string' ? (booleanTexts.get(value.trim().toLowerCase()) ?? value) : value),
  z.boolean({ error: 'true or false' }),
);

const booleanTexts: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

export function text(expected: string): z.ZodType<string> {
  return z.string({ error: expected }).min(1, { error: expected });
}

/** One of a few words, in any case. */
export function word<const W extends string>(words: readonly [W, ...W[]]): z.ZodType<W> {
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.toLowerCase() : value),
    z.enum(words, { error: words.length === 1 ? words[0] : `one of ${words.join(', ')}` }),
  );
}

export type PeriodBounds = { readonly min: 'zero' | 'aboveZero' };

/** ISO 8601 of fixed length; a plain number is milliseconds. */
export function period({ min }: PeriodBounds): z.ZodType<number> {
  const bound = min === 'zero' ? 'of PT0S or more' : 'longer than PT0S';
  return periodOf((ms) => {
    if (ms < 0 || (min === 'aboveZero' && ms === 0)) return `a period ${bound}`;
    return ms > periodMaxMs ? `a period of at most ${formatPeriod(periodMaxMs)}` : null;
  });
}

/** As `period`, but a length beyond all reason (`P2147483647D`) means never, which is null. */
export const periodOrNever: z.ZodType<number | null> = periodOf((ms) =>
  ms > 0 ? null : 'a period longer than PT0S',
).transform((ms) => (ms > periodMaxMs ? null : ms));

/** Any length that parses, for a field whose too small values are raised. */
export const periodOfAnyLength: z.ZodType<number> = periodOf((ms) => {
  if (ms < 0) return 'a period of PT0S or more';
  return ms > periodMaxMs ? `a period of at most ${formatPeriod(periodMaxMs)}` : null;
});

function periodOf(complaint: (ms: number) => string | null) {
  return z.unknown().transform((value, context): number => {
    const ms = periodMs(value);
    const message = typeof ms === 'string' ? ms : complaint(ms);
    if (message === null) return Number(ms);
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  });
}

/** Milliseconds, or what was expected instead. */
function periodMs(value: unknown): number | string {
  const usual = 'an ISO 8601 period such as PT1H, PT30S or P1D';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : usual;
  if (typeof value !== 'string') return usual;
  const parsed = parsePeriod(value.trim());
  if (parsed.kind === 'ok') return parsed.ms + 0;
  return parsed.kind === 'notFixed' ? 'a period of fixed length, without months and years' : usual;
}

/** ISO 8601, UTC unless it says otherwise, or milliseconds since 1970. */
export const instant: z.ZodType<number> = z.unknown().transform((value, context): number => {
  const ms = typeof value === 'string' ? parseInstant(value.trim()) : value;
  if (typeof ms === 'number' && Number.isSafeInteger(ms) && Math.abs(ms) <= instantMaxMs) return ms + 0;
  const message = 'an ISO 8601 time such as 2026-01-31T12:00:00Z, or milliseconds since 1970';
  context.issues.push({ code: 'custom', message, input: value });
  return z.NEVER;
});

/** The range of `Date`. */
const instantMaxMs = 8_640_000_000_000_000;
