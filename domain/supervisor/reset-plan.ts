/**
 * What a reset is to do, decided before anything is done: from the order, the stored rows and the stream to targets for
 * one SQL call, or to a refusal that says what is wrong and what to do. Pure.
 *
 * Rows must have been read before the stream was asked for its ends: then a row within the log can only have moved on
 * since, and a reset to the end of the log takes the later of the two.
 */
import { comparePositions } from '../positions.ts';
import type { Position } from '../positions.ts';
import type { BoundedConfig } from '../spec/spec.ts';
import type { StreamFacts } from './facts.ts';

/** Where one partition is to go; migration 0017 says what each field does there. */
export type ResetTarget = {
  readonly partition: string;
  readonly position: Position | null;
  readonly sourceIdentity?: string;
  readonly expected?: { readonly incarnation: string; readonly position: Position | null };
  readonly noEarlier?: boolean;
  readonly isNew?: boolean;
  readonly gone?: boolean;
};

/** From inclusive, to exclusive. */
export type ResetRange = { readonly partition: string; readonly from: Position; readonly to: Position };

/** What a reset did. */
export type ResetAnswer = {
  readonly term: string;
  /** Discarded by it. */
  readonly sequenceIds: readonly string[];
  readonly jumps: readonly {
    readonly stream: string;
    readonly partition: string;
    /** `skipped` and `otherSource` have left a gap row. */
    readonly kind: 'skipped' | 'readAgain' | 'otherSource';
    readonly from: Position;
    readonly to: Position | null;
  }[];
  /** Published already, and to be read once more. */
  readonly readAgain: readonly ResetRange[];
  /** Read by what was discarded, and never published. */
  readonly unpublished: readonly ResetRange[];
  readonly positions: readonly { readonly partition: string; readonly position: Position | null }[];
  readonly backfillSupervisorId: string | null;
};

export type ResetRow = {
  readonly partition: string;
  readonly sourceIdentity: string;
  readonly incarnation: string;
  readonly nextPosition: Position | null;
};

export type ResetView = {
  readonly supervisorId: string;
  readonly stream: string;
  readonly useEarliestOffset: boolean;
  readonly bounded: BoundedConfig | null;
  /** Of this stream only. */
  readonly rows: readonly ResetRow[];
  readonly source: StreamFacts;
};

export type ResetPlan =
  | { readonly kind: 'go'; readonly targets: readonly ResetTarget[]; readonly remarks: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string };

export type SeenStream = Extract<StreamFacts, { kind: 'ok' }>;

/** Of each topic where a supervisor reads several. */
export function identityOf(
  stream: { readonly identity?: string; readonly identities?: Readonly<Record<string, string>> },
  partition: string,
): string {
  return stream.identities?.[partition] ?? stream.identity ?? 'unknown';
}

/** Everything from where the spec says that reading begins. Without an answer of the stream that is found later. */
export function planFullReset(view: ResetView): ResetPlan {
  const { source } = view;
  if (source.kind === 'failed')
    return {
      kind: 'go',
      targets: [],
      remarks: [
        `the stream did not answer (${source.error.message}); positions are set as soon as it does, and what that skips is declared then`,
      ],
    };
  const present = view.rows.filter((row) => source.partitions.includes(row.partition));
  const silent = present.filter((row) => beginning(view, source, row.partition) === undefined);
  if (silent.length > 0) return refused(silentPartitions(view, silent));
  return {
    kind: 'go',
    targets: view.rows.map((row) =>
      source.partitions.includes(row.partition) ? beginAgain(view, source, row) : goneTarget(row),
    ),
    remarks: goneRemarks(view.rows.length - present.length),
  };
}

