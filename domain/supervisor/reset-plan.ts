/**
 * What a reset is to do, decided before anything is done: from the order, the stored rows and the stream to targets for
 * one SQL call, or to a refusal that says what is wrong and what to do. Pure.
 *
 * Rows must have been read before the stream was asked for its ends: then a row within the log can only have moved on
 * since, and a reset to the end of the log takes the later of the two.
 */
import { comparePartitions, topicOf } from '../partition-key.ts';
import { comparePositions } from '../positions.ts';
import type { Position, Positions } from '../positions.ts';
import type { BoundedConfig } from '../spec/spec.ts';
import type { StreamFacts } from './facts.ts';
import type { ResetOffsetsInput } from './reset-order.ts';

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

type Seen = Extract<StreamFacts, { kind: 'ok' }>;

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

/** The partitions of a body with offsets. */
export function planOffsets(
  order: Extract<ResetOffsetsInput, { type: 'kafka' }>,
  view: ResetView,
): ResetPlan {
  const { stream, partitionOffsetMap: offsets } = order.partitions;
  if (stream !== view.stream)
    return refused(
      `partitions.stream is ${JSON.stringify(stream)}, but supervisor ${view.supervisorId} reads ${JSON.stringify(view.stream)}; give that one`,
    );
  const outside = outOfBounds(offsets, view);
  if (outside !== null) return refused(outside);
  if (view.source.kind === 'failed') return blindly(offsets, view, order.force);
  const wrong = order.force ? null : outOfLog(offsets, view.source);
  return wrong === null ? within(offsets, view, view.source, new Set()) : refused(wrong);
}

/** `found`: where the first record that is not older stands in each partition, the end where there is none. */
export function planInstant(
  order: Extract<ResetOffsetsInput, { type: 'timestamp' }>,
  view: ResetView,
  found: Positions | null,
): ResetPlan {
  const { source } = view;
  if (source.kind === 'failed' || found === null)
    return refused(
      `only the stream knows what stands at a time, and it did not answer${source.kind === 'failed' ? ` (${source.error.message})` : ''}; try again, or give offsets with force=true`,
    );
  const wanted = wantedAt(order, view, source);
  const silent = wanted.filter(
    (partition) => found[partition] === undefined && source.partitions.includes(partition),
  );
  if (silent.length > 0)
    return refused(
      silentPartitions(
        view,
        silent.map((partition) => ({ partition })),
      ),
    );
  const offsets: Positions = Object.fromEntries(
    wanted.flatMap((partition) => {
      const position = found[partition];
      return position === undefined ? [] : [[partition, withinBounds(view, partition, position)]];
    }),
  );
  const unknown = wanted.filter((partition) => !source.partitions.includes(partition));
  if (unknown.length > 0) return refused(unknownPartitions(unknown, source, view));
  const atEnd = new Set(wanted.filter((partition) => offsets[partition] === source.latest[partition]));
  return within(offsets, view, source, atEnd);
}

