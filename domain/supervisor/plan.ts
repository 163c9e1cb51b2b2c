/**
 * What a supervisor does next: from what it knows, what it sees and the time to an ordered list of actions.
 *
 * Pure, and the same in the workflow and in `watch`, which waits until this list is no longer empty. The order is
 * Druid's (druid.md 4.3): what runs first (a hand-off needs its receiver), then hand-offs, then what is to be created. No action is
 * repeated without a pause: hand-offs and refusals back off, failures hold everything back (`notBeforeMs`).
 */
import type {
  ObservedGeneration,
  ObservedGroup,
  Observation,
  ScaleWish,
  Seen,
  Trouble,
} from './observation.ts';
import type { GenerationRef, Known } from './state.ts';
import { sameGeneration } from './state.ts';

export type Action =
  | { readonly kind: 'halt'; readonly why: string }
  | {
      readonly kind: 'handOff';
      readonly groupId: number;
      readonly generation: number;
      readonly why: string;
    }
  | { readonly kind: 'ensureChild'; readonly groupId: number; readonly generation: number }
  /** Another number of groups: a new spec version. */
  | ({ readonly kind: 'scale' } & ScaleWish)
  /** Positions whose records are gone are set to the earliest there are, with declared gaps. */
  | { readonly kind: 'resetLost' }
  | { readonly kind: 'seedPartitions' }
  | {
      readonly kind: 'createGenerations';
      readonly groups: readonly { readonly groupId: number; readonly expectedGeneration: number }[];
    }
  | { readonly kind: 'complete' };

/** Beyond this reading of a group waits, and the status says why (design 6). */
export const unpublishedLimit = 3;

const handOffAgainMs = 60_000;
const handOffAgainMostMs = 15 * 60_000;

export function plan(known: Known, observation: Observation, nowMs: number): readonly Action[] {
  if (observation.kind === 'blind' || nowMs < known.notBeforeMs) return [];
  const hasLive = observation.groups.some((group) => group.live.length > 0);
  const restored = observation.halted ? null : timeTravel(known, observation);
  if (restored) return [{ kind: 'halt', why: restored }];
  // What was read is not published any more: its groups end as discarded, to be read again once it is accepted.
  if (observation.halted && hasLive) return [{ kind: 'halt', why: observation.halted }];
  if (observation.desired === 'terminated' && !hasLive) return [{ kind: 'complete' }];
  const changes = changesOfGround(observation);
  if (changes.length > 0) return [...children(known, observation), ...changes];
  return [
    ...children(known, observation),
    ...handOffs(known, observation, nowMs),
    ...seeding(observation),
    ...creations(known, observation, nowMs),
  ];
}

/** What makes this look out of date: nothing else is decided on it but who works for what is there. */
function changesOfGround(seen: Seen): readonly Action[] {
  if (seen.desired !== 'running' || seen.halted !== null) return [];
  if (seen.settings?.resetsLost === true && seen.troubles.some((trouble) => trouble.isLost === true))
    return [{ kind: 'resetLost' }];
  return seen.scale ? [{ kind: 'scale', ...seen.scale }] : [];
}

