/**
 * From rows and offsets to an observation: grouping, what is live, what is wrong. Pure; `observe` collects the facts.
 *
 * Positions must have been read from Postgres before the stream was asked for its ends: then a position beyond the
 * end cannot be an artefact of the order of the two reads.
 */
import type { Position, Positions } from '../positions.ts';
import { comparePositions, distance, maxPosition } from '../positions.ts';
import { firstStart, readUpTo } from './facts.ts';
import type { Facts, GenerationFact, PartitionFact } from './facts.ts';
import type { ObservedGeneration, ObservedGroup, Seen } from './observation.ts';
import { troublesOf } from './troubles.ts';
import { wantedGroups } from './wanted.ts';

const textLimit = 160;
const errorLimit = 500;
/** Of all errors of a look together: the server takes 2 MiB, and what is larger would never arrive. */
const errorsLimit = 200_000;

export function summarize(facts: Facts): Seen {
  const { settings, bounded } = facts;
  const stream = settings?.stream ?? null;
  const rows = facts.partitions.filter((row) => row.stream === stream);
  const wanted = facts.desired === 'terminated' ? noGroups : wantedBy(facts, settings?.taskCount ?? null);
  const seeded = new Set(
    rows.filter((row) => row.nextPosition !== null || row.state !== 'open').map((row) => row.partition),
  );
  const current = currentPositions(rows, facts.generations, stream);
  const groupIds = new Set([...wanted.keys(), ...facts.generations.map((generation) => generation.groupId)]);
  const latest = facts.stream.kind === 'ok' ? facts.stream.latest : {};
  const groups = [...groupIds]
    .sort((left, right) => left - right)
    .map((groupId) => groupOfFacts(groupId, wanted, facts, current, latest));
  const toSeed = bounded ? Object.keys(bounded.starts) : streamPartitions(facts);
  const unseeded = facts.stream.kind === 'ok' ? toSeed.filter((name) => !seeded.has(name)).length : 0;
  return {
    kind: 'seen',
    atMs: facts.atMs,
    version: facts.version,
    handOffBelow: facts.handOffBelow ?? facts.version,
    desired: facts.desired,
    settings,
    commitSeq: facts.commitSeq,
    timeline: facts.timeline,
    halted: facts.halted,
    stream:
      facts.stream.kind === 'ok' ? { kind: 'ok', partitions: facts.stream.partitions.length } : facts.stream,
    unseeded,
    firstDiscovery: seeded.size === 0,
    groups,
    troubles: facts.desired === 'terminated' ? [] : troublesOf(facts, rows),
    lag: sum(groups.map((group) => group.lag)),
    lastPublishAtMs: facts.lastPublishAtMs,
    ...(bounded ? { isComplete: unseeded === 0 && isComplete(facts, rows, bounded.ends) } : {}),
    ...(facts.stream.kind === 'ok' ? { latestTotal: totalOf(latest) } : {}),
    ...(facts.scale ? { scale: facts.scale } : {}),
  };
}

const noGroups: ReadonlyMap<number, readonly string[]> = new Map();

/** The partitions of each group if they were spread over so many groups. */
function wantedBy(facts: Facts, taskCount: number | null): ReadonlyMap<number, readonly string[]> {
  const stream = facts.settings?.stream;
  if (stream === undefined || taskCount === null) return noGroups;
  return wantedGroups(facts.partitions, { stream, taskCount, ends: facts.bounded?.ends ?? null });
}

function streamPartitions(facts: Facts): readonly string[] {
  return facts.stream.kind === 'ok' ? facts.stream.partitions : [];
}

/** Everything of the range is published, and nobody works on it any more. */
function isComplete(facts: Facts, rows: readonly PartitionFact[], ends: Positions): boolean {
  const next = new Map(rows.map((row) => [row.partition, row.nextPosition]));
  return (
    facts.generations.length === 0 &&
    Object.entries(ends).every(([name, end]) => reaches(next.get(name), end))
  );
}

function reaches(position: Position | null | undefined, end: Position): boolean {
  return position !== null && position !== undefined && comparePositions(position, end) >= 0;
}

