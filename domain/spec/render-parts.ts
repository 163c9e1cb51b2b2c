/** How parts of a spec are filled and written out, the same way in every section. */
import { knownNames } from './field-names.ts';
import { parsePeriod } from './period.ts';
import { Digits, isShownObject, type Shown, type ShownObject } from './shown-json.ts';

/** Null counts as not given, as for Jackson. */
export function given(raw: ShownObject, name: string): Shown | undefined {
  return Object.hasOwn(raw, name) ? (raw[name] ?? undefined) : undefined;
}

/** What is posted as an object; {} for anything else. */
export function part(raw: ShownObject, name: string): ShownObject {
  const value = given(raw, name);
  return isShownObject(value) ? value : {};
}

/** The defaults, each replaced by what is posted of it, in its kind: `"2"` where a number stands is 2. */
export function filled(raw: ShownObject, defaults: ShownObject): ShownObject {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, standard]) => {
      const value = given(raw, name);
      if (value === undefined) return [name, standard];
      if (isShownObject(standard) && isShownObject(value)) return [name, { ...standard, ...value }];
      return [name, ofKind(value, standard)];
    }),
  );
}

function ofKind(value: Shown, standard: Shown): Shown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  if (typeof standard === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (typeof standard !== 'number' || !/^-?\d+(\.\d+)?$/.test(text)) return value;
  return String(Number(text)) === text ? Number(text) : new Digits(text);
}

/** What else is posted there and has a name in the field table; other names are left out, as Druid does. */
export function rest(raw: ShownObject, place: string, without: readonly string[]): ShownObject {
  const names = knownNames(place).filter((name) => !without.includes(name));
  const entries = names.map((name) => [name, given(raw, name)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Shown] => entry[1] !== undefined));
}

/** As Joda-Time writes a duration: in seconds, with three digits below them if there are any. */
export function durationText(ms: number): string {
  const millis = ms % 1000;
  const fraction = millis === 0 ? '' : `.${String(millis).padStart(3, '0')}`;
  return `PT${Math.floor(ms / 1000)}${fraction}S`;
}

/** A posted duration in that form; anything that is none stays as it is. */
export function shownDuration(value: Shown): Shown {
  if (typeof value === 'number') return durationText(value);
  const parsed = typeof value === 'string' ? parsePeriod(value.trim()) : null;
  const isExact = parsed?.kind === 'ok' && parsed.ms >= 0 && Number.isSafeInteger(parsed.ms);
  return isExact ? durationText(parsed.ms) : value;
}

export function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
