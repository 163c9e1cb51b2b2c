/**
 * Time zones as a hot path: the offset of an instant, and the instant of a local time, from the zone rules of the runtime.
 *
 * `Intl.DateTimeFormat` takes microseconds, so its answers are kept: by days, where the clocks change by slots of 15 minutes, and
 * a slot within which they change (before standard time) is asked each time. No zone changes twice within a day. A local time that does not exist is read as if the clocks had
 * not been put forward yet, one that exists twice is the earlier one: so do Joda-Time, java.time and Temporal.
 */
import { isZoneId } from './zone-ids.ts';

export interface TimeZone {
  /** As written in the spec, or `+05:45` for a fixed offset. */
  readonly id: string;
  /** Null when it changes over the years. */
  readonly fixedOffsetMs: number | null;
  /** What clocks there show more than in UTC. */
  offsetAt(ms: number): number;
}

const dayMs = 86_400_000;
const quarterMs = 15 * 60_000;
const maxKept = 50_000;
/** `Date` ends here; clocks beyond are those of the ends. */
const endMs = 8_640_000_000_000_000;

class RuleZone implements TimeZone {
  readonly id: string;
  readonly fixedOffsetMs = null;
  readonly #format: Intl.DateTimeFormat;
  readonly #days = new Map<number, number>();
  readonly #quarters = new Map<number, number>();
  #lastDay = Number.NaN;
  #lastOffset = 0;

  constructor(id: string, format: Intl.DateTimeFormat) {
    this.id = id;
    this.#format = format;
  }

  offsetAt(ms: number): number {
    const day = Math.floor(ms / dayMs);
    if (day === this.#lastDay) return this.#lastOffset;
    const offset = this.#days.get(day) ?? this.#learn(this.#days, day, dayMs);
    if (Number.isNaN(offset)) return this.#onDayOfChange(ms);
    this.#lastDay = day;
    this.#lastOffset = offset;
    return offset;
  }

  #onDayOfChange(ms: number): number {
    const quarter = Math.floor(ms / quarterMs);
    const offset = this.#quarters.get(quarter) ?? this.#learn(this.#quarters, quarter, quarterMs);
    return Number.isNaN(offset) ? this.#ask(ms) : offset;
  }

  /** NaN: the offset changes within the slot. */
  #learn(slots: Map<number, number>, slot: number, lengthMs: number): number {
    const first = this.#ask(slot * lengthMs);
    const offset = first === this.#ask((slot + 1) * lengthMs - 1) ? first : Number.NaN;
    if (slots.size >= maxKept) slots.clear();
    slots.set(slot, offset);
    return offset;
  }

  /** From the end of `1970, GMT+05:30`. */
  #ask(ms: number): number {
    const text = this.#format.format(Math.min(Math.max(ms, -endMs), endMs));
    return offsetOf(text.slice(text.indexOf('GMT') + 3)) ?? 0;
  }
}

class FixedZone implements TimeZone {
  readonly id: string;
  readonly fixedOffsetMs: number;

  constructor(id: string, offsetMs: number) {
    this.id = id;
    this.fixedOffsetMs = offsetMs;
  }

  offsetAt(): number {
    return this.fixedOffsetMs;
  }
}

export const utc: TimeZone = new FixedZone('UTC', 0);

