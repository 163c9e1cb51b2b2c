/**
 * What is wrong between stored positions and the stream: a topic created anew, records gone, positions beyond the log.
 * Each with its offsets and what to do; Druid would go on reading nothing (design 9).
 */
import { comparePartitions, readPartitionKey, topicOf } from '../partition-key.ts';
import type { Position } from '../positions.ts';
import { comparePositions } from '../positions.ts';
import { readUpTo, unpublishedOf } from './facts.ts';
import type { Facts, GenerationFact, PartitionFact, StreamFacts } from './facts.ts';
import { groupOf } from './grouping.ts';
import type { Trouble } from './observation.ts';
import { identityOf } from './reset-plan.ts';
import type { Settings } from './settings.ts';

const troubleLimit = 5;

type Seen = Extract<StreamFacts, { kind: 'ok' }>;

/** A trouble of one partition, before those of many are put into few sentences. */
type Found = Trouble & { readonly partition: string };

/** Nothing while the stream was not seen: then nothing can be said. */
export function troublesOf(facts: Facts, rows: readonly PartitionFact[]): readonly Trouble[] {
  const { stream, settings } = facts;
  if (stream.kind === 'failed' || !settings) return [];
  // Without a position nothing is read: it will be the position of whatever the stream is then.
  const standing = [...rows]
    .filter((row) => row.state === 'open' && row.nextPosition !== null)
    .sort((left, right) => comparePartitions(left.partition, right.partition));
  const inStream = new Set(stream.partitions);
  const isOfAnother = (row: PartitionFact) => wasRecreated(row, stream, inStream);
  const recreated = recreatedTroubles(standing.filter(isOfAnother), stream, settings);
  // One topic is the whole stream: nothing else about it can be said.
  if (recreated.some((trouble) => trouble.groupId === null)) return recreated;
  // Positions of another log say nothing beside the bounds of this one.
  const comparable = standing.filter((row) => !isOfAnother(row));
  const found = comparable.flatMap((row) => partitionTrouble(row, facts, stream, inStream, settings));
  return [...recreated, ...inFewWords(found)];
}

/** Lost ones first: they may be mended without an operator, and what is in no sentence is not seen by the plan. */
function inFewWords(all: readonly Found[]): readonly Trouble[] {
  const isMendable = (trouble: Trouble) => trouble.isLost === true || trouble.publishFirst === true;
  const found = [...all.filter(isMendable), ...all.filter((trouble) => !isMendable(trouble))];
  const shown = found.map(({ partition: _partition, ...trouble }): Trouble => trouble);
  if (shown.length <= troubleLimit) return shown;
  const rest = shown.slice(troubleLimit);
  const last = shown[troubleLimit - 1]!;
  return [
    ...shown.slice(0, troubleLimit - 1),
    { ...last, groupId: null, message: `${last.message}; and ${rest.length} more partitions` },
  ];
}

function wasRecreated(row: PartitionFact, stream: Seen, inStream: ReadonlySet<string>): boolean {
  return (
    row.sourceIdentity !== null &&
    (inStream.has(row.partition) || readPartitionKey(row.partition).topic === null) &&
    row.sourceIdentity !== identityOf(stream, row.partition)
  );
}

/** Of one topic: everything waits. Of several: the groups that read the topic wait. */
function recreatedTroubles(
  changed: readonly PartitionFact[],
  stream: Seen,
  settings: Settings,
): readonly Trouble[] {
  const firstOfGroup = new Map<number | null, PartitionFact>();
  for (const row of changed) {
    const { topic } = readPartitionKey(row.partition);
    const groupId = topic === null ? null : groupOf(row.partition, settings.taskCount);
    if (!firstOfGroup.has(groupId)) firstOfGroup.set(groupId, row);
  }
  return [...firstOfGroup].slice(0, troubleLimit).map(([groupId, row]) => ({
    code: 'STREAM_IDENTITY_CHANGED',
    groupId,
    message:
      `topic ${topicOf(row.partition, settings.stream)} was deleted and created again: its id was ${row.sourceIdentity} and is now ` +
      `${identityOf(stream, row.partition)}; partition ${row.partition} was read up to ${row.nextPosition} of the old one`,
    remedy: recreatedRemedy(row.partition, stream, groupId === null),
    streamException: true,
  }));
}

function recreatedRemedy(partition: string, stream: Seen, isWhole: boolean): string {
  const topic = readPartitionKey(partition).topic;
  const all = stream.partitions.filter((name) => readPartitionKey(name).topic === topic);
  const order = offsetsOrder(all, stream.earliest);
  return isWhole
    ? `to read the new topic: headgate reset <id> (POST .../supervisor/<id>/reset) begins where the spec says, ${order} ` +
        `begins at its first records; what was not read of the old topic is declared lost`
    : `to read the new topic: ${order}; what was not read of the old one is declared lost`;
}

