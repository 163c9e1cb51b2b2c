/** What became of an order, or would: one sentence, and the offsets it skips or reads again. */
import { counted } from '../domain/explain/moments.ts';
import { isObject } from './client.ts';
import { tableText } from './output.ts';
import { printable } from './sql/display-width.ts';

/** `to` is exclusive. Records are unknown where nobody can count them. */
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
  const parts = [
    rangesText('skipped, never to be read', fields['skipped']),
    rangesText('read again', fields['readAgain']),
  ].filter((text) => text !== '');
  const summary = typeof fields['summary'] === 'string' ? printable(fields['summary']) : 'done';
  return { summary, details: parts.join('\n'), movesData: parts.length > 0 };
}

function rangesText(title: string, value: unknown): string {
  const ranges = rangesOf(value);
  if (ranges.length === 0) return '';
  const shown = ranges.slice(0, rowsShown);
  const table = tableText(
    ['partition', 'from', 'up to', 'records'],
    shown.map(({ partition, from, to, records }) => [
      printable(partition),
      from ?? 'unknown',
      to ?? 'unknown',
      records ?? 'unknown',
    ]),
  );
  const more =
    ranges.length > rowsShown ? `\nand ${counted(ranges.length - rowsShown, 'more partition')}` : '';
  return `${title}:\n${table}${more}`;
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
