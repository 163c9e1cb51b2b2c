/**
 * The automatic reset (`tuningConfig.resetOffsetAutomatically`): partitions whose next records are gone go on at the
 * first record there is, in one partial reset, with a declared gap.
 *
 * Looks anew before it acts, and acts only on partitions that still stand where it saw them. Its id is made of what it
 * resets, so that a repeat finds what was done.
 */
import { createHash } from 'node:crypto';
import { lostPositions } from '../../domain/supervisor/lost-positions.ts';
import { resetOutcome } from '../../domain/supervisor/reset-outcome.ts';
import type { ResetTarget } from '../../domain/supervisor/reset-plan.ts';
import { liveGenerations } from '../../storage/generations.ts';
import { partialReset } from '../../storage/resets.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { ResetLostInput } from './contract.ts';
import { settleReset } from './reset-aftermath.ts';
import { readGround } from './reset-view.ts';

const by = 'resetOffsetAutomatically';

export async function resetLost(deps: ControlDeps, { supervisorId }: ResetLostInput): Promise<void> {
  const ground = await readGround(deps, supervisorId);
  if (ground?.row.desired !== 'running' || ground.row.halted !== null) return;
  if (!ground.spec.tuning.resetOffsetAutomatically) return;
  const { view } = ground;
  const live = await liveGenerations(deps.pool, supervisorId);
  const held = live.filter((entry) => entry.stream === view.stream).flatMap((entry) => entry.partitions);
  const targets = lostPositions(view, new Set(held));
  if (targets.length === 0) return;
  const resetId = idOf(supervisorId, targets);
  const outcome = await partialReset(deps.pool, {
    supervisorId,
    resetId,
    why: 'records were gone before they were read',
    by,
    stream: view.stream,
    positions: targets,
  });
  // Something moved on since the look: the next one shows what is left to do.
  if (outcome.kind !== 'reset') return;
  const what = 'records were gone before they were read';
  const { summary } = resetOutcome(outcome, { what, dryRun: false, remarks: [] });
  await settleReset(deps, { supervisorId, resetId, by, summary, answer: outcome });
}

function idOf(supervisorId: string, targets: readonly ResetTarget[]): string {
  const what = targets.map(
    ({ partition, expected }) => `${partition} ${expected?.incarnation} ${expected?.position}`,
  );
  const digest = createHash('sha256')
    .update(JSON.stringify([supervisorId, what]))
    .digest('hex');
  return `lost:${supervisorId}:${digest.slice(0, 32)}`;
}
