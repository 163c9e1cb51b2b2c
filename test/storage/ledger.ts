/**
 * What must be true after any schedule (reliability.md 2.2): every position below the published end is in exactly one
 * visible file, once; ranges touch; every visible file is there and is no garbage; what was skipped is a gap.
 */
import type { Incarnation, Publish } from './model-store.ts';
import type { Rows } from './schedule.ts';

/** What the ledger looks at; the model has it, and it can be read from Postgres. */
export type Books = {
  readonly partitions: ReadonlyMap<string, { readonly incarnation: bigint; readonly next: bigint | null }>;
  readonly incarnations: readonly Incarnation[];
  readonly gaps: readonly { readonly partition: string; readonly start: bigint; readonly end: bigint }[];
  readonly intents: ReadonlyMap<string, { readonly state: string }>;
  readonly publishes: readonly Publish[];
  protectedPaths(): ReadonlySet<string>;
};

/** Empty: all is well. */
export function ledgerFaults(store: Books, files: ReadonlyMap<string, readonly Rows[]>): string[] {
  const faults: string[] = [];
  const rows: Rows[] = [];
  for (const publish of store.publishes) {
    for (const path of publish.paths) {
      const content = files.get(path);
      if (content === undefined) faults.push(`visible file ${path} is gone`);
      if (store.intents.get(path)?.state !== 'published')
        faults.push(`visible file ${path} is not published`);
      rows.push(...(content ?? []));
    }
  }
  for (const incarnation of store.incarnations) faults.push(...faultsOf(store, incarnation, rows));
  for (const path of store.protectedPaths()) {
    if (!files.has(path)) faults.push(`checkpoint file ${path} is gone`);
  }
  return faults;
}

function faultsOf(store: Books, incarnation: Incarnation, rows: readonly Rows[]): string[] {
  const { partition, number, start } = incarnation;
  const name = `partition ${partition} incarnation ${number}`;
  const state = store.partitions.get(partition);
  const end = state?.incarnation === number ? state.next : incarnation.closed;
  const mine = rows
    .filter((row) => row.partition === partition && row.incarnation === String(number))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  const ranges = store.publishes
    .flatMap((publish) => publish.ranges)
    .filter(
      (range) => range.partition === partition && range.incarnation === number && range.start < range.end,
    )
    .sort((a, b) => (a.start < b.start ? -1 : 1));
  const faults = [
    ...coverFaults(`${name}: rows`, mine, start, end),
    ...coverFaults(
      `${name}: ranges`,
      ranges.map((range) => ({ from: range.start, to: range.end })),
      start,
      end,
    ),
  ];
  const before = store.incarnations.findLast(
    (row) => row.partition === partition && row.number < number && row.closed !== null,
  );
  const closed = before?.closed ?? null;
  if (closed !== null && start !== null && closed < start) {
    const declared = store.gaps.some(
      (gap) => gap.partition === partition && gap.start === closed && gap.end === start,
    );
    if (!declared) faults.push(`${name}: skipped [${closed}, ${start}) without a gap row`);
  }
  return faults;
}

/** Pieces sorted by their begin must cover [start, end) without a hole and without overlap. */
function coverFaults(
  name: string,
  pieces: readonly { from: bigint; to: bigint }[],
  start: bigint | null,
  end: bigint | null,
): string[] {
  if (start === null || end === null)
    return pieces.length === 0 ? [] : [`${name}: published without a start`];
  const faults: string[] = [];
  let at = start;
  for (const { from, to } of pieces) {
    if (from < at) faults.push(`${name}: [${from}, ${at}) doubled`);
    if (from > at) faults.push(`${name}: [${at}, ${from}) lost`);
    at = to > at ? to : at;
  }
  if (at !== end) faults.push(`${name}: reach ${at}, stored position is ${end}`);
  return faults;
}
