/** Times as people read them: absolute in UTC, and how long ago. Pure, and the same on every machine. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `9 s`, `3 min`, `1 h 20 min`, `2 d 3 h`: two units at most. */
export function span(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1000)) * 1000;
  if (whole < minuteMs) return `${whole / 1000} s`;
  const minutes = Math.round(whole / minuteMs);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(whole / hourMs);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A moment that lies ahead comes from a clock that goes ahead of ours. */
export function ago(atMs: number, nowMs: number): string {
  return nowMs - atMs < 1_000 ? 'just now' : `${span(nowMs - atMs)} ago`;
}

/** `14:02:11` on the day of `nowMs`, with the date otherwise. UTC, which whoever shows it says once. */
export function clock(atMs: number, nowMs: number): string {
  const text = new Date(atMs).toISOString();
  const isToday = Math.floor(atMs / dayMs) === Math.floor(nowMs / dayMs);
  return isToday ? text.slice(11, 19) : `${text.slice(0, 10)} ${text.slice(11, 19)}`;
}

/** `1,234,567`. */
export function grouped(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `1 task`, `3 tasks`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}
