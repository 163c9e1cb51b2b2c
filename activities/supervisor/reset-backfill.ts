/**
 * `resetToLatestAndBackfill`: the supervisor goes on at the end of the log, and a bounded one of its own reads exactly
 * what that skips (druid.md 2.7).
 *
 * Reset and the backfill's spec are one transaction, done only from the positions that spec was written for: no record
 * is left out or read by both, whatever was published meanwhile, and there is nothing to mend after a crash. Starting
 * the backfill's workflow may be lost; housekeeping starts what should run.
 */
import { messageOf } from '../../domain/errors.ts';
import { describeProblems, parseSupervisorSpec } from '../../domain/spec/parse.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import { backfillId, backfillSpec } from '../../domain/supervisor/backfill-spec.ts';
import { readBackfillOrder } from '../../domain/supervisor/reset-order.ts';
import type { BackfillInput } from '../../domain/supervisor/reset-order.ts';
import { resetOutcome } from '../../domain/supervisor/reset-outcome.ts';
import { planBackfill } from '../../domain/supervisor/reset-plan.ts';
import type { ResetAnswer } from '../../domain/supervisor/reset-plan.ts';
import { readReset, rehearseReset, resetAndBackfill } from '../../storage/resets.ts';
import type { BackfillOrder, ResetOutcome } from '../../storage/resets.ts';
import { readSupervisor } from '../../storage/supervisors.ts';
import { supervisorWorkflowId, workflowTypes } from '../../workflows/contract.ts';
import type { SupervisorInput } from '../../workflows/contract.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { ApplyCommandInput, ApplyCommandResult } from './contract.ts';
import { settleReset } from './reset-aftermath.ts';
import { readGround } from './reset-view.ts';
import type { ResetGround } from './reset-view.ts';

/** A publish between the look and the call moves a position: look again, this often. */
const looksMax = 5;

export async function applyBackfill(
  deps: ControlDeps,
  input: ApplyCommandInput,
): Promise<ApplyCommandResult> {
  const reading = readBackfillOrder(input.input ?? {});
  if (reading.kind === 'invalid') return refused(`${input.verb}: ${reading.message}`);
  const wanted = reading.input as BackfillInput;
  const { supervisorId, commandId } = input;
  const done = await readReset(deps.pool, { supervisorId, resetId: commandId });
  const outcome = done === null ? await tryOften(deps, input, wanted) : { kind: 'reset' as const, ...done };
  if (outcome.kind !== 'reset') return outcome.kind === 'refused' ? refused(outcome.detail) : refused(busy);
  return finish(deps, input, outcome, wanted.dryRun);
}

const busy =
  'nothing was changed: positions moved on each time between the look at the log and the order; order again, or suspend it before';

async function tryOften(
  deps: ControlDeps,
  input: ApplyCommandInput,
  wanted: BackfillInput,
): Promise<ResetOutcome> {
  for (let look = 1; ; look += 1) {
    const outcome = await tryOnce(deps, input, wanted);
    if (outcome.kind !== 'moved' || look === looksMax) return outcome;
  }
}

async function tryOnce(
  deps: ControlDeps,
  input: ApplyCommandInput,
  wanted: BackfillInput,
): Promise<ResetOutcome> {
  const { supervisorId } = input;
  const ground = await readGround(deps, supervisorId);
  if (ground === null || ground.row.desired !== 'running')
    return {
      kind: 'refused',
      detail: `supervisor ${supervisorId} is ${ground?.row.desired ?? 'terminated'}, expected it to be running; ${ground ? 'resume it first' : 'post its spec again'}`,
    };
  const plan = planBackfill(ground.view);
  if (plan.kind === 'refused') return { kind: 'refused', detail: plan.why };
  if (plan.kind !== 'backfill') return { kind: 'refused', detail: 'there is nothing to backfill' };
  const id = await newId(deps, supervisorId);
  const specText = backfillSpec(ground.row.specText, {
    id,
    range: plan.range,
    taskCount: wanted.backfillTaskCount,
  });
  const parsed = parseSupervisorSpec(JSON.parse(specText));
  if (parsed.kind === 'invalid')
    return {
      kind: 'refused',
      detail: `the spec of the backfill would be refused: ${describeProblems(parsed.problems)}`,
    };
  const order = orderOf(input, ground, parsed.spec, specText, plan.targets);
  return wanted.dryRun
    ? rehearseReset(deps.pool, { of: 'backfill', order })
    : resetAndBackfill(deps.pool, order);
}

function orderOf(
  input: ApplyCommandInput,
  { view }: ResetGround,
  backfill: SupervisorSpec,
  specText: string,
  targets: BackfillOrder['positions'],
): BackfillOrder {
  const { commandId, supervisorId, by } = input;
  return {
    supervisorId,
    resetId: commandId,
    why: `moved to backfill ${backfill.id}`,
    by,
    stream: view.stream,
    positions: targets,
    backfill: {
      supervisorId: backfill.id,
      dataSource: backfill.dataSchema.dataSource,
      specText,
      by: `${by} (backfill of ${supervisorId})`,
      desired: 'running',
    },
  };
}

/** Letters may meet those of an earlier backfill: the id must be new. */
async function newId(deps: ControlDeps, supervisorId: string): Promise<string> {
  for (;;) {
    const id = backfillId(supervisorId, deps.newLetters());
    if ((await readSupervisor(deps.pool, id)) === null) return id;
  }
}

async function finish(
  deps: ControlDeps,
  input: ApplyCommandInput,
  answer: ResetAnswer,
  dryRun: boolean,
): Promise<ApplyCommandResult> {
  const { supervisorId, commandId, by } = input;
  const id = answer.backfillSupervisorId;
  const outcome = resetOutcome(answer, { what: 'reset to latest', dryRun, remarks: [] });
  if (dryRun || id === null) return { kind: 'done', outcome };
  await settleReset(deps, { supervisorId, resetId: commandId, by, summary: outcome.summary, answer });
  await start(deps, id);
  return { kind: 'done', outcome };
}

async function start(deps: ControlDeps, supervisorId: string): Promise<void> {
  const args: [SupervisorInput] = [{ kind: 'start', supervisorId, specVersion: 1, queues: deps.queues }];
  try {
    await deps.client.workflow.signalWithStart(workflowTypes.supervisor, {
      workflowId: supervisorWorkflowId(supervisorId),
      taskQueue: deps.queues.control,
      args,
      signal: 'runNotice',
      signalArgs: [{ by: 'backfill' }],
    });
  } catch (error) {
    deps.log('warn', 'a backfill is stored but was not started; housekeeping will', {
      supervisorId,
      error: messageOf(error),
    });
  }
}

function refused(summary: string): ApplyCommandResult {
  return { kind: 'refused', outcome: { summary } };
}