/** When `plan` may answer otherwise for the same observation, beside the next period: the end of a pause. */
export function nextPauseEnd(known: Known, nowMs: number): number | null {
  const ends = [known.notBeforeMs, ...known.blocked.map((block) => block.untilMs)].filter((at) => at > nowMs);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** protocol.md 7: the commit sequence of one timeline never falls; if it did, Postgres was restored. */
export function timeTravel(known: Known, seen: Seen): string | null {
  if (known.timeline === null || known.timeline !== seen.timeline) return null;
  if (BigInt(seen.commitSeq) >= BigInt(known.commitSeq)) return null;
  return `Postgres went back in time: commit ${known.commitSeq} was seen before, now the newest is ${seen.commitSeq}`;
}

/** Why a generation that reads should stop, or null. */
export function reasonToFinish(
  known: Known,
  seen: Seen,
  group: ObservedGroup,
  generation: ObservedGeneration,
): string | null {
  if (seen.desired === 'terminated') return 'the supervisor is being terminated';
  if (seen.desired === 'suspended') return 'the supervisor is suspended';
  if (generation.specVersion < (seen.handOffBelow ?? seen.version))
    return `spec version ${seen.version} replaces ${generation.specVersion}`;
  if (!generation.matchesWanted) return 'partitions were added to this group or moved to another';
  if (generation.isInTheWay === true)
    return `spec version ${seen.version} spreads the partitions otherwise, and another group of it waits for some of these`;
  const isLost = (trouble: Trouble) => trouble.publishFirst === true && trouble.groupId === group.groupId;
  if (seen.settings?.resetsLost === true && seen.troubles.some(isLost))
    return 'records it was to read next are gone: what it has read is published first';
  const wanted = known.handOffWanted.find((entry) => entry.groupId === group.groupId);
  return wanted && (wanted.generation ?? 0) >= generation.generation ? wanted.why : null;
}

function handOffs(known: Known, seen: Seen, nowMs: number): readonly Action[] {
  const readers = eachLive(seen).filter(({ generation }) => generation.phase === 'reading');
  const overdue = overdueStops(known, seen, readers, nowMs);
  return readers.flatMap(({ group, generation }) => {
    const ref = { groupId: group.groupId, generation: generation.generation };
    const why = reasonToFinish(known, seen, group, generation) ?? overdueReason(overdue, ref);
    return why && !wasAsked(known, ref, nowMs) ? [{ kind: 'handOff' as const, ...ref, why }] : [];
  });
}

type Reader = { readonly group: ObservedGroup; readonly generation: ObservedGeneration };

/** A group that stops by its own clock is given this long before it is told. */
const ownClockGraceMs = 60_000;

/**
 * Groups whose taskDuration is over, oldest first, as many as may be stopping or publishing at once; those told for
 * other reasons count, for whoever is told is stopping (druid.md 4.10).
 */
function overdueStops(
  known: Known,
  seen: Seen,
  readers: readonly Reader[],
  nowMs: number,
): readonly GenerationRef[] {
  if (!seen.settings || seen.desired !== 'running') return [];
  const { taskCount } = seen.settings;
  const limit = seen.settings.stopLimit ?? taskCount;
  const graceMs = limit < taskCount ? 0 : ownClockGraceMs;
  const refOf = ({ group, generation }: Reader) => ({
    groupId: group.groupId,
    generation: generation.generation,
  });
  const isStopping = (reader: Reader) =>
    reasonToFinish(known, seen, reader.group, reader.generation) !== null ||
    known.handOffs.some((entry) => sameGeneration(entry, refOf(reader)));
  const stopping = readers.filter(isStopping).length;
  const publishing = seen.groups.filter((group) =>
    group.live.some((generation) => generation.phase === 'publishing'),
  ).length;
  const due = readers
    .filter((reader) => !isStopping(reader) && isOver(reader.generation, nowMs - graceMs))
    .sort((left, right) => (left.generation.dueAtMs ?? 0) - (right.generation.dueAtMs ?? 0));
  // Those told before are told again when their word may have been lost.
  const told = readers.filter((reader) => isStopping(reader) && isOver(reader.generation, nowMs - graceMs));
  return [...told, ...due.slice(0, Math.max(0, limit - stopping - publishing))].map(refOf);
}

function isOver(generation: ObservedGeneration, nowMs: number): boolean {
  return generation.dueAtMs !== undefined && generation.dueAtMs !== null && generation.dueAtMs <= nowMs;
}

function overdueReason(overdue: readonly GenerationRef[], ref: GenerationRef): string | null {
  return overdue.some((entry) => sameGeneration(entry, ref)) ? 'taskDuration is over' : null;
}

/** Asked a short while ago: the signal is durable, so it is only repeated in case its receiver was replaced. */
function wasAsked(known: Known, ref: GenerationRef, nowMs: number): boolean {
  const asked = known.handOffs.find((entry) => sameGeneration(entry, ref));
  if (!asked) return false;
  const pause = Math.min(handOffAgainMostMs, handOffAgainMs * 2 ** Math.min(asked.times - 1, 10));
  return nowMs < asked.atMs + pause;
}

function children(known: Known, seen: Seen): readonly Action[] {
  return eachLive(seen).flatMap(({ group, generation }) => {
    const ref = { groupId: group.groupId, generation: generation.generation };
    return known.children.some((child) => sameGeneration(child, ref))
      ? []
      : [{ kind: 'ensureChild' as const, ...ref }];
  });
}

function seeding(seen: Seen): readonly Action[] {
  return mayCreate(seen) && seen.unseeded > 0 ? [{ kind: 'seedPartitions' }] : [];
}

function creations(known: Known, seen: Seen, nowMs: number): readonly Action[] {
  if (!mayCreate(seen) || known.idle?.isIdle === true) return [];
  const groups = seen.groups
    .filter((group) => waitsFor(known, seen, group, nowMs) === null)
    .map((group) => ({ groupId: group.groupId, expectedGeneration: group.newestGeneration }));
  return groups.length === 0 ? [] : [{ kind: 'createGenerations', groups }];
}

function mayCreate(seen: Seen): boolean {
  return (
    seen.desired === 'running' &&
    seen.settings !== null &&
    seen.halted === null &&
    seen.stream.kind === 'ok' &&
    !seen.troubles.some((trouble) => trouble.groupId === null)
  );
}

/** Why the group's next generation cannot be created now, for the plan and for people; null: it can. */
export function waitsFor(known: Known, seen: Seen, group: ObservedGroup, nowMs: number): string | null {
  if (group.partitions === 0) return 'it has no partition';
  if (group.isRead === true) return 'everything up to its end is read';
  if (group.heldByReading) return 'its partitions are being read';
  if (group.unpublished >= unpublishedLimit)
    return `${group.unpublished} generations are read and not yet published, at most ${unpublishedLimit} may be`;
  const trouble = seen.troubles.find((entry) => entry.groupId === group.groupId);
  if (trouble) return trouble.message;
  const block = known.blocked.find((entry) => entry.groupId === group.groupId && entry.untilMs > nowMs);
  return block ? block.why : null;
}

function eachLive(seen: Seen): { group: ObservedGroup; generation: ObservedGeneration }[] {
  return seen.groups.flatMap((group) => group.live.map((generation) => ({ group, generation })));
}
