/**
 * A fence answered. Why it did decides how the attempt ends: the generation may be published, discarded, or simply in
 * other hands.
 */
import { readGeneration } from '../../storage/generations.ts';
import { leaseLost } from './attempt.ts';
import type { Attempt } from './attempt.ts';

export async function reportLeaseLost(attempt: Attempt, by: 'term' | 'lease'): Promise<void> {
  const generation = await attempt.persistently('reading the generation', () =>
    readGeneration(attempt.deps.pool, attempt.key),
  );
  if (generation?.state === 'published') attempt.end({ kind: 'result', result: { kind: 'published' } });
  else if (generation?.state === 'discarded') {
    const why = generation.sequences.findLast(({ state }) => state === 'discarded')?.discardWhy ?? '';
    attempt.end({ kind: 'result', result: { kind: 'discarded', why } });
  } else attempt.fail(leaseLost(attempt.input.taskId, by));
}
