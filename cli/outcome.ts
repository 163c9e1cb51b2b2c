/** What became of an order, or would: one sentence, and the offsets it skips or reads again. */
import { counted } from '../domain/explain/moments.ts';
import { isObject } from './client.ts';
import { tableText } from './output.ts';
import { printable } from './sql/display-width.ts';

/** `to` is exclusive, null where the old log is gone. A log has offsets without a record: records are counted at most. */
type Range = {
  readonly partition: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly records: string | null;
};

const rowsShown = 20;

export type OutcomeText = {
  readonly summary: string;
  /** Tables; empty when no offsets are concerned. */
  readonly details: string;
  /** Whether records are lost for good, or read although they may be published. */
  readonly movesData: boolean;
};

/** Total: an outcome of a newer server is shown as far as it is understood. */
export function outcomeText(outcome: unknown): OutcomeText {
  const fields = isObject(outcome) ? outcome : {};
  const omitted = isObject(fields['omitted']) ? fields['omitted'] : {};
  const backfill = fields['backfillSupervisorId'];
  const parts = [
    ['skipped', typeof backfill === 'string' ? `left to supervisor ${printable(backfill)}` : 'never read'],
    ['readAgain', 'published already, and in the data twice'],
  ].map(([name = '', title = '']) => rangesText(title, fields[name], Number(omitted[name] ?? 0)));
  const summary = typeof fields['summary'] === 'string' ? printable(fields['summary']) : 'done';
  const tables = parts.filter((text) => text !== '');
  return { summary, details: tables.join('\n'), movesData: tables.length > 0 };
}

function rangesText(title: string, value: unknown, omitted: number): string {
  const ranges = rangesOf(value);
  if (ranges.length === 0) return '';
  const shown = ranges.slice(0, rowsShown);
  const table = tableText(
    ['partition', 'from', 'up to', 'records at most'],
    shown.map(({ partition, from, to, records }) => [
      printable(partition),
      from ?? 'unknown',
      to ?? 'its end',
      records ?? 'unknown',
    ]),
  );
  const more = ranges.length - shown.length + omitted;
  return `${title}:\n${table}${more > 0 ? `\nand ${counted(more, 'more partition')}; --json has more` : ''}`;
}

/** A list of ranges, or ranges by partition. */
function rangesOf(value: unknown): Range[] {
  if (Array.isArray(value))
    return value.flatMap((item) => (isObject(item) ? [rangeOf(String(item['partition'] ?? '?'), item)] : []));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([partition, item]) =>
    isObject(item) ? [rangeOf(partition, item)] : [],
  );
}

function rangeOf(partition: string, item: Record<string, unknown>): Range {
  const [from, to] = [offsetOf(item['from']), offsetOf(item['to'])];
  return { partition, from, to, records: offsetOf(item['records']) ?? recordsBetween(from, to) };
}

function offsetOf(value: unknown): string | null {
  return (typeof value === 'number' || typeof value === 'string') && /^\d+$/.test(String(value))
    ? String(value)
    : null;
}

function recordsBetween(from: string | null, to: string | null): string | null {
  return from === null || to === null ? null : String(BigInt(to) - BigInt(from));
}
