/**
 * From rows and offsets to an observation: grouping, what is live, what is wrong. Pure; `observe` collects the facts.
 *
 * Positions must have been read from Postgres before the stream was asked for its ends: then a position beyond the
 * end cannot be an artefact of the order of the two reads.
 */
import type { Position, Positions } from '../positions.ts';
import { distance, maxPosition } from '../positions.ts';
import { readUpTo } from './facts.ts';
import type { Facts, GenerationFact, PartitionFact } from './facts.ts';
import { groupsOf } from './grouping.ts';
import type { ObservedGeneration, ObservedGroup, Seen } from './observation.ts';
import { troublesOf } from './troubles.ts';

const textLimit = 160;
const errorLimit = 500;

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
        ...lastErrorOf(generation),
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

/** Tasks come by replica, and of each the oldest first. */
function lastErrorOf(generation: GenerationFact): { readonly lastError?: string } {
  const last = generation.tasks.findLast((task) => task.state === 'FAILED' && task.error !== null)?.error;
  return last === undefined || last === null ? {} : { lastError: last.slice(0, errorLimit) };
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