const offsetPattern = /^([+-])(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?$/;

/** `+05:45`, `-0830`, `+02`. */
function offsetOf(text: string): number | null {
  const match = offsetPattern.exec(text);
  if (match === null) return null;
  const [, sign, hours, minutes = '0', seconds = '0'] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? 0 - size : size;
}

const utcNames: ReadonlySet<string> = new Set([
  ...['UTC', 'UT', 'GMT', 'Z', 'UCT', 'GMT0', 'GMT+0', 'GMT-0', 'Greenwich', 'Universal', 'Zulu'],
  ...['UTC', 'UCT', 'GMT', 'GMT0', 'GMT+0', 'GMT-0', 'Greenwich', 'Universal', 'Zulu'].map(
    (name) => `Etc/${name}`,
  ),
]);

/** Names of old Java for zones that have better ones. `EST`, `MST` and `HST` are ids of their own. */
const javaNames: ReadonlyMap<string, string> = new Map(
  (
    'ACT Australia/Darwin,AET Australia/Sydney,AGT America/Argentina/Buenos_Aires,ART Africa/Cairo,' +
    'AST America/Anchorage,BET America/Sao_Paulo,BST Asia/Dhaka,CAT Africa/Harare,CNT America/St_Johns,' +
    'CST America/Chicago,CTT Asia/Shanghai,EAT Africa/Addis_Ababa,ECT Europe/Paris,IET America/Indiana/Indianapolis,' +
    'IST Asia/Kolkata,JST Asia/Tokyo,MIT Pacific/Apia,NET Asia/Yerevan,NST Pacific/Auckland,PLT Asia/Karachi,' +
    'PNT America/Phoenix,PRT America/Puerto_Rico,PST America/Los_Angeles,SST Pacific/Guadalcanal,VST Asia/Ho_Chi_Minh'
  )
    .split(',')
    .map((pair): [string, string] => [pair.slice(0, 3), pair.slice(4)]),
);

/** Old names that java.util.TimeZone knows; the last word of a text that is read as `auto` may be one. */
export const javaShortNames: readonly string[] = [...javaNames.keys()];

const known = new Map<string, TimeZone>([['UTC', utc]]);

/** An IANA id, an offset (`+05:45`, `UTC+2`) or an old Java name; null when there is no such zone. */
export function timeZone(id: string): TimeZone | null {
  const found = known.get(id);
  if (found !== undefined) return found;
  const zone = findZone(id);
  // Specs name few zones; records can name only those of the list.
  if (zone !== null && known.size < 1000) known.set(id, zone);
  return zone;
}

function findZone(id: string): TimeZone | null {
  if (utcNames.has(id)) return utc;
  if (isZoneId(id)) return zoneOfId(id);
  const offset = offsetOf(normalOffset(id));
  if (offset !== null) return offset === 0 ? utc : new FixedZone(offsetText(offset), offset);
  const java = javaNames.get(id);
  return java === undefined ? null : timeZone(java);
}

function zoneOfId(id: string): TimeZone | null {
  // Recent runtimes call these by the rules of a place; java.time and Joda-Time know them as fixed.
  const fixed = ({ EST: -5, MST: -7, HST: -10 } as Readonly<Record<string, number>>)[id];
  if (fixed !== undefined) return new FixedZone(id, fixed * 3_600_000);
  const etc = /^Etc\/GMT([+-])(\d{1,2})$/.exec(id);
  if (etc !== null) return new FixedZone(id, (etc[1] === '+' ? -1 : 1) * Number(etc[2]) * 3_600_000);
  try {
    const options = { timeZone: id, timeZoneName: 'longOffset', year: 'numeric' } as const;
    return new RuleZone(id, new Intl.DateTimeFormat('en-US', options));
  } catch {
    // A runtime with zone rules older than the list.
    return null;
  }
}

/** `UTC+2`, `GMT-5` and the like: as Java, one digit of hours will do there. */
function normalOffset(id: string): string {
  const match = /^(?:UTC|GMT|UT)([+-])(\d{1,2})((?::?\d{2})?)$/.exec(id);
  return match === null ? id : `${match[1]}${(match[2] ?? '').padStart(2, '0')}${match[3]}`;
}

function offsetText(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1000;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const end = seconds % 60 === 0 ? '' : `:${two(seconds % 60)}`;
  return `${offsetMs < 0 ? '-' : '+'}${two(seconds / 3600)}:${two((seconds / 60) % 60)}${end}`;
}

/** The instant at which clocks there show `localMs` (milliseconds from 1970-01-01T00:00 on those clocks). */
export function instantOfLocal(zone: TimeZone, localMs: number): number {
  if (zone.fixedOffsetMs !== null) return localMs - zone.fixedOffsetMs;
  // No zone changes by more than a day at once, and none twice within two days.
  const before = zone.offsetAt(localMs - dayMs);
  const after = zone.offsetAt(localMs + dayMs);
  if (before === after && zone.offsetAt(localMs - before) === before) return localMs - before;
  return zone.offsetAt(localMs - before) === before || zone.offsetAt(localMs - after) !== after
    ? localMs - before
    : localMs - after;
}

/** Whether clocks there ever show it; they skip some when they are put forward. */
export function localExists(zone: TimeZone, localMs: number): boolean {
  const ms = instantOfLocal(zone, localMs);
  return ms + zone.offsetAt(ms) === localMs;
}
