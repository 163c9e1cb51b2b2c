/**
 * `resetOffsets` decided: offsets as given, or those of a point in time, against the rows and the stream. Nothing goes to a
 * partition that is not there, to offsets that the log does not have, or half into a topic that was created again.
 */
import { comparePartitions, topicOf } from '../partition-key.ts';
import { comparePositions } from '../positions.ts';
import type { Position, Positions } from '../positions.ts';
import type { ResetOffsetsInput } from './reset-order.ts';
import {
  goneRemarks,
  goneTarget,
  identityOf,
  listed,
  notBelow,
  refused,
  silentPartitions,
} from './reset-plan.ts';
import type { ResetPlan, ResetRow, ResetTarget, ResetView, SeenStream } from './reset-plan.ts';

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
  source: SeenStream,
): readonly string[] {
  if (order.partitions !== null) return order.partitions;
  const { bounded } = view;
  return bounded === null ? source.partitions : source.partitions.filter((name) => name in bounded.starts);
}

function within(
  offsets: Positions,
  view: ResetView,
  source: SeenStream,
  atEnd: ReadonlySet<string>,
): ResetPlan {
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

function outOfLog(offsets: Positions, source: SeenStream): string | null {
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
function notAllOfTopic(offsets: Positions, view: ResetView, source: SeenStream): string | null {
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

function recreatedTopics(offsets: Positions, view: ResetView, source: SeenStream): ReadonlySet<string> {
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
function goneWithTopics(offsets: Positions, view: ResetView, source: SeenStream): readonly ResetRow[] {
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
function firstPositions(offsets: Positions, view: ResetView, source: SeenStream): readonly ResetTarget[] {
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

function unknownPartitions(unknown: readonly string[], source: SeenStream, view: ResetView): string {
  return (
    `${view.stream} has no partition ${listed(unknown)}; ` +
    `it has ${source.partitions.length} (${listed(source.partitions)}); correct the order`
  );
}
