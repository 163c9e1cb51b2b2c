/**
 * The long poll that keeps a steady supervisor out of its history: looks every period, and at once when Postgres says
 * that something changed; writes the status and the stream's positions; comes back only when the pure plan would act
 * or what people see has changed, and after a quarter of an hour at the latest.
 */
import { Context } from '@temporalio/activity';
import { shortStory } from '../../domain/explain/short-story.ts';
import { statusOf } from '../../domain/supervisor/describe.ts';
import { takeLook } from '../../domain/supervisor/look.ts';
import { nextPauseEnd } from '../../domain/supervisor/plan.ts';
import type { Known, WatchLearned } from '../../domain/supervisor/state.ts';
import type { Position } from '../../domain/positions.ts';
import type { Facts } from '../../domain/supervisor/facts.ts';
import type { ObservedGroup, Observation } from '../../domain/supervisor/observation.ts';
import { readStory } from '../../storage/stories.ts';
import { heartbeating, longPollBeatMs } from '../attend.ts';
import { Bell } from '../bell.ts';
import { Chronicle } from './chronicle.ts';
import type { ControlDeps } from '../control-deps.ts';
import { MirrorCommits } from './mirror.ts';
import { AutoscalerEye } from './autoscaler-eye.ts';
import { observe } from './observe.ts';
import { beginWatch } from './one-watch.ts';
import type { WatchTurn } from './one-watch.ts';
import type { Sight } from './observe.ts';
import { StreamEye } from './stream-eye.ts';
import { reportLook, reportStatus } from './stream-reporter.ts';
import type { WatchInput, WatchResult } from './contract.ts';

/** Before the first look nothing is known of the spec. */
const firstPeriodMs = 5_000;
/** For the page in the Temporal UI; `explain` has the rest. */
const storyLines = 12;
const storyLength = 1_500;
/** A burst of notices is one look. */
const leastPauseMs = 250;

export async function watch(deps: ControlDeps, input: WatchInput): Promise<WatchResult> {
  const { supervisorId } = input;
  const eye = new StreamEye(deps.openSource);
  const bell = await Bell.listen(deps.notifications, 'headgate_supervisor', supervisorId);
  const chronicle = new Chronicle(deps, supervisorId);
  const mirror = new MirrorCommits(deps);
  const turn = beginWatch(supervisorId, Context.current().cancellationSignal);
  try {
    await reportStatus(deps, supervisorId, input.status);
    await chronicle.noteStatus(input.status);
    const autoscaler = await AutoscalerEye.open(deps, supervisorId);
    const tools = { eye, bell, chronicle, autoscaler, mirror, signal: turn.signal };
    return await heartbeating(
      (progress) => untilHeard(turn, () => lookAndWait(deps, input, { ...tools, progress })),
      { everyMs: longPollBeatMs },
    );
  } finally {
    turn.leave();
    bell.close();
    mirror.close();
    await eye.close();
  }
}

/** One that is overtaken does nothing more; what it was given up for reaches it with a heartbeat. */
async function untilHeard(turn: WatchTurn, look: () => Promise<WatchResult>): Promise<WatchResult> {
  try {
    return await look();
  } catch (error) {
    if (turn.isOvertaken()) await Context.current().cancelled;
    throw error;
  }
}

async function lookAndWait(
  deps: ControlDeps,
  input: WatchInput,
  tools: {
    readonly eye: StreamEye;
    readonly bell: Bell;
    readonly chronicle: Chronicle;
    readonly autoscaler: AutoscalerEye;
    readonly mirror: MirrorCommits;
    readonly signal: AbortSignal;
    readonly progress: () => void;
  },
): Promise<WatchResult> {
  const { supervisorId } = input;
  const { eye, bell, chronicle, autoscaler, mirror, signal, progress } = tools;
  const untilMs = deps.now() + deps.watchLimitMs;
  let { known, health } = input;
  for (let looks = 1; ; looks++) {
    progress();
    const rings = bell.rings;
    const sight = await observe(deps, eye, supervisorId);
    const observation = await withScaling(autoscaler, sight, known);
    const look = takeLook(known, health, observation);
    ({ known, health } = look);
    signal.throwIfAborted();
    const status = look.isNews ? null : statusOf(known, health, observation, observation.atMs);
    await reportLook(deps, eye, { supervisorId, facts: sight.facts, status });
    await chronicle.noteTroubles(observation);
    if (look.isNews || deps.now() >= untilMs)
      return {
        observation: await withStory(deps, supervisorId, observation),
        health,
        learned: learnedBy(known),
        looks,
      };
    if (sight.facts && sight.spec) await mirror.commit(sight.spec, publishedPositions(sight.facts));
    const nowMs = deps.now();
    const nextMs = (autoscaler.nextAtMs(nowMs) ?? untilMs) - nowMs;
    const limitMs = Math.min(pauseMs(known, nowMs), nextMs, untilMs - nowMs);
    await pauseBetween(deps, bell, { rings, limitMs, signal });
  }
}

/** What was seen, and with it what the autoscaler makes of it. */
async function withScaling(
  autoscaler: AutoscalerEye,
  { observation, facts, spec }: Sight,
  known: Known,
): Promise<Observation> {
  if (observation.kind !== 'seen' || facts === null || spec === null) return observation;
  const scale = await autoscaler.look({
    observation,
    facts,
    spec,
    nowMs: observation.atMs,
    idle: known.idle?.isIdle === true,
    rollover: observation.groups.some(isRollingOver),
  });
  return scale === null ? observation : { ...observation, scale };
}

/** The newest lines of the story, for the page in the Temporal UI: it is drawn anew only when the workflow goes on. */
async function withStory(
  deps: ControlDeps,
  supervisorId: string,
  observation: Observation,
): Promise<Observation> {
  if (observation.kind !== 'seen') return observation;
  try {
    const lines = await readStory(deps.pool, supervisorId, { limit: storyLines });
    return { ...observation, story: shortStory(lines, observation.atMs, storyLength) };
  } catch {
    return observation;
  }
}

/** One generation has stopped reading and the next one does not read yet. */
function isRollingOver(group: ObservedGroup): boolean {
  const isPublishing = group.live.some((generation) => generation.phase === 'publishing');
  return group.partitions > 0 && !group.heldByReading && isPublishing;
}

function publishedPositions({ partitions, settings }: Facts): ReadonlyMap<string, Position> {
  return new Map(
    partitions.flatMap(({ stream, partition, nextPosition }): [string, Position][] =>
      stream === settings?.stream && nextPosition !== null ? [[partition, nextPosition]] : [],
    ),
  );
}

function learnedBy({ commitSeq, timeline, settings, notBeforeMs, idle }: Known): WatchLearned {
  return { commitSeq, timeline, settings, notBeforeMs, idle };
}

async function pauseBetween(
  deps: ControlDeps,
  bell: Bell,
  { rings, limitMs, signal }: { rings: number; limitMs: number; signal: AbortSignal },
): Promise<void> {
  const began = deps.now();
  await bell.wait(rings, Math.max(leastPauseMs, limitMs), signal);
  const rest = leastPauseMs - (deps.now() - began);
  if (rest > 0) await bell.wait(bell.rings, rest, signal);
}

function pauseMs(known: Known, nowMs: number): number {
  const period = known.settings?.periodMs ?? firstPeriodMs;
  const pauseEnd = nextPauseEnd(known, nowMs);
  return pauseEnd === null ? period : Math.min(period, pauseEnd - nowMs);
}
