/**
 * What follows a reset: it is told, a line for it and one for what it skipped, and the autoscaler forgets the lag it saw,
 * which was that of other positions. Safe to repeat, and it never fails the reset.
 */
import { rangesText, skippedOf } from '../../domain/supervisor/reset-outcome.ts';
import type { ResetAnswer } from '../../domain/supervisor/reset-plan.ts';
import { clearLagWindow } from '../../storage/autoscalers.ts';
import { tellStory } from '../../storage/stories.ts';
import type { ControlDeps } from '../control-deps.ts';

export async function settleReset(
  deps: ControlDeps,
  reset: {
    readonly supervisorId: string;
    readonly resetId: string;
    readonly by: string;
    readonly summary: string;
    readonly answer: ResetAnswer;
  },
): Promise<void> {
  const { supervisorId, resetId, by, summary, answer } = reset;
  const skipped = skippedOf(answer);
  const first = skipped[0];
  try {
    await clearLagWindow(deps.pool, supervisorId);
    await tellStory(deps.pool, {
      supervisorId,
      kind: 'reset',
      text: `${by}: ${summary}.`,
      details: {
        by,
        discardedSequences: answer.sequenceIds.length,
        ...(answer.backfillSupervisorId === null
          ? {}
          : { backfillSupervisorId: answer.backfillSupervisorId }),
      },
      key: `reset:${resetId}`,
    });
    if (first === undefined) return;
    await tellStory(deps.pool, {
      supervisorId,
      kind: 'gap',
      text:
        answer.backfillSupervisorId === null
          ? `Not read and never in the data: ${rangesText(skipped)}.`
          : `Left to supervisor ${answer.backfillSupervisorId}: ${rangesText(skipped)}.`,
      details: { ...first, partitions: skipped.length },
      key: `gap:${resetId}`,
    });
  } catch (error) {
    deps.log('warn', 'what follows a reset was not done: its story, the lag window of the autoscaler', {
      supervisorId,
      error: String(error),
    });
  }
}
