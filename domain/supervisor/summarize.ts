/**
 * From rows and offsets to an observation: grouping, what is live, what is wrong. Pure; `observe` collects the facts.
 *
 * Positions must have been read from Postgres before the stream was asked for its ends: then a position beyond the
 * end cannot be an artefact of the order of the two reads.
 */
import type { Position, Positions } from '../positions.ts';
import { comparePositions, distance, maxPosition } from '../positions.ts';
import { comparePartitions, groupOf, groupsOf } from './grouping.ts';
import type {
  DesiredState,
  ObservedError,
  ObservedGeneration,
  ObservedGroup,
  Seen,
  Trouble,
} from './observation.ts';
import type { Settings } from './settings.ts';

export type PartitionFact = {
  readonly stream: string;
  readonly partition: string;
  readonly sourceIdentity: string | null;
  readonly nextPosition: Position | null;
  readonly state: 'open' | 'closed' | 'expired';
};

export type GenerationFact = {
  readonly groupId: number;
  readonly generation: number;
  readonly specVersion: number;
  readonly stream: string;
  readonly partitions: readonly string[];
  readonly createdAtMs: number;
  /** By ordinal. */
  readonly sequences: readonly {
    readonly state: 'open' | 'ended' | 'published' | 'discarded';
    readonly final: boolean;
    readonly starts: Positions;
    readonly ends: Positions | null;
  }[];
  readonly tasks: readonly {
    readonly replica: number;
    readonly state: 'RUNNING' | 'SUCCESS' | 'FAILED';
    readonly attempts: number;
    readonly error: string | null;
    readonly positions: Positions | null;
  }[];
};

export type StreamFacts =
  | {
      readonly kind: 'ok';
      readonly identity: string;
      readonly partitions: readonly string[];
      readonly earliest: Positions;
      readonly latest: Positions;
    }
  | { readonly kind: 'failed'; readonly error: ObservedError };

export type Facts = {
  readonly atMs: number;
  readonly version: number;
  readonly desired: DesiredState;
  /** Of the newest spec; for a tombstone those of the spec before it, so that positions can still be told. */
  readonly settings: Settings | null;
  readonly commitSeq: string;
  readonly timeline: string;
  readonly halted: string | null;
  readonly stream: StreamFacts;
  readonly partitions: readonly PartitionFact[];
  /** Every generation with an unpublished, undiscarded sequence. */
  readonly generations: readonly GenerationFact[];
  /** Group id to the newest generation ever created. */
  readonly newestGenerations: Readonly<Record<string, number>>;
  readonly lastPublishAtMs: number | null;
};

const textLimit = 160;
const troubleLimit = 5;

export function summarize(facts: Facts): Seen {
  const stream = facts.settings?.stream ?? null;
  const rows = facts.partitions.filter((row) => row.stream === stream);
  const readable = rows.filter((row) => row.nextPosition !== null && row.state === 'open');
  const wanted =
    facts.settings && facts.desired !== 'terminated'
      ? groupsOf(
          readable.map((row) => row.partition),
          facts.settings.taskCount,
        )
      : new Map<number, readonly string[]>();
  const seeded = new Set(
    rows.filter((row) => row.nextPosition !== null || row.state !== 'open').map((row) => row.partition),
  );
  const current = currentPositions(rows, facts.generations, stream);
  const groupIds = new Set([...wanted.keys(), ...facts.generations.map((generation) => generation.groupId)]);
  const latest = facts.stream.kind === 'ok' ? facts.stream.latest : {};
  const groups = [...groupIds]
    .sort((left, right) => left - right)
    .map((groupId) => groupOfFacts(groupId, wanted.get(groupId) ?? [], facts, current, latest));
  return {
    kind: 'seen',
    atMs: facts.atMs,
    version: facts.version,
    desired: facts.desired,
    settings: facts.settings,
    commitSeq: facts.commitSeq,
    timeline: facts.timeline,
    halted: facts.halted,
    stream:
      facts.stream.kind === 'ok' ? { kind: 'ok', partitions: facts.stream.partitions.length } : facts.stream,
    unseeded:
      facts.stream.kind === 'ok'
        ? facts.stream.partitions.filter((partition) => !seeded.has(partition)).length
        : 0,
    firstDiscovery: seeded.size === 0,
    groups,
    troubles: facts.desired === 'terminated' ? [] : troublesOf(facts, rows),
    lag: sum(groups.map((group) => group.lag)),
    lastPublishAtMs: facts.lastPublishAtMs,
  };
}

