/** Texts of the environment turned into values, or into what was expected instead. */
import { fileURLToPath } from 'node:url';

export type Parsed<T> = { readonly value: T } | { readonly expected: string };

const minute = 60_000;

export function hasProtocol(text: string, protocols: readonly string[]): boolean {
  try {
    const url = new URL(text);
    return protocols.includes(url.protocol) && url.hostname !== '';
  } catch {
    return false;
  }
}

export function folderOfUrl(text: string): Parsed<string> {
  const expected = { expected: 'a URL of a folder such as file:///var/lib/headgate/segments' };
  try {
    const folder = fileURLToPath(new URL(text));
    return { value: folder.length > 1 ? folder.replace(/\/+$/, '') : folder };
  } catch {
    return expected;
  }
}

export function word(text: string, expected: string): Parsed<string> {
  return /^[A-Za-z0-9._-]{1,200}$/.test(text) ? { value: text } : { expected };
}

export function integer(text: string, least: number, most: number): Parsed<number> {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  const inRange = value >= least && value <= most;
  return inRange ? { value } : { expected: `a whole number from ${least} to ${most}` };
}

export function period(text: string): Parsed<number> {
  const ms = periodMs(text);
  return ms === null ? { expected: 'a period such as PT10M, or milliseconds' } : { value: ms };
}

function periodMs(text: string): number | null {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const parts = /^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(\.\d{1,3})?S)?)?$/.exec(
    text,
  );
  if (!parts || !/\d/.test(text) || text.endsWith('T')) return null;
  const [days, hours, minutes, seconds, fraction] = parts.slice(1).map((part) => Number(part ?? 0));
  const whole = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * minute;
  return whole + Math.round(((seconds ?? 0) + (fraction ?? 0)) * 1000);
}
