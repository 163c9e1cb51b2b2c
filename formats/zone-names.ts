/**
 * Which words Java knows as time zones (`TimeZone.getAvailableIDs`): the last word of an `auto` timestamp may be one.
 */
import { javaShortNames } from '../domain/time-zones.ts';
import { isZoneId } from '../domain/zone-ids.ts';

const oldNames: ReadonlySet<string> = new Set(javaShortNames);
/** In the database, but Java leaves them out. */
const unknownToJava: ReadonlySet<string> = new Set(['GMT+0', 'GMT-0', 'ROC']);

export function isZoneName(word: string): boolean {
  return (isZoneId(word) && !unknownToJava.has(word)) || oldNames.has(word);
}
