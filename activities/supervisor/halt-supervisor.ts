/**
 * Stops publishing for one supervisor until an operator accepts it (protocol.md 7): nothing commits any more, and what
 * is under way ends as discarded, to be read again from the stored positions. Safe to repeat.
 */
import { liveGenerations } from '../../storage/generations.ts';
import { discardSequence } from '../../storage/publish.ts';
import { haltSupervisor as storeHalt } from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import { unpublished } from '../task-group/standing.ts';
import type { HaltInput } from './contract.ts';

export async function haltSupervisor(deps: ControlDeps, { supervisorId, why }: HaltInput): Promise<void> {
  // The first reason stays; a supervisor halted for another one keeps that.
  await storeHalt(deps.pool, { supervisorId, code: 'METADATA_TIME_TRAVEL', why });
  deps.log('error', 'publishing is stopped', { supervisorId, why });
  for (const generation of await liveGenerations(deps.pool, supervisorId)) {
    const first = unpublished(generation)[0];
    if (first) await discardSequence(deps.pool, { sequenceId: first.sequenceId, why: 'restore' });
  }
}
