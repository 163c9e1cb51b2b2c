/**
 * One attempt from lease to ending (protocol.md 3.1 to 3.3): take the task over, go on from the newest checkpoint, read,
 * persist, obey, publish.
 *
 * Nothing is read before the lease is taken, and everything to read comes with it. The loops share one `Attempt`; whatever
 * ends it first decides.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generationLabel } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import type { IngestInput, IngestResult } from '../../workflows/contract.ts';
import { acquire } from './acquire.ts';
import type { Acquired } from './acquire.ts';
import { Attempt, leaseLost } from './attempt.ts';
import { HandOverStory, noteFailure, noteGivingWay } from './attempt-story.ts';
import { Bell } from './bell.ts';
import { Checkpointer } from './checkpointer.ts';
import { requestCheckpoints } from './checkpoint-request.ts';
import { conclude } from './conclude.ts';
import { obeyControl } from './control-loop.ts';
import type { IngestDeps } from './deps.ts';
import type { ProgressReport } from './protocol.ts';
import { Pulse } from './pulse.ts';
import { publishSequences } from './publisher.ts';
import { startReading } from './start-reading.ts';

export type AttemptContext = {
  /** Tells one execution of the activity from another. */
  readonly activityRun: string;
  readonly attempt: number;
  readonly heartbeat: (details: Json) => void;
  /** Aborted by the server or the worker, with a `StopReason`. */
  readonly stop: AbortSignal;
};

export type StopReason =
  /** The worker process ends in order. */
  | { readonly kind: 'shutdown' }
  /** Cancelled, timed out, no longer known: what to throw. */
  | { readonly kind: 'cancelled'; readonly error: unknown };

export async function runAttempt(
  deps: IngestDeps,
  input: IngestInput,
  context: AttemptContext,
): Promise<IngestResult> {
  const { supervisorId, groupId, generation, taskId } = input;
  const superseded = new AbortController();
  const leave = deps.siblings.enter(
    { supervisorId, groupId, generation },
    { taskId, leave: () => superseded.abort() },
  );
  const folder = join(deps.scratch, randomUUID());
  try {
    await mkdir(folder, { recursive: true });
    const acquired = await acquire(deps, input, context);
    if (acquired.kind === 'over') return acquired.result;
    deps.failpoints.pass('F1');
    const result = await runAcquired(
      { deps, input, context, folder, superseded: superseded.signal },
      acquired,
    );
    deps.failpoints.pass('F10');
    return result;
  } finally {
    leave();
    await rm(folder, { recursive: true, force: true });
  }
}

type Frame = {
  readonly deps: IngestDeps;
  readonly input: IngestInput;
  readonly context: AttemptContext;
  readonly folder: string;
  readonly superseded: AbortSignal;
};

async function runAcquired(frame: Frame, acquired: Acquired): Promise<IngestResult> {
  const { deps, input, context, folder } = frame;
  const attempt: Attempt = new Attempt({
    deps,
    input,
    held: acquired.held,
    folder,
    openChannel: () =>
      deps.threads.open({
        onProgress: (report) => noteProgress(attempt, checkpointer, report),
        onSequenceRead: (sequenceId) => attempt.book.read(sequenceId),
        onRewound: (sequenceId) => deps.log.info({ sequenceId }, 'read beyond the ends; went back'),
        onLetters: (letters) => attempt.office?.hand(letters),
        onStreamFailed: (error) => attempt.end({ kind: 'streamFailed', error }),
        onLost: (error) => attempt.fail(error),
      }),
  });
  const pulse = new Pulse(attempt, context.heartbeat);
  const checkpointer = new Checkpointer(attempt, () => pulse.beat());
  const started = new Gate();
  const leave = enter(attempt, checkpointer, started.opened);
  const story = new HandOverStory(deps, input, acquired.previous);
  try {
    listenForStop(frame, attempt);
    void attempt.run(() => pulse.run());
    void attempt.run(() => work(attempt, acquired, { checkpointer, started, story }));
    const result = await conclude(attempt, await attempt.over, checkpointer);
    if (result.kind === 'waitingForPredecessor') await noteGivingWay(deps, acquired.held.lease);
    return result;
  } catch (error) {
    story.failed();
    await noteFailure(deps, acquired.held.lease, error);
    throw error;
  } finally {
    attempt.tearDown();
    leave();
    await deps.threads.release(attempt.channel);
    await attempt.office?.close();
    await attempt.parseReports.flush(deps.pool, input.supervisorId).catch(() => undefined);
  }
}

