/** Offsets, zone ids and short zone names within a text, as Joda-Time's patterns `Z`, `ZZ`, `ZZZ` and `z` read them. */
import { isZoneId } from '../../domain/zone-ids.ts';
import { isDigit, type Cursor, type Step } from './steps.ts';

/** `Z`, or a sign with `hh`, `hhmm`, `hh:mm` and so on down to milliseconds. */
export const offsetStep: Step = (cursor) => {
  const found = readOffset(cursor.text, cursor.at);
  if (found === null) return false;
  cursor.offsetMs = found.offsetMs;
  cursor.at = found.end;
  return true;
};

/** Null: no offset stands there. */
export function readOffset(text: string, from: number): { offsetMs: number; end: number } | null {
  const first = text.charAt(from);
  if (first === 'Z' || first === 'z') return { offsetMs: 0, end: from + 1 };
  if (first !== '+' && first !== '-') return null;
  const reader = new OffsetReader(text, from + 1);
  const size = reader.read();
  return size === null ? null : { offsetMs: first === '-' ? 0 - size : size, end: reader.at };
}

class OffsetReader {
  readonly #text: string;
  at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  read(): number | null {
    const hours = this.#two(23);
    if (hours === null) return null;
    let size = hours * 3_600_000;
    const colons = this.#text.charAt(this.at) === ':';
    for (const unitMs of [60_000, 1000]) {
      if (!this.#goesOn(colons, ':')) return size;
      const value = this.#two(59);
      if (value === null) return null;
      size += value * unitMs;
    }
    if (!this.#goesOn(colons, '.') && !(colons && this.#goesOn(colons, ','))) return size;
    const fraction = /^\d{1,3}/.exec(this.#text.slice(this.at, this.at + 3));
    if (fraction === null) return null;
    this.at += fraction[0].length;
    return size + Number(fraction[0].padEnd(3, '0'));
  }

  /** Whether another part follows; takes the sign between them. */
  #goesOn(withSign: boolean, sign: string): boolean {
    if (!withSign) return isDigit(this.#text.charCodeAt(this.at));
    if (this.#text.charAt(this.at) !== sign) return false;
    this.at += 1;
    return true;
  }

  #two(max: number): number | null {
    const digits = this.#text.slice(this.at, this.at + 2);
    if (!/^[0-9]{2}$/.test(digits) || Number(digits) > max) return null;
    this.at += 2;
    return Number(digits);
  }
}

const maxIdLength = 40;
/** `Antarctica/` is the longest area. */
const maxAreaLength = 11;

/** The longest id of the IANA database that stands there, in its own letters. */
export const zoneIdStep: Step = (cursor) => {
  const { text, at } = cursor;
  const slash = text.slice(at, at + maxAreaLength).indexOf('/');
  for (let end = Math.min(text.length, at + maxIdLength); end > at + slash + 1; end--) {
    const id = text.slice(at, end);
    if (isZoneId(id)) return take(cursor, id, end);
  }
  return false;
};

const shortNames: readonly (readonly [string, string])[] = [
  ['UTC', 'UTC'],
  ['GMT', 'UTC'],
  ['EST', 'America/New_York'],
  ['EDT', 'America/New_York'],
  ['CST', 'America/Chicago'],
  ['CDT', 'America/Chicago'],
  ['MST', 'America/Denver'],
  ['MDT', 'America/Denver'],
  ['PST', 'America/Los_Angeles'],
  ['PDT', 'America/Los_Angeles'],
  ['UT', 'UTC'],
];

/** The few names Joda-Time knows; each is the zone, whatever the season: PST in July is PDT. */
export const zoneNameStep: Step = (cursor) => {
  const found = shortNames.find(([name]) => cursor.text.startsWith(name, cursor.at));
  return found !== undefined && take(cursor, found[1], cursor.at + found[0].length);
};

function take(cursor: Cursor, zoneId: string, end: number): boolean {
  cursor.zoneId = zoneId;
  cursor.at = end;
  return true;
}
