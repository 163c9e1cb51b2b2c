/** What a reset did, told once: a line for it, and one for what it skipped. It never fails the reset. */
import { rangesText, skippedOf } from '../../domain/supervisor/reset-outcome.ts';
import type { ResetAnswer } from '../../domain/supervisor/reset-plan.ts';
import { tellStory } from '../../storage/stories.ts';
import type { ControlDeps } from '../control-deps.ts';

export async function tellReset(
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
    deps.log('warn', 'the story of a reset was not written', { supervisorId, error: String(error) });
  }
}
