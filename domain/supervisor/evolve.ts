/**
 * How what happened changes what a supervisor knows. Total: every event has an answer in every state, even if it is
 * "nothing", which is the same object again.
 */
import { unreachable } from '../assert.ts';
import { ownNotice, processedLimit } from './commands.ts';
import type { SupervisorEvent } from './events.ts';
import { finishRun, taskEnded } from './health.ts';
import type { Health, SteadyState } from './health.ts';
import { withCreated, withReport } from './foresee.ts';
import { watchIdle } from './idle.ts';
import { errorsOf, overruledBy } from './observation.ts';
import type { ObservedGroup, Observation, Seen } from './observation.ts';
import type { GenerationRef, InboxItem, Known, SupervisorState, WatchLearned } from './state.ts';
import { sameGeneration } from './state.ts';

const firstRetryMs = 1_000;
const mostRetryMs = 60_000;
/** A refused generation is asked for again after this; what refused it ends by itself or shows in the next look. */
const blockedMs = 5_000;
const paceWindowMs = 10_000;
const runsPerPace = 20;
const pacePauseMs = 5_000;

export function evolve(state: SupervisorState, event: SupervisorEvent): SupervisorState {
  switch (event.kind) {
    case 'looked':
      return looked(withKnown(state, fromWatch(state.known, event.learned)), event.observation, event.health);
    case 'inboxTaken':
      return inboxTaken(state, event.items);
    case 'partitionsSeeded':
      return withKnown(state, { everSeeded: state.known.everSeeded || event.partitions > 0 });
    case 'generationCreated':
      return {
        ...withKnown(state, { blocked: without(state.known.blocked, event.groupId) }),
        observation: withCreated(state.observation, event),
        counters: { ...state.counters, generationsCreated: state.counters.generationsCreated + 1 },
      };
    case 'generationRefused': {
      const { groupId, why, atMs } = event;
      const rest = without(state.known.blocked, groupId);
      return withKnown(state, { blocked: [...rest, { groupId, why, untilMs: atMs + blockedMs }] });
    }
    case 'childEnsured':
      return withKnown(state, { children: [...drop(state.known.children, event), refOf(event)] });
    case 'childGone':
      return withKnown(state, { children: drop(state.known.children, event) });
    case 'handOffAsked': {
      const before = state.known.handOffs.find((entry) => sameGeneration(entry, event));
      const entry = { ...refOf(event), atMs: event.atMs, times: (before?.times ?? 0) + 1 };
      return withKnown(state, { handOffs: [...drop(state.known.handOffs, event), entry] });
    }
    case 'runFinished':
      return runFinished(state, event);
    default:
      return unreachable(event);
  }
}

/** What it is when nothing is wrong. */
export function steadyOf(known: Known, observation: Observation | null = null): SteadyState {
  if (known.desired === 'suspended') return 'SUSPENDED';
  if (observation?.kind === 'seen' && observation.isComplete === true) return 'COMPLETED';
  return known.idle?.isIdle === true ? 'IDLE' : 'RUNNING';
}

function looked(
  state: SupervisorState,
  observation: Extract<SupervisorEvent, { kind: 'looked' }>['observation'],
  watched: Health,
): SupervisorState {
  // Reports may have been counted since that look began: task counters are the workflow's own.
  const { successTasks, failedTasks } = state.health;
  const next = { ...state, observation, health: { ...watched, successTasks, failedTasks } };
  return observation.kind === 'blind' ? next : { ...next, known: learned(state.known, observation) };
}

/** A pause that an order has ended since stays ended; only the start delay, begun in the first look, goes on. */
function fromWatch(known: Known, watched: WatchLearned | undefined): Partial<Known> {
  if (watched === undefined) return {};
  const { commitSeq, timeline, settings, idle } = watched;
  const isFirst = known.timeline === null;
  const notBeforeMs = isFirst ? watched.notBeforeMs : known.notBeforeMs;
  return { commitSeq, timeline, settings, notBeforeMs, ...(idle === undefined ? {} : { idle }) };
}

/** Takes over what was seen and forgets what concerns generations that are gone. */
export function learned(known: Known, seen: Seen): Known {
  const isLive = (ref: GenerationRef) => isLiveIn(seen.groups, ref);
  const isFirst = known.settings === null && seen.settings !== null && known.timeline === null;
  const sameTimeline = known.timeline === seen.timeline;
  const fell = sameTimeline && BigInt(seen.commitSeq) < BigInt(known.commitSeq);
  return {
    ...known,
    specVersion: seen.version,
    desired: seen.desired,
    settings: seen.settings ?? known.settings,
    // A fall is remembered, not learned: it is what stops publishing.
    commitSeq: fell ? known.commitSeq : seen.commitSeq,
    timeline: seen.timeline,
    everSeeded: known.everSeeded || !seen.firstDiscovery,
    handOffs: known.handOffs.filter(isLive),
    handOffWanted: known.handOffWanted.flatMap((entry) => stillWanted(entry, seen.groups)),
    blocked: known.blocked.filter((block) => block.untilMs > seen.atMs),
    children: known.children.filter(isLive),
    idle: watchIdle(known.idle, seen),
    notBeforeMs:
      isFirst && seen.settings
        ? Math.max(known.notBeforeMs, seen.atMs + seen.settings.startDelayMs)
        : known.notBeforeMs,
  };
}