function totalOf(latest: Positions): string {
  return Object.values(latest)
    .reduce((total, position) => total + BigInt(position), 0n)
    .toString();
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

function phaseOf(generation: GenerationFact): ObservedGeneration['phase'] {
  return generation.sequences.some((sequence) => sequence.state === 'open') ? 'reading' : 'publishing';
}

function groupOfFacts(
  groupId: number,
  groups: ReadonlyMap<number, readonly string[]>,
  facts: Facts,
  current: ReadonlyMap<string, Position>,
  latest: Positions,
): ObservedGroup {
  const wanted = groups.get(groupId) ?? [];
  const own = facts.generations.filter((generation) => generation.groupId === groupId);
  const holders = holdersOf(facts, wanted);
  const ends = facts.bounded?.ends;
  return {
    groupId,
    partitions: wanted.length,
    newestGeneration: facts.newestGenerations[String(groupId)] ?? 0,
    seeded: wanted.length > 0,
    heldByReading: holders.some((generation) => phaseOf(generation) === 'reading'),
    ...(ends ? { isRead: wanted.every((name) => reaches(plannedEnd(facts, name), ends[name]!)) } : {}),
    unpublished: Math.max(own.length, longestChain(holders, wanted)),
    live: own
      .map((generation) => observed(generation, groups, facts))
      .sort((left, right) => left.generation - right.generation),
    positions: positionsText(wanted, current),
    lag: sum(
      wanted.map((partition) => {
        const [from, to] = [current.get(partition), nearer(latest[partition], ends?.[partition])];
        return from && to ? Math.max(0, distance(from, to) ?? 0) : null;
      }),
    ),
  };
}

/** Of a bounded range only what lies before its end is behind. */
function nearer(latest: Position | undefined, end: Position | undefined): Position | undefined {
  if (latest === undefined || end === undefined) return latest;
  return comparePositions(latest, end) < 0 ? latest : end;
}

function holdersOf(facts: Facts, partitions: readonly string[]): readonly GenerationFact[] {
  const stream = facts.settings?.stream;
  return facts.generations.filter(
    (generation) =>
      generation.stream === stream &&
      generation.partitions.some((partition) => partitions.includes(partition)),
  );
}

/** Of one partition, as Postgres counts them: old groups that hold one partition each wait side by side, not in a row. */
function longestChain(holders: readonly GenerationFact[], partitions: readonly string[]): number {
  const chains = new Map<string, number>(partitions.map((partition) => [partition, 0]));
  for (const held of holders.flatMap((generation) => generation.partitions)) {
    const before = chains.get(held);
    if (before !== undefined) chains.set(held, before + 1);
  }
  return [...chains.values()].reduce((longest, chain) => Math.max(longest, chain), 0);
}

function observed(
  generation: GenerationFact,
  groups: ReadonlyMap<number, readonly string[]>,
  facts: Facts,
): ObservedGeneration {
  // A version that waits for the rollover spreads partitions otherwise: that alone is no reason to stop.
  const { taskCount } = generation;
  const own =
    taskCount === undefined || taskCount === facts.settings?.taskCount ? groups : wantedBy(facts, taskCount);
  const isReading = phaseOf(generation) === 'reading';
  return {
    generation: generation.generation,
    specVersion: generation.specVersion,
    phase: isReading ? 'reading' : 'publishing',
    matchesWanted:
      generation.stream === facts.settings?.stream &&
      sameMembers(generation.partitions, own.get(generation.groupId) ?? []),
    createdAtMs: generation.createdAtMs,
    tasks: tasksText(generation),
    ...(isReading && isInTheWay(generation, groups, facts) ? { isInTheWay: true } : {}),
    ...(isReading ? { dueAtMs: dueAt(generation, facts) } : {}),
    ...stuckIn(generation, errorLimitOf(facts)),
    ...lastErrorOf(generation, errorLimitOf(facts)),
  };
}

/** A group of the newest version has partitions nobody reads, and waits for others that this old one holds. */
function isInTheWay(
  generation: GenerationFact,
  groups: ReadonlyMap<number, readonly string[]>,
  facts: Facts,
): boolean {
  if (generation.specVersion >= facts.version) return false;
  const held = new Set(
    facts.generations.filter((other) => phaseOf(other) === 'reading').flatMap((other) => other.partitions),
  );
  return [...groups.values()].some(
    (wanted) =>
      wanted.some((partition) => !held.has(partition)) &&
      wanted.some((partition) => generation.partitions.includes(partition)),
  );
}

/** Null until a task runs: taskDuration counts from there. */
function dueAt(generation: GenerationFact, facts: Facts): number | null {
  const startedAtMs = firstStart(generation.tasks);
  if (startedAtMs === null || facts.settings === null) return null;
  return startedAtMs + (generation.taskDurationMs ?? facts.settings.taskDurationMs);
}

/** Where the next generation of whoever reads it will start. */
function plannedEnd(facts: Facts, partition: string): Position | null {
  const row = facts.partitions.find(
    (entry) => entry.stream === facts.settings?.stream && entry.partition === partition,
  );
  return facts.generations
    .filter(
      (generation) => generation.stream === facts.settings?.stream && phaseOf(generation) === 'publishing',
    )
    .flatMap((generation) => generation.sequences.map((sequence) => sequence.ends?.[partition]))
    .reduce<Position | null>(
      (furthest, end) => (end ? (furthest ? maxPosition(furthest, end) : end) : furthest),
      row?.nextPosition ?? null,
    );
}

const fruitlessLimit = 3;

/** Each generation may tell two. */
function errorLimitOf({ generations }: Facts): number {
  return Math.min(errorLimit, Math.floor(errorsLimit / 2 / Math.max(1, generations.length)));
}

/** A single lost attempt is nothing; several in a row that get nowhere are a task that will never get anywhere. */
function stuckIn(generation: GenerationFact, limit: number): { readonly stuck?: string } {
  const task = generation.tasks.find(
    ({ state, fruitlessAttempts }) => state === 'RUNNING' && (fruitlessAttempts ?? 0) >= fruitlessLimit,
  );
  if (!task) return {};
  const why = task.lastFailure ?? 'their workers were lost';
  return {
    stuck: `${task.fruitlessAttempts} attempts of replica ${task.replica} got nowhere: ${why}`.slice(
      0,
      limit,
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

/** Tasks come by replica, and of each the oldest first. */
function lastErrorOf(generation: GenerationFact, limit: number): { readonly lastError?: string } {
  const last = generation.tasks.findLast((task) => task.state === 'FAILED' && task.error !== null)?.error;
  return last === undefined || last === null ? {} : { lastError: last.slice(0, limit) };
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
