/** Times as people type them: an instant in ISO form, or so long ago. */

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const momentForms =
  'an instant such as 2026-11-21T09:30:00Z (UTC without a zone), or -30s, -15m, -2h, -3d';

/** `-2h` and `2h` mean the same: nothing can be asked of the future. Null: neither form. */
export function readMoment(text: string, nowMs: number): number | null {
  const relative = /^-?(\d{1,6})(s|m|h|d)$/.exec(text.trim());
  if (relative !== null) return nowMs - Number(relative[1]) * unitMs[relative[2] as keyof typeof unitMs];
  if (text.trim() === 'now') return nowMs;
  return readInstant(text.trim());
}

/** No other form that JavaScript would guess at, and UTC where it would take the zone of this machine. */
function readInstant(text: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
    text,
  );
  if (parts === null) return null;
  const [, day, time, zone] = parts;
  const ms = Date.parse(`${day}T${time ?? '00:00'}${zone ?? 'Z'}`);
  // 2026-02-30 is no day; JavaScript makes the second of March of it.
  const isDay = new Date(Date.parse(`${day}T00:00Z`)).toISOString().startsWith(day ?? '');
  return Number.isNaN(ms) || !isDay ? null : ms;
}
