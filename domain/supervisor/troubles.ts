/**
 * What is wrong between stored positions and the stream: a topic created anew, records gone, positions beyond the log.
 * Each with its offsets and what to do; Druid would go on reading nothing (design 9).
 */
import { comparePartitions } from '../partition-key.ts';
import type { Position } from '../positions.ts';
import { comparePositions } from '../positions.ts';
import { readUpTo, unpublishedOf } from './facts.ts';
import type { Facts, GenerationFact, PartitionFact, StreamFacts } from './facts.ts';
import { groupOf } from './grouping.ts';
import type { Trouble } from './observation.ts';
import type { Settings } from './settings.ts';

const troubleLimit = 5;

const resetRemedy =
  'restore the stream, or reset the supervisor (resetting is not supported yet: terminate it and post it under a new id)';

/** Nothing while the stream was not seen: then nothing can be said. */
export function troublesOf(facts: Facts, rows: readonly PartitionFact[]): readonly Trouble[] {
  const { stream, settings } = facts;
  if (stream.kind === 'failed' || !settings) return [];
  const changed = rows.find((row) => row.sourceIdentity !== null && row.sourceIdentity !== stream.identity);
  if (changed)
    return [
      {
        code: 'STREAM_IDENTITY_CHANGED',
        groupId: null,
        message:
          `topic ${settings.stream} was deleted and created again: its id was ${changed.sourceIdentity} and is now ` +
          `${stream.identity}; partition ${changed.partition} was read up to ${changed.nextPosition ?? 'nowhere'} of the old one`,
        remedy: resetRemedy,
        streamException: true,
      },
    ];
  const inStream = new Set(stream.partitions);
  const found = [...rows]
    .filter((row) => row.state === 'open' && row.nextPosition !== null)
    .sort((left, right) => comparePartitions(left.partition, right.partition))
    .flatMap((row) => partitionTrouble(row, facts, stream, inStream, settings));
  if (found.length <= troubleLimit) return found;
  const rest = found.length - troubleLimit;
  return found
    .slice(0, troubleLimit)
    .map((trouble, index) =>
      index === troubleLimit - 1
        ? { ...trouble, groupId: null, message: `${trouble.message}; and ${rest} more partitions` }
        : trouble,
    );
}

function partitionTrouble(
  row: PartitionFact,
  facts: Facts,
  stream: Extract<StreamFacts, { kind: 'ok' }>,
  inStream: ReadonlySet<string>,
  settings: Settings,
): readonly Trouble[] {
  const { partition } = row;
  const trouble = (message: string): readonly Trouble[] => [
    {
      code: 'STREAM_OFFSET_OUT_OF_RANGE',
      groupId: groupOf(partition, settings.taskCount),
      message: `topic ${settings.stream}, partition ${partition}: ${message}`,
      remedy: resetRemedy,
      streamException: true,
    },
  ];
  if (!inStream.has(partition))
    return trouble(`the topic has only ${inStream.size} partitions now, this one is gone`);
  const [earliest, latest] = [stream.earliest[partition], stream.latest[partition]];
  for (const { from, to } of unread(row, facts.generations, settings.stream)) {
    if (earliest && comparePositions(from, earliest) < 0)
      return trouble(`position ${from} is to be read next, but the log begins at ${earliest}`);
    const furthest = to ?? from;
    if (latest && comparePositions(furthest, latest) > 0)
      return trouble(
        `position ${furthest} ${to ? 'was agreed as an end' : 'is to be read next'}, but the log ends at ${latest}`,
      );
  }
  return [];
}

/** What is still to be read of a partition: by each live generation, or by the next one. */
function unread(
  row: PartitionFact,
  generations: readonly GenerationFact[],
  stream: string,
): readonly { readonly from: Position; readonly to: Position | null }[] {
  const holders = generations.filter(
    (generation) => generation.stream === stream && generation.partitions.includes(row.partition),
  );
  if (holders.length === 0) return row.nextPosition === null ? [] : [{ from: row.nextPosition, to: null }];
  return holders.flatMap((generation) => {
    const from = readUpTo(generation, row.partition);
    const last = unpublishedOf(generation).at(-1);
    const to = last?.final ? (last.ends?.[row.partition] ?? null) : null;
    // Read to its end: only publishing is left, the log no longer matters.
    if (!from || (to && comparePositions(from, to) >= 0)) return [];
    return [{ from, to }];
  });
}
