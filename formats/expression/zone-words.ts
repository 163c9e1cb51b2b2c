/** English names of time zones, as Java prints them: `CET`, `Central European Standard Time`. */
import type { TimeZone } from '../../domain/time-zones.ts';

/** The runtime has short names per country; Java has them for all. */
const locales = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA', 'en-CA'];

/** Java's short names that no English locale of the runtime has: standard time, summer time. */
const shortNames: Readonly<Record<string, readonly [string, string]>> = {
  'Africa/Cairo': ['EET', 'EEST'],
  'Africa/Lagos': ['WAT', 'WAT'],
  'Africa/Nairobi': ['EAT', 'EAT'],
  'America/Argentina/Buenos_Aires': ['ART', 'ARST'],
  'America/Bogota': ['COT', 'COST'],
  'America/Lima': ['PET', 'PEST'],
  'America/Santiago': ['CLT', 'CLST'],
  'America/Sao_Paulo': ['BRT', 'BRST'],
  'Asia/Bangkok': ['ICT', 'ICST'],
  'Asia/Dhaka': ['BST', 'BDST'],
  'Asia/Dubai': ['GST', 'GDT'],
  'Asia/Hong_Kong': ['HKT', 'HKST'],
  'Asia/Jakarta': ['WIB', 'WIB'],
  'Asia/Jerusalem': ['IST', 'IDT'],
  'Asia/Karachi': ['PKT', 'PKST'],
  'Asia/Kathmandu': ['NPT', 'NPT'],
  'Asia/Manila': ['PST', 'PDT'],
  'Asia/Seoul': ['KST', 'KDT'],
  'Asia/Shanghai': ['CST', 'CDT'],
  'Asia/Singapore': ['SGT', 'SGT'],
  'Asia/Tehran': ['IRST', 'IRDT'],
  'Asia/Tokyo': ['JST', 'JDT'],
  'Europe/Istanbul': ['TRT', 'TRT'],
  'Europe/Moscow': ['MSK', 'MSD'],
};

type Length = 'short' | 'long';

const formats = new Map<string, Intl.DateTimeFormat>();

/** Null: the zone has no name, only an offset. */
export function zoneName(zone: TimeZone, ms: number, length: Length): string | null {
  if (zone.id === 'UTC') return length === 'short' ? 'UTC' : 'Coordinated Universal Time';
  if (zone.fixedOffsetMs !== null && /^[+-]/.test(zone.id)) return null;
  const known = length === 'short' && Object.hasOwn(shortNames, zone.id) ? shortNames[zone.id] : undefined;
  if (known !== undefined) return known[isSummer(zone, ms) ? 1 : 0];
  const like = sameClocks(zone, ms);
  for (const locale of length === 'long' ? locales.slice(0, 1) : locales) {
    const name = nameIn(locale, zone.id, like, length);
    if (name !== null && !/^(?:GMT|UTC)[+-]/.test(name)) return name;
  }
  return null;
}

/** A winter and a summer of our days: Java knows one name for each, whatever the year. */
const ourDays = [Date.UTC(2024, 0, 15), Date.UTC(2024, 6, 15)];

/** An instant of our days with the same offset, if there is one. */
function sameClocks(zone: TimeZone, ms: number): number {
  return ourDays.find((day) => zone.offsetAt(day) === zone.offsetAt(ms)) ?? ms;
}

function nameIn(locale: string, id: string, ms: number, length: Length): string | null {
  const key = `${locale} ${length} ${id}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { timeZone: id, timeZoneName: length });
    formats.set(key, format);
  }
  return format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? null;
}

/** Ahead of what the clocks of the zone show half a year before or after. */
function isSummer(zone: TimeZone, ms: number): boolean {
  const halfYear = 182 * 86_400_000;
  return zone.offsetAt(ms) > Math.min(zone.offsetAt(ms - halfYear), zone.offsetAt(ms + halfYear));
}