/** Bound to the generation that reads now; dropped once that one has stopped reading. */
function stillWanted(
  entry: Known['handOffWanted'][number],
  groups: readonly ObservedGroup[],
): Known['handOffWanted'] {
  const group = groups.find((found) => found.groupId === entry.groupId);
  const reading = group?.live.filter((live) => live.phase === 'reading').at(-1)?.generation;
  if (reading === undefined) return [];
  const generation = entry.generation ?? reading;
  return generation >= reading ? [{ ...entry, generation }] : [];
}

function isLiveIn(groups: readonly ObservedGroup[], ref: GenerationRef): boolean {
  return groups.some(
    (group) => group.groupId === ref.groupId && group.live.some((live) => live.generation === ref.generation),
  );
}

function inboxTaken(state: SupervisorState, items: readonly InboxItem[]): SupervisorState {
  const taken = new Set(items);
  const rest = { ...state, inbox: state.inbox.filter((item) => !taken.has(item)) };
  return items.reduce(oneTaken, rest);
}

function oneTaken(state: SupervisorState, item: InboxItem): SupervisorState {
  if (item.kind === 'report') return reported(state, item);
  const processed = [...state.processed.filter((id) => id !== item.commandId), item.commandId];
  const next = {
    ...state,
    processed: processed.slice(-processedLimit),
    counters: { ...state.counters, commands: state.counters.commands + 1 },
  };
  if (item.refusal || item.by === ownNotice) return next;
  // An order ends every pause: somebody waits for its effect.
  const woken = { ...next, known: { ...next.known, failures: 0, notBeforeMs: 0 } };
  if (item.verb === 'handoffTaskGroups') return withKnown(woken, { handOffWanted: wantedBy(woken, item) });
  return item.reconcile ? withKnown(woken, { children: [] }) : woken;
}

function wantedBy(
  state: SupervisorState,
  item: Extract<InboxItem, { kind: 'command' }>,
): Known['handOffWanted'] {
  const groupIds = item.input['taskGroupIds'] as readonly number[];
  const others = state.known.handOffWanted.filter((entry) => !groupIds.includes(entry.groupId));
  const why = `handed off by ${item.by}`;
  const wanted = groupIds.map((groupId) => ({ groupId, generation: null, why }));
  return [...others, ...wanted];
}

function reported(state: SupervisorState, item: Extract<InboxItem, { kind: 'report' }>): SupervisorState {
  const { counters } = state;
  const next = {
    ...state,
    observation: withReport(state.observation, item),
    counters: { ...counters, reports: counters.reports + 1 },
  };
  switch (item.report) {
    case 'readingFinished':
      return next;
    case 'done':
      return {
        ...next,
        health: taskEnded(state.health, 'succeeded'),
        lastPublish: { groupId: item.groupId, generation: item.generation, atMs: item.atMs },
        counters: { ...next.counters, generationsPublished: counters.generationsPublished + 1 },
      };
    case 'discarded':
      return {
        ...next,
        counters: { ...next.counters, generationsDiscarded: counters.generationsDiscarded + 1 },
      };
    case 'taskFailed':
      return {
        ...next,
        health: item.counted ? taskEnded(state.health, 'failed') : state.health,
        counters: { ...next.counters, tasksFailed: counters.tasksFailed + 1 },
      };
    default:
      return unreachable(item.report);
  }
}

function runFinished(
  state: SupervisorState,
  event: Extract<SupervisorEvent, { kind: 'runFinished' }>,
): SupervisorState {
  const { known, observation } = state;
  const { atMs, errors } = event;
  const failures = errors.length > 0 ? Math.min(known.failures + 1, 20) : 0;
  const backOff = failures > 0 ? Math.min(mostRetryMs, firstRetryMs * 2 ** (failures - 1)) : 0;
  const pace = paced(known.pace, atMs);
  const pause = Math.max(backOff, pace.runs >= runsPerPace ? pacePauseMs : 0);
  const failed = observation !== null && errorsOf(observation).length > 0;
  const health = finishRun(state.health, { errors, failed, steady: steadyOf(known, observation), atMs });
  const overruled = observation === null || known.desired === 'terminated' ? null : overruledBy(observation);
  return {
    ...withKnown(state, { failures, pace, notBeforeMs: pause > 0 ? atMs + pause : known.notBeforeMs }),
    health: overruled === null ? health : { ...health, detailed: overruled },
    counters: { ...state.counters, runs: state.counters.runs + 1 },
  };
}

/** Whatever goes wrong, runs cannot chase each other: so many within ten seconds are followed by a pause. */
function paced(pace: Known['pace'], atMs: number): Known['pace'] {
  return atMs - pace.sinceMs > paceWindowMs ? { runs: 1, sinceMs: atMs } : { ...pace, runs: pace.runs + 1 };
}

/** Whether a report asks for a look now; else the running `watch` is left alone (each one costs history). */
export function needsLook(state: SupervisorState, item: InboxItem): boolean {
  if (item.kind === 'command') return true;
  return !state.status.healthy || item.report !== 'done';
}

function withKnown(state: SupervisorState, change: Partial<Known>): SupervisorState {
  return { ...state, known: { ...state.known, ...change } };
}

function without(blocked: Known['blocked'], groupId: number): Known['blocked'] {
  return blocked.filter((block) => block.groupId !== groupId);
}

function drop<T extends GenerationRef>(list: readonly T[], ref: GenerationRef): readonly T[] {
  return list.filter((entry) => !sameGeneration(entry, ref));
}

function refOf({ groupId, generation }: GenerationRef): GenerationRef {
  return { groupId, generation };
}
