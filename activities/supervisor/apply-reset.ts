/**
 * `reset` and `resetOffsets`: decided from one look at the rows and the stream, done in one SQL call (protocol.md 5).
 *
 * The command's id is the reset's id: a repeat finds what was done and answers the same. A dry run is the same call,
 * undone by Postgres.
 */
import type { Json } from '../../domain/json.ts';
import { resetOutcome } from '../../domain/supervisor/reset-outcome.ts';
import { readResetOffsetsOrder, readResetOrder } from '../../domain/supervisor/reset-order.ts';
import type { ResetInput, ResetOffsetsInput } from '../../domain/supervisor/reset-order.ts';
import { planInstant, planOffsets } from '../../domain/supervisor/reset-offsets-plan.ts';
import { planFullReset } from '../../domain/supervisor/reset-plan.ts';
import type { ResetAnswer, ResetPlan, ResetTarget } from '../../domain/supervisor/reset-plan.ts';
import { fullReset, partialReset, readReset, rehearseReset } from '../../storage/resets.ts';
import type { FullResetOrder, PartialResetOrder, ResetOutcome } from '../../storage/resets.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { ApplyCommandInput, ApplyCommandResult } from './contract.ts';
import { settleReset } from './reset-aftermath.ts';
import { positionsAt, readGround } from './reset-view.ts';
import type { ResetGround } from './reset-view.ts';

type Wanted =
  | { readonly kind: 'full'; readonly dryRun: boolean }
  | { readonly kind: 'offsets'; readonly order: ResetOffsetsInput; readonly dryRun: boolean };

export async function applyReset(deps: ControlDeps, input: ApplyCommandInput): Promise<ApplyCommandResult> {
  const wanted = wantedOf(input);
  if (typeof wanted === 'string') return refused(wanted);
  const { supervisorId, commandId } = input;
  const done = await readReset(deps.pool, { supervisorId, resetId: commandId });
  if (done !== null)
    return finish(deps, input, { answer: done, what: whatOf(wanted), remarks: [], dryRun: false });
  const ground = await readGround(deps, supervisorId);
  if (ground === null)
    return refused(`supervisor ${supervisorId} is terminated; post its spec again, then reset it`);
  const plan = await planOf(deps, wanted, ground);
  if (plan.kind === 'refused') return refused(plan.why);
  const outcome = await carryOut(deps, input, { wanted, ground, targets: plan.targets });
  if (outcome.kind !== 'reset')
    return refused(`nothing was changed: ${outcome.detail}; look and order again`);
  return finish(deps, input, {
    answer: outcome,
    what: whatOf(wanted),
    remarks: plan.remarks,
    dryRun: wanted.dryRun,
  });
}

/** The workflow has read it already; histories of other versions may hold what this one would refuse. */
function wantedOf({ verb, input }: ApplyCommandInput): Wanted | string {
  const reading = verb === 'reset' ? readResetOrder(input ?? {}) : readResetOffsetsOrder(input ?? {});
  if (reading.kind === 'invalid') return `${verb}: ${reading.message}`;
  if (verb === 'reset') return { kind: 'full', dryRun: (reading.input as ResetInput).dryRun };
  const order = reading.input as ResetOffsetsInput;
  return { kind: 'offsets', order, dryRun: order.dryRun };
}

async function planOf(deps: ControlDeps, wanted: Wanted, ground: ResetGround): Promise<ResetPlan> {
  if (wanted.kind === 'full') return planFullReset(ground.view);
  const { order } = wanted;
  if (order.type === 'kafka') return planOffsets(order, ground.view);
  return planInstant(order, ground.view, await positionsAt(deps, ground, order));
}

async function carryOut(
  deps: ControlDeps,
  input: ApplyCommandInput,
  what: { readonly wanted: Wanted; readonly ground: ResetGround; readonly targets: readonly ResetTarget[] },
): Promise<ResetOutcome> {
  const { wanted, ground, targets } = what;
  const { stream } = ground.view;
  const base = {
    supervisorId: input.supervisorId,
    resetId: input.commandId,
    why: whatOf(wanted),
    by: input.by,
  };
  if (wanted.kind === 'full') {
    const order: FullResetOrder = { ...base, positions: targets.map((target) => ({ ...target, stream })) };
    return wanted.dryRun ? rehearseReset(deps.pool, { of: 'full', order }) : fullReset(deps.pool, order);
  }
  const order: PartialResetOrder = { ...base, stream, positions: targets };
  return wanted.dryRun ? rehearseReset(deps.pool, { of: 'partial', order }) : partialReset(deps.pool, order);
}

async function finish(
  deps: ControlDeps,
  input: ApplyCommandInput,
  result: {
    readonly answer: ResetAnswer;
    readonly what: string;
    readonly remarks: readonly string[];
    readonly dryRun: boolean;
  },
): Promise<ApplyCommandResult> {
  const { answer, dryRun } = result;
  const outcome = resetOutcome(answer, result);
  if (!dryRun)
    await settleReset(deps, {
      supervisorId: input.supervisorId,
      resetId: input.commandId,
      by: input.by,
      summary: outcome.summary,
      answer,
    });
  return { kind: 'done', outcome };
}

function whatOf(wanted: Wanted): string {
  if (wanted.kind === 'full') return 'full reset';
  return wanted.order.type === 'kafka'
    ? 'reset to offsets'
    : `reset to ${new Date(wanted.order.timestamp).toISOString()}`;
}

function refused(summary: string, more: { readonly [key: string]: Json } = {}): ApplyCommandResult {
  return { kind: 'refused', outcome: { summary, ...more } };
}