/** How far each partition has been read: by a running task, else where the next one will start. */
export function currentPositions(
  rows: readonly PartitionFact[],
  generations: readonly GenerationFact[],
  stream: string | null,
): ReadonlyMap<string, Position> {
  const current = new Map<string, Position>();
  const raise = (partition: string, position: Position) => {
    const before = current.get(partition);
    current.set(partition, before ? maxPosition(before, position) : position);
  };
  for (const row of rows) if (row.nextPosition !== null) raise(row.partition, row.nextPosition);
  for (const generation of generations) {
    if (generation.stream !== stream) continue;
    for (const partition of generation.partitions) {
      const position = readUpTo(generation, partition);
      if (position) raise(partition, position);
    }
  }
  return current;
}

/** The furthest replica's position, or the start of the first unpublished sequence. */
function readUpTo(generation: GenerationFact, partition: string): Position | null {
  const start = unpublishedOf(generation)[0]?.starts[partition] ?? null;
  return generation.tasks.reduce<Position | null>((furthest, task) => {
    const position = task.state === 'RUNNING' ? task.positions?.[partition] : undefined;
    return position && (!furthest || comparePositions(position, furthest) > 0) ? position : furthest;
  }, start);
}

function unpublishedOf(generation: GenerationFact): GenerationFact['sequences'] {
  return generation.sequences.filter((sequence) => sequence.state === 'open' || sequence.state === 'ended');
}

function phaseOf(generation: GenerationFact): ObservedGeneration['phase'] {
  return generation.sequences.some((sequence) => sequence.state === 'open') ? 'reading' : 'publishing';
}

function groupOfFacts(
  groupId: number,
  wanted: readonly string[],
  facts: Facts,
  current: ReadonlyMap<string, Position>,
  latest: Positions,
): ObservedGroup {
  const own = facts.generations.filter((generation) => generation.groupId === groupId);
  const stream = facts.settings?.stream;
  const holders = facts.generations.filter(
    (generation) =>
      generation.stream === stream && generation.partitions.some((partition) => wanted.includes(partition)),
  );
  return {
    groupId,
    partitions: wanted.length,
    newestGeneration: facts.newestGenerations[String(groupId)] ?? 0,
    seeded: wanted.length > 0,
    heldByReading: holders.some((generation) => phaseOf(generation) === 'reading'),
    unpublished: holders.length,
    live: own
      .map((generation) => ({
        generation: generation.generation,
        specVersion: generation.specVersion,
        phase: phaseOf(generation),
        matchesWanted: generation.stream === stream && sameMembers(generation.partitions, wanted),
        createdAtMs: generation.createdAtMs,
        tasks: tasksText(generation),
      }))
      .sort((left, right) => left.generation - right.generation),
    positions: positionsText(wanted, current),
    lag: sum(
      wanted.map((partition) => {
        const [from, to] = [current.get(partition), latest[partition]];
        return from && to ? Math.max(0, distance(from, to) ?? 0) : null;
      }),
    ),
  };
}

function sameMembers(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((member) => right.includes(member));
}

function tasksText(generation: GenerationFact): string {
  const running = generation.tasks.filter((task) => task.state === 'RUNNING');
  const waiting = running.filter((task) => task.attempts === 0).length;
  const failed = generation.tasks.filter((task) => task.state === 'FAILED').length;
  const parts = [`${running.length - waiting} running`];
  if (waiting > 0) parts.push(`${waiting} waiting for a slot`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(', ');
}

function positionsText(partitions: readonly string[], current: ReadonlyMap<string, Position>): string {
  let text = '';
  for (const [index, partition] of partitions.entries()) {
    const entry = `${partition}:${current.get(partition) ?? '?'}`;
    if (text.length + entry.length > textLimit) return `${text} and ${partitions.length - index} more`;
    text += text ? ` ${entry}` : entry;
  }
  return text;
}

/** Unknown parts make the sum unknown: an unknown lag is no sample (design 9). */
function sum(parts: readonly (number | null)[]): number | null {
  return parts.reduce<number | null>(
    (total, part) => (total === null || part === null ? null : total + part),
    0,
  );
}

const resetRemedy =
  'restore the stream, or reset the supervisor (resetting is not supported yet: terminate it and post it under a new id)';

function troublesOf(facts: Facts, rows: readonly PartitionFact[]): readonly Trouble[] {
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
