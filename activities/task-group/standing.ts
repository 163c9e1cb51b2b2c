/** How a generation stands, read from its sequences. */
import type { GenerationKey } from '../../domain/ids.ts';
import { readGeneration } from '../../storage/generations.ts';
import type { GenerationRow, SequenceRow } from '../../storage/generations.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { GroupStanding } from './contract.ts';

type Settled = { readonly kind: 'published' } | { readonly kind: 'discarded'; readonly why: string };

/** Null while one of its sequences can still be published. */
export function settledAs(row: GenerationRow): Settled | null {
  if (unpublished(row).length > 0) return null;
  const discarded = row.sequences.find((sequence) => sequence.state === 'discarded');
  return discarded ? { kind: 'discarded', why: discarded.discardWhy ?? 'discarded' } : { kind: 'published' };
}

/** In the order in which they are published. */
export function unpublished(row: GenerationRow): readonly SequenceRow[] {
  return row.sequences.filter((sequence) => sequence.state === 'open' || sequence.state === 'ended');
}

export async function groupStanding(
  deps: ControlDeps,
  { key }: { readonly key: GenerationKey },
): Promise<GroupStanding> {
  const row = await readGeneration(deps.pool, key);
  if (!row) return { kind: 'discarded', why: 'Postgres does not know it' };
  const settled = settledAs(row);
  if (settled) return settled;
  return {
    kind: 'waiting',
    predecessorUnpublished: hasForeignPredecessor(row),
    started: row.tasks.some((task) => task.attempts > 0),
  };
}

/** Predecessors of its first unpublished sequence are of older generations; later ones wait for that first one. */
function hasForeignPredecessor(row: GenerationRow): boolean {
  return (unpublished(row)[0]?.predecessorIds.length ?? 0) > 0;
}