/** Reads before anything else can happen, then does everything at the same time. */
async function work(
  attempt: Attempt,
  acquired: Acquired,
  { checkpointer, started, story }: { checkpointer: Checkpointer; started: Gate; story: HandOverStory },
): Promise<void> {
  const from = await startReading(attempt, acquired.checkpoint);
  story.reads(from, attempt.checkpointId);
  started.open();
  await Promise.all([
    obeyControl(attempt),
    checkpointer.run(),
    requestCheckpoints(attempt),
    publishSequences(attempt),
    announceStart(attempt),
  ]);
}

function enter(attempt: Attempt, checkpointer: Checkpointer, started: Promise<void>): () => void {
  const { book, channel, deps, held, input, key, bell } = attempt;
  const detach = deps.notices.attach(key, bell, (pause) => attempt.onPause(pause));
  const leaveMemory = deps.memory.enter({
    use: () => ({ bytes: attempt.report?.bytesInMemory ?? 0, isSpilling: checkpointer.isRunning }),
    spill: () => checkpointer.want(),
    hold: (hold) => attempt.channel.hold(hold),
  });
  const leaveLive = deps.live.enter(input.taskId, { epoch: held.lease.epoch, book, channel, started });
  return () => {
    leaveLive();
    detach();
    leaveMemory();
  };
}

function noteProgress(attempt: Attempt, checkpointer: Checkpointer, report: ProgressReport): void {
  const { deps, held, input } = attempt;
  if (attempt.report === null && report.counters.records > 0) deps.failpoints.pass('F2');
  attempt.report = report;
  if (report.idle === 'full' || report.idle === 'bound') attempt.limits.ring();
  if (report.wantsSpill) checkpointer.want();
  deps.memory.changed();
  attempt.parseReports.add(report.parseReports);
  if (!held.spec.tuning.logParseExceptions) return;
  for (const problem of report.parseProblems)
    deps.log.warn({ taskId: input.taskId }, `not parsed: ${problem}`);
}

function listenForStop({ context, superseded, input }: Frame, attempt: Attempt): void {
  const stop = (): void => {
    const reason = context.stop.reason as StopReason;
    if (reason.kind === 'shutdown') attempt.end({ kind: 'shutdown' });
    else attempt.fail(reason.error);
  };
  if (context.stop.aborted) stop();
  else context.stop.addEventListener('abort', stop, { once: true });
  superseded.addEventListener('abort', () => attempt.fail(leaseLost(input.taskId, 'lease')), { once: true });
}

/** The group's taskDuration begins with the first replica that reads. Repeated until the workflow has it. */
async function announceStart(attempt: Attempt): Promise<void> {
  const { deps, held, input, key, signal } = attempt;
  const isFirst = held.generation.tasks.some(
    ({ taskId, progress }) => taskId === input.taskId && progress === null,
  );
  while (isFirst && !signal.aborted) {
    try {
      return await deps.signalGroup(key, 'replicaStarted', { replica: input.replica });
    } catch {
      deps.log.warn({ taskId: input.taskId }, `${generationLabel(key)} does not know yet that reading began`);
      await new Bell().wait(0, 2_000, signal);
    }
  }
}

/** Opens once; never, when the attempt fails before. */
class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}