/** To the end of the log, from exactly where the rows stand: what that skips is another supervisor's to read. */
export function planBackfill(
  view: ResetView,
):
  | ResetPlan
  | { readonly kind: 'backfill'; readonly targets: readonly ResetTarget[]; readonly range: BoundedConfig } {
  const { source } = view;
  if (view.bounded !== null) return refused('it reads one range only, there is no end of the log to go to');
  if (source.kind === 'failed')
    return refused(
      `the end of the log is not known, the stream did not answer: ${source.error.message}; try again`,
    );
  const standing = view.rows.filter((row) => row.nextPosition !== null);
  if (standing.length === 0)
    return refused(
      view.useEarliestOffset
        ? 'nothing is stored yet and useEarliestOffset is true: it would start at the earliest offset, there is nothing to backfill'
        : 'nothing is stored yet: there is nothing to backfill',
    );
  const changed = standing.find((row) => row.sourceIdentity !== identityOf(source, row.partition));
  if (changed !== undefined)
    return refused(
      `partition ${changed.partition} belongs to a topic that was deleted, or created again; reset the supervisor instead`,
    );
  const silent = standing.filter((row) => source.latest[row.partition] === undefined);
  if (silent.length > 0) return refused(silentPartitions(view, silent));
  const behind = standing.filter(
    (row) => comparePositions(row.nextPosition!, source.latest[row.partition]!) < 0,
  );
  const lost = behind.find((row) => comparePositions(row.nextPosition!, source.earliest[row.partition]!) < 0);
  if (lost !== undefined)
    return refused(
      `partition ${lost.partition} stands at ${lost.nextPosition}, but the log begins at ${source.earliest[lost.partition]}: ` +
        `a backfill could not begin there; reset that partition first (resetOffsets)`,
    );
  if (behind.length === 0)
    return refused('there is nothing to backfill: every partition stands at the end of the log');
  return {
    kind: 'backfill',
    targets: behind.map((row) => ({
      partition: row.partition,
      position: source.latest[row.partition]!,
      expected: { incarnation: row.incarnation, position: row.nextPosition },
    })),
    range: {
      starts: Object.fromEntries(behind.map((row) => [row.partition, row.nextPosition!])),
      ends: Object.fromEntries(behind.map((row) => [row.partition, source.latest[row.partition]!])),
    },
  };
}

function beginAgain(view: ResetView, source: SeenStream, row: ResetRow): ResetTarget {
  const position = beginning(view, source, row.partition) ?? null;
  const identity = identityOf(source, row.partition);
  return {
    partition: row.partition,
    position,
    sourceIdentity: identity,
    ...notBelow(view, source, row, position),
  };
}

/** Where the spec lets a partition begin; undefined: the stream did not say; null: it is none of the range. */
function beginning(view: ResetView, source: SeenStream, partition: string): Position | null | undefined {
  if (view.bounded !== null) return view.bounded.starts[partition] ?? null;
  return view.useEarliestOffset ? source.earliest[partition] : source.latest[partition];
}

/** At the end of the log nothing is meant to be read again: not even what is published while the order is on its way. */
export function notBelow(
  view: ResetView,
  source: SeenStream,
  row: ResetRow,
  position: Position | null,
): { readonly noEarlier?: true } {
  const latest = source.latest[row.partition];
  if (view.bounded !== null || position === null || position !== latest || row.nextPosition === null)
    return {};
  return comparePositions(row.nextPosition, latest) <= 0 ? { noEarlier: true } : {};
}

export function goneTarget(row: ResetRow): ResetTarget {
  return { partition: row.partition, position: null, gone: true };
}

export function goneRemarks(count: number): readonly string[] {
  return count === 0
    ? []
    : [`${count} partitions are gone from the stream; what was not read of them is declared lost`];
}

export function silentPartitions(view: ResetView, rows: readonly { readonly partition: string }[]): string {
  return `topic ${view.stream} gives no offsets for partition ${listed(rows.map((row) => row.partition))}: do they have a leader? try again`;
}

export function listed(partitions: readonly string[]): string {
  const shown = partitions.slice(0, 10).join(', ');
  return partitions.length > 10 ? `${shown} and ${partitions.length - 10} more` : shown;
}

export function refused(why: string): { readonly kind: 'refused'; readonly why: string } {
  return { kind: 'refused', why };
}
