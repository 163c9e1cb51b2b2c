/** The long poll of a group that has read to its ends and may not publish before the one it reads on from. */
import { Context } from '@temporalio/activity';
import { readGeneration } from '../../storage/generations.ts';
import { heartbeating } from '../attend.ts';
import { Bell } from '../bell.ts';
import type { ControlDeps } from '../control-deps.ts';
import { settledAs } from './standing.ts';
import type { AwaitPredecessorInput } from './contract.ts';

const pollMs = 5_000;
const limitMs = 15 * 60_000;

export async function awaitPredecessor(
  deps: ControlDeps,
  { key, sequenceId }: AwaitPredecessorInput,
): Promise<{ readonly kind: 'published' | 'discarded' | 'waiting' }> {
  const bell = await Bell.listen(deps.notifications, 'headgate_supervisor', key.supervisorId);
  const { cancellationSignal } = Context.current();
  const until = deps.now() + limitMs;
  try {
    return await heartbeating(async (progress) => {
      for (;;) {
        progress();
        const rings = bell.rings;
        const row = await readGeneration(deps.pool, key);
        if (!row || settledAs(row)?.kind === 'discarded') return { kind: 'discarded' };
        const waits = row.sequences.some((sequence) => sequence.predecessorIds.includes(sequenceId));
        if (!waits) return { kind: 'published' };
        if (deps.now() >= until) return { kind: 'waiting' };
        await bell.wait(rings, pollMs, cancellationSignal);
      }
    });
  } finally {
    bell.close();
  }
}