function partitionTrouble(
  row: PartitionFact,
  facts: Facts,
  stream: Seen,
  inStream: ReadonlySet<string>,
  settings: Settings,
): readonly Found[] {
  const { partition } = row;
  const groupId = groupOf(partition, settings.taskCount);
  const about = `topic ${topicOf(partition, settings.stream)}, partition ${partition}`;
  const outOfRange = (message: string, remedy: string, more: Partial<Trouble> = {}): readonly Found[] => [
    {
      code: 'STREAM_OFFSET_OUT_OF_RANGE',
      partition,
      groupId,
      message: `${about}: ${message}`,
      remedy,
      streamException: true,
      ...more,
    },
  ];
  const misfit = boundedMisfit(row, facts.bounded ?? null);
  if (misfit !== null)
    return [
      {
        code: 'BOUNDED_RANGE_MISMATCH',
        partition,
        groupId,
        message: `${about}: ${misfit}`,
        remedy:
          'post the spec with a range that holds this position, or begin at the start of the range: headgate reset <id> (POST .../supervisor/<id>/reset)',
        streamException: false,
      },
    ];
  const end = facts.bounded?.ends[partition] ?? null;
  const parts = unread(row, facts.generations, settings.stream, end);
  if (parts.length === 0) return [];
  if (!inStream.has(partition))
    return outOfRange(
      `the topic has only ${countOfTopic(partition, stream)} partitions now, this one is gone`,
      'restore it, or give it up: headgate reset <id> (POST .../supervisor/<id>/reset) declares what was not read of it lost; the others then begin where the spec says',
    );
  const [earliest, latest] = [stream.earliest[partition], stream.latest[partition]];
  for (const { from, to, heldBy, isHeld } of parts) {
    // Who reads it has to stop, by whichever version its group was made.
    const place = heldBy === null ? {} : { groupId: heldBy };
    if (earliest && comparePositions(from, earliest) < 0)
      return outOfRange(
        `position ${from} is to be read next, but the log begins at ${earliest}`,
        lostRemedy(partition, stream, settings),
        isHeld ? { publishFirst: true, ...place } : { isLost: true },
      );
    const furthest = to ?? from;
    if (latest && comparePositions(furthest, latest) > 0)
      return outOfRange(
        `position ${furthest} ${to ? 'was agreed as an end' : 'is to be read next'}, but the log ends at ${latest}`,
        `if its last records are really gone (a broker came back without them): ${offsetsOrder([partition], stream.latest)} ` +
          `reads what comes from now on; it is never done by itself, for whatever is written there next would be read as new`,
        place,
      );
  }
  return [];
}

function countOfTopic(partition: string, stream: Seen): number {
  const { topic } = readPartitionKey(partition);
  return stream.partitions.filter((name) => readPartitionKey(name).topic === topic).length;
}

function lostRemedy(partition: string, stream: Seen, settings: Settings): string {
  return settings.resetsLost === true
    ? 'resetOffsetAutomatically is true: it goes on at the first record there is, as soon as what was read is published, and the gap is declared'
    : `${offsetsOrder([partition], stream.earliest)} goes on at the first record there is and declares the gap; ` +
        `with tuningConfig.resetOffsetAutomatically=true that is done without you`;
}

/** The order as typed, for a few partitions; the same as HTTP. */
function offsetsOrder(partitions: readonly string[], offsets: Seen['earliest']): string {
  const shown = partitions.slice(0, 5).map((partition) => `${partition}=${offsets[partition] ?? '<offset>'}`);
  const more = partitions.length > shown.length ? ' ...' : '';
  return `headgate reset-offsets <id> ${shown.join(' ')}${more} (POST .../supervisor/<id>/resetOffsets)`;
}

/** A range that was changed under stored positions: nothing of it could be said to be complete. */
function boundedMisfit(row: PartitionFact, bounded: NonNullable<Facts['bounded']> | null): string | null {
  const [start, end] = [bounded?.starts[row.partition], bounded?.ends[row.partition]];
  if (start === undefined || end === undefined || row.nextPosition === null) return null;
  if (comparePositions(row.nextPosition, start) >= 0 && comparePositions(row.nextPosition, end) <= 0)
    return null;
  return `it stands at ${row.nextPosition}, outside of boundedStreamConfig, which reads ${start} to ${end}`;
}

type Unread = {
  readonly from: Position;
  readonly to: Position | null;
  /** A live generation has read up to it, or reads on from it. */
  readonly isHeld: boolean;
  /** The group that reads it; null: the next generation will. */
  readonly heldBy: number | null;
};

/** What is still to be read of a partition: by each live generation, and by the next one; `end`: of a bounded range. */
function unread(
  row: PartitionFact,
  generations: readonly GenerationFact[],
  stream: string,
  end: Position | null,
): readonly Unread[] {
  const isOver = (position: Position) => end !== null && comparePositions(position, end) >= 0;
  const holders = generations.filter(
    (generation) => generation.stream === stream && generation.partitions.includes(row.partition),
  );
  const parts = holders.flatMap((generation): Unread[] => {
    const from = readUpTo(generation, row.partition);
    const to = finalEnd(generation, row.partition);
    // Read to its end: only publishing is left, the log no longer matters.
    if (!from || isOver(from) || (to && comparePositions(from, to) >= 0)) return [];
    return [{ from, to, isHeld: true, heldBy: generation.groupId }];
  });
  const next = nextStart(row, holders);
  if (next === null || isOver(next)) return parts;
  return [...parts, { from: next, to: null, isHeld: holders.length > 0, heldBy: null }];
}

function finalEnd(generation: GenerationFact, partition: string): Position | null {
  const last = unpublishedOf(generation).at(-1);
  return last?.final ? (last.ends?.[partition] ?? null) : null;
}

/** Where the next generation will begin; null: the present one still reads, or nothing is stored. */
function nextStart(row: PartitionFact, holders: readonly GenerationFact[]): Position | null {
  const ends = holders.map((generation) => finalEnd(generation, row.partition));
  if (ends.includes(null)) return null;
  return ends.reduce(
    (furthest, end) => (end && (!furthest || comparePositions(end, furthest) > 0) ? end : furthest),
    row.nextPosition,
  );
}
