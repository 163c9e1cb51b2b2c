/**
 * The long poll that keeps a steady supervisor out of its history: looks every period, and at once when Postgres says
 * that something changed; writes the status and the stream's positions; comes back only when the pure plan would act
 * or what people see has changed, and after a quarter of an hour at the latest.
 */
import { Context } from '@temporalio/activity';
import { statusOf } from '../../domain/supervisor/describe.ts';
import { takeLook } from '../../domain/supervisor/look.ts';
import { nextPauseEnd } from '../../domain/supervisor/plan.ts';
import type { Known, WatchLearned } from '../../domain/supervisor/state.ts';
import type { SupervisorStatus } from '../../domain/supervisor/status.ts';
import { currentPositions } from '../../domain/supervisor/summarize.ts';
import type { Facts } from '../../domain/supervisor/facts.ts';
import { writeStreamPositions } from '../../storage/partitions.ts';
import { writeSupervisorStatus } from '../../storage/supervisors.ts';
import { heartbeating } from '../attend.ts';
import { Bell } from '../bell.ts';
import { Chronicle } from './chronicle.ts';
import type { ControlDeps } from '../control-deps.ts';
import { observe } from './observe.ts';
import { StreamEye } from './stream-eye.ts';
import type { WatchInput, WatchResult } from './contract.ts';

/** Before the first look nothing is known of the spec. */
const firstPeriodMs = 5_000;
/** A burst of notices is one look. */
const leastPauseMs = 250;

export async function watch(deps: ControlDeps, input: WatchInput): Promise<WatchResult> {
  const { supervisorId } = input;
  const eye = new StreamEye(deps.openSource);
  const bell = await Bell.listen(deps.notifications, 'headgate_supervisor', supervisorId);
  const chronicle = new Chronicle(deps, supervisorId);
  try {
    await noteStatus(deps, supervisorId, input.status);
    await chronicle.noteStatus(input.status);
    return await heartbeating((progress) => lookAndWait(deps, input, { eye, bell, chronicle, progress }));
  } finally {
    bell.close();
    await eye.close();
  }
}

async function lookAndWait(
  deps: ControlDeps,
  input: WatchInput,
  tools: {
    readonly eye: StreamEye;
    readonly bell: Bell;
    readonly chronicle: Chronicle;
    readonly progress: () => void;
  },
): Promise<WatchResult> {
  const { supervisorId } = input;
  const { eye, bell, chronicle, progress } = tools;
  const { cancellationSignal } = Context.current();
  const untilMs = deps.now() + deps.watchLimitMs;
  let { known, health } = input;
  for (let looks = 1; ; looks++) {
    progress();
    const rings = bell.rings;
    const { observation, facts } = await observe(deps, eye, supervisorId);
    const look = takeLook(known, health, observation);
    ({ known, health } = look);
    cancellationSignal.throwIfAborted();
    if (facts) await notePositions(deps, supervisorId, facts);
    await chronicle.noteTroubles(observation);
    if (!look.isNews)
      await noteStatus(deps, supervisorId, statusOf(known, health, observation, observation.atMs));
    if (look.isNews || deps.now() >= untilMs)
      return { observation, health, learned: learnedBy(known), looks };
    await pauseBetween(deps, bell, rings, Math.min(pauseMs(known, deps.now()), untilMs - deps.now()));
  }
}

function learnedBy({ commitSeq, timeline, settings, notBeforeMs, idle }: Known): WatchLearned {
  return { commitSeq, timeline, settings, notBeforeMs, idle };
}

async function pauseBetween(deps: ControlDeps, bell: Bell, rings: number, limitMs: number): Promise<void> {
  const { cancellationSignal } = Context.current();
  const began = deps.now();
  await bell.wait(rings, Math.max(leastPauseMs, limitMs), cancellationSignal);
  const rest = leastPauseMs - (deps.now() - began);
  if (rest > 0) await bell.wait(bell.rings, rest, cancellationSignal);
}

function pauseMs(known: Known, nowMs: number): number {
  const period = known.settings?.periodMs ?? firstPeriodMs;
  const pauseEnd = nextPauseEnd(known, nowMs);
  return pauseEnd === null ? period : Math.min(period, pauseEnd - nowMs);
}

/** Status and positions are for people: when Postgres is away they wait for the next look. */
async function noteStatus(deps: ControlDeps, supervisorId: string, status: SupervisorStatus): Promise<void> {
  await writeSupervisorStatus(deps.pool, supervisorId, status).catch((error: unknown) =>
    deps.log('warn', 'the status was not written', { supervisorId, error: String(error) }),
  );
}

async function notePositions(deps: ControlDeps, supervisorId: string, facts: Facts): Promise<void> {
  const { stream, settings } = facts;
  if (stream.kind === 'failed' || !settings) return;
  const current = currentPositions(facts.partitions, facts.generations, settings.stream);
  const rows = stream.partitions.map((partition) => ({
    partition,
    earliest: stream.earliest[partition] ?? null,
    latest: stream.latest[partition] ?? null,
    current: current.get(partition) ?? null,
  }));
  await writeStreamPositions(deps.pool, supervisorId, settings.stream, rows).catch((error: unknown) =>
    deps.log('warn', 'the stream positions were not written', { supervisorId, error: String(error) }),
  );
}