export function wantedAt(
  order: Extract<ResetOffsetsInput, { type: 'timestamp' }>,
  view: ResetView,
  source: Seen,
): readonly string[] {
  if (order.partitions !== null) return order.partitions;
  const { bounded } = view;
  return bounded === null ? source.partitions : source.partitions.filter((name) => name in bounded.starts);
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

function beginAgain(view: ResetView, source: Seen, row: ResetRow): ResetTarget {
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
function beginning(view: ResetView, source: Seen, partition: string): Position | null | undefined {
  if (view.bounded !== null) return view.bounded.starts[partition] ?? null;
  return view.useEarliestOffset ? source.earliest[partition] : source.latest[partition];
}

/** At the end of the log nothing is meant to be read again: not even what is published while the order is on its way. */
function notBelow(
  view: ResetView,
  source: Seen,
  row: ResetRow,
  position: Position | null,
): { readonly noEarlier?: true } {
  const latest = source.latest[row.partition];
  if (view.bounded !== null || position === null || position !== latest || row.nextPosition === null)
    return {};
  return comparePositions(row.nextPosition, latest) <= 0 ? { noEarlier: true } : {};
}

function within(offsets: Positions, view: ResetView, source: Seen, atEnd: ReadonlySet<string>): ResetPlan {
  const wanted = Object.keys(offsets).sort(comparePartitions);
  const unknown = wanted.filter((partition) => !source.partitions.includes(partition));
  if (unknown.length > 0) return refused(unknownPartitions(unknown, source, view));
  const recreated = notAllOfTopic(offsets, view, source);
  if (recreated !== null) return refused(recreated);
  const rows = new Map(view.rows.map((row) => [row.partition, row]));
  const targets = wanted.map((partition): ResetTarget => {
    const row = rows.get(partition);
    const position = offsets[partition]!;
    const base = { partition, position, sourceIdentity: identityOf(source, partition) };
    if (row === undefined) return { ...base, isNew: true };
    return atEnd.has(partition) ? { ...base, ...notBelow(view, source, row, position) } : base;
  });
  const gone = goneWithTopics(offsets, view, source);
  const others = firstPositions(offsets, view, source);
  return {
    kind: 'go',
    targets: [...targets, ...gone.map(goneTarget), ...others],
    remarks: [
      ...goneRemarks(gone.length),
      ...(others.length > 0
        ? [
            `nothing was stored before, so ${others.length} other partitions begin at the end of the log, as the spec says`,
          ]
        : []),
    ],
  };
}

/** Without the stream, on the operator's word: only what is stored, as a part of the stream that is stored. */
function blindly(offsets: Positions, view: ResetView, force: boolean): ResetPlan {
  const message = view.source.kind === 'failed' ? view.source.error.message : '';
  if (!force)
    return refused(
      `the offsets cannot be checked, the stream did not answer: ${message}; try again, or give force=true`,
    );
  const known = new Set(view.rows.map((row) => row.partition));
  const unknown = Object.keys(offsets).filter((partition) => !known.has(partition));
  if (unknown.length > 0)
    return refused(
      `no position is stored for partition ${listed(unknown)}, and the stream did not answer: ${message}`,
    );
  return {
    kind: 'go',
    targets: Object.keys(offsets)
      .sort(comparePartitions)
      .map((partition) => ({ partition, position: offsets[partition]! })),
    remarks: ['the stream did not answer: nothing was checked'],
  };
}

function outOfLog(offsets: Positions, source: Seen): string | null {
  for (const partition of Object.keys(offsets).sort(comparePartitions)) {
    const [offset, earliest, latest] = [
      offsets[partition]!,
      source.earliest[partition],
      source.latest[partition],
    ];
    if (!source.partitions.includes(partition)) continue;
    if (earliest === undefined || latest === undefined)
      return `partition ${partition} has no leader now, so that ${offset} cannot be checked; try again, or give force=true`;
    if (comparePositions(offset, earliest) < 0 || comparePositions(offset, latest) > 0)
      return (
        `the offset of partition ${partition} is ${offset}, but its log holds ${earliest} to ${latest} ` +
        `(${latest} is the next to be written); give one of these, or force=true`
      );
  }
  return null;
}

/** A spec that reads one range only can stand nowhere else: force is no help. */
function outOfBounds(offsets: Positions, view: ResetView): string | null {
  const { bounded } = view;
  if (bounded === null) return null;
  for (const [partition, offset] of Object.entries(offsets)) {
    const [start, end] = [bounded.starts[partition], bounded.ends[partition]];
    if (start === undefined || end === undefined)
      return `partition ${partition} is none of boundedStreamConfig; it is not read at all`;
    if (comparePositions(offset, start) < 0 || comparePositions(offset, end) > 0)
      return `the offset of partition ${partition} is ${offset}, but boundedStreamConfig reads ${start} to ${end}; give one of these, or post another spec`;
  }
  return null;
}

function withinBounds(view: ResetView, partition: string, position: Position): Position {
  const [start, end] = [view.bounded?.starts[partition], view.bounded?.ends[partition]];
  if (start !== undefined && comparePositions(position, start) < 0) return start;
  return end !== undefined && comparePositions(position, end) > 0 ? end : position;
}

/** Positions of two lives of a topic cannot stand side by side: all of its partitions go over, or none. */
function notAllOfTopic(offsets: Positions, view: ResetView, source: Seen): string | null {
  const recreated = recreatedTopics(offsets, view, source);
  const left = view.rows.filter(
    (row) =>
      recreated.has(topicOf(row.partition, view.stream)) &&
      source.partitions.includes(row.partition) &&
      row.sourceIdentity !== identityOf(source, row.partition) &&
      offsets[row.partition] === undefined,
  );
  if (left.length === 0) return null;
  const topic = topicOf(left[0]!.partition, view.stream);
  return (
    `topic ${topic} was deleted and created again (it was ${left[0]!.sourceIdentity}, now ${identityOf(source, left[0]!.partition)}): ` +
    `give offsets for all its partitions, also ${listed(left.map((row) => row.partition))}, or reset the whole supervisor`
  );
}

function recreatedTopics(offsets: Positions, view: ResetView, source: Seen): ReadonlySet<string> {
  return new Set(
    view.rows
      .filter(
        (row) =>
          offsets[row.partition] !== undefined && row.sourceIdentity !== identityOf(source, row.partition),
      )
      .map((row) => topicOf(row.partition, view.stream)),
  );
}

/** Partitions that a re-created topic does not have any more go with the order that accepts it. */
function goneWithTopics(offsets: Positions, view: ResetView, source: Seen): readonly ResetRow[] {
  const recreated = recreatedTopics(offsets, view, source);
  return view.rows.filter(
    (row) =>
      recreated.has(topicOf(row.partition, view.stream)) &&
      row.nextPosition !== null &&
      !source.partitions.includes(row.partition),
  );
}

/**
 * Before the first discovery: the partitions that were not named would count as added later, and be read from the
 * earliest record, although the spec says latest.
 */
function firstPositions(offsets: Positions, view: ResetView, source: Seen): readonly ResetTarget[] {
  const isFirst = view.rows.every((row) => row.nextPosition === null);
  if (!isFirst || view.useEarliestOffset || view.bounded !== null) return [];
  const stored = new Set(view.rows.map((row) => row.partition));
  return source.partitions.flatMap((partition): ResetTarget[] => {
    const position = source.latest[partition];
    if (offsets[partition] !== undefined || position === undefined) return [];
    const target = { partition, position, sourceIdentity: identityOf(source, partition) };
    return [stored.has(partition) ? target : { ...target, isNew: true }];
  });
}

function goneTarget(row: ResetRow): ResetTarget {
  return { partition: row.partition, position: null, gone: true };
}

function goneRemarks(count: number): readonly string[] {
  return count === 0
    ? []
    : [`${count} partitions are gone from the stream; what was not read of them is declared lost`];
}

function silentPartitions(view: ResetView, rows: readonly { readonly partition: string }[]): string {
  return `topic ${view.stream} gives no offsets for partition ${listed(rows.map((row) => row.partition))}: do they have a leader? try again`;
}

function unknownPartitions(unknown: readonly string[], source: Seen, view: ResetView): string {
  return (
    `${view.stream} has no partition ${listed(unknown)}; ` +
    `it has ${source.partitions.length} (${listed(source.partitions)}); correct the order`
  );
}

function listed(partitions: readonly string[]): string {
  const shown = partitions.slice(0, 10).join(', ');
  return partitions.length > 10 ? `${shown} and ${partitions.length - 10} more` : shown;
}

function refused(why: string): { readonly kind: 'refused'; readonly why: string } {
  return { kind: 'refused', why };
}
